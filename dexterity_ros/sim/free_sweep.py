"""Poses in which joints can be swept over their whole range without links touching: by the hand's own model."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.random import Generator

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec

CLEAR_M = 0.001  # links stay so far apart
UNSURE_RAD = np.deg2rad(8.0)  # joints may stand this far from where they are thought to be
_BEYOND_RAD = np.deg2rad(3.0)  # stops may lie this far outside the range of the hand's file
_INSIDE_RAD = np.deg2rad(12.0)  # what is not swept stays so far from its stops
_POSES, _COMBINATIONS, _TOGETHER = 3000, 40, 30


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A pose, (n,) rad, and the joints (by number) that can be swept from it at the same time, in any combination."""

    pose_rad: Floats
    joints: tuple[int, ...]


def plan_sweeps(hand: HandSpec, *, seed: int = 0) -> tuple[Sweep, ...]:
    """Returns sweeps that cover every joint. Raises ConfigError for a joint that is never free. seed: other poses."""
    space = _Space(hand, seed)
    left, sweeps = list(range(len(hand.joints))), []
    while left:
        sweep = space.first_for(left[0])
        for joint in left[1:]:
            sweep = space.with_one_more(sweep, joint) or sweep
        sweeps.append(sweep)
        left = [joint for joint in left if joint not in sweep.joints]
    return tuple(sweeps)


class _Space:
    """Which poses are free of contact."""

    def __init__(self, hand: HandSpec, seed: int) -> None:
        self._hand, self._rng = hand, np.random.default_rng(seed)
        self._model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
        self._model.geom_margin[:] = CLEAR_M
        self._data = mujoco.MjData(self._model)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in hand.joint_names])
        self._candidates = self._poses(self._rng, seed)

    def _poses(self, rng: Generator, seed: int) -> list[Floats]:
        """Returns poses to try, the most natural first."""
        low, high = self._hand.lower_rad + _INSIDE_RAD, self._hand.upper_rad - _INSIDE_RAD
        home = np.array(self._hand.home_pos_rad)
        flat = np.clip(np.zeros(len(home)), low, high)
        drawn = [rng.uniform(low, high) for _ in range(_POSES)]
        near = [np.where(rng.random(len(home)) < 0.5, flat, pose) for pose in drawn[: _POSES // 2]]
        return [*([flat, np.clip(home, low, high)] if seed == 0 else []), *near, *drawn]

    def first_for(self, joint: int) -> Sweep:
        """Returns the first pose in which a joint is free."""
        for pose in self._candidates:
            if self._free(pose, (joint,)):
                return Sweep(pose_rad=pose, joints=(joint,))
        name = self._hand.joint_names[joint]
        raise ConfigError(f"no pose of {self._hand.name} was found in which {name} is free over its whole range")

    def with_one_more(self, sweep: Sweep, joint: int) -> Sweep | None:
        """Returns a sweep of one joint more from the same pose, or None where it would meet something."""
        joints = (*sweep.joints, joint)
        return Sweep(pose_rad=sweep.pose_rad, joints=joints) if self._free(sweep.pose_rad, joints) else None

    def _free(self, pose: Floats, joints: tuple[int, ...]) -> bool:
        """Returns whether nothing touches, wherever these joints are in their range and the others near the pose."""
        which = list(joints)
        low, high = self._hand.lower_rad[which] - _BEYOND_RAD, self._hand.upper_rad[which] + _BEYOND_RAD
        together = np.repeat(np.linspace(0.0, 1.0, _TOGETHER)[:, None], len(which), axis=1)
        for share in (*together, *self._rng.random((_COMBINATIONS, len(which)))):
            tried = pose + self._rng.uniform(-UNSURE_RAD, UNSURE_RAD, len(pose))
            tried[which] = low + share * (high - low)
            if self._touches(tried):
                return False
        return True

    def _touches(self, pose: Floats) -> bool:
        self._data.qpos[self._qpos] = pose
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_collision(self._model, self._data)
        return bool(self._data.ncon)
