"""A picture of the twin: how the hand should look before and after one joint has moved, what moves in orange."""

from pathlib import Path

import cv2
import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.picture import EYE_M, FOCAL, LOOKED_AT_M, Caster, backdrop

_SIZE = (420, 360)
_MOVING_RGBA = (0.93, 0.48, 0.11, 1.0)


class Twin:
    """Draws one hand without an object, from where a person looks at it."""

    def __init__(self, hand: HandSpec) -> None:
        self._hand = hand
        self._eye = np.array(hand.grasp_centre_m) + EYE_M
        self._at = np.array(hand.grasp_centre_m) + LOOKED_AT_M

    def motion(self, joint: str, by_rad: float, file: Path) -> Path:
        """Writes the home pose beside the one in which a joint has moved by so much. Returns the file."""
        home = np.array(self._hand.home_pos_rad)
        index = self._hand.joint_names.index(joint)
        after = home + by_rad * (np.arange(len(home)) == index)
        return self._write([home, after], joint, file)

    def pose(self, pose_rad: Floats, file: Path) -> Path:
        """Writes one pose, (n,) rad. Returns the file."""
        return self._write([pose_rad], None, file)

    def _write(self, poses: list[Floats], joint: str | None, file: Path) -> Path:
        model = mujoco.MjModel.from_xml_path(str(self._hand.mjcf_path))
        data = mujoco.MjData(model)
        if joint is not None:
            _paint(model, joint)
        caster = Caster(model, self._eye, self._at, _SIZE, FOCAL)
        qpos = np.array([model.joint(name).qposadr[0] for name in self._hand.joint_names])
        shots = []
        for pose in poses:
            data.qpos[qpos] = pose
            shots.append(caster.over(backdrop(*_SIZE), data))
        picture = np.clip(np.rint(np.concatenate(shots, axis=1)), 0, 255).astype(np.uint8)
        cv2.imwrite(str(file), picture[..., ::-1])
        return file


def _paint(model: mujoco.MjModel, joint: str) -> None:
    """Paints what a joint moves."""
    first = int(model.joint(joint).bodyid[0])
    moved = {first}
    for body in range(first + 1, model.nbody):
        if int(model.body_parentid[body]) in moved:
            moved.add(body)
    parts = np.isin(model.geom_bodyid, list(moved))
    model.geom_matid[parts] = -1
    model.geom_rgba[parts] = _MOVING_RGBA
