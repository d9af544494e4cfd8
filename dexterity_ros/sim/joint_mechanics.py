"""What our model of a hand says of one joint that moves while the others stand: inertia, weight, room to move."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.scene import check_hand_model, read_model

_PLACES = 33  # of the table of weights over a joint's range
_BEYOND_RAD = 0.15  # to both sides of it, because zeros are not quite known


@dataclass(frozen=True, kw_only=True)
class Nominal:
    """Parameters that the MJCF has, each (n,). damping is that of gears and motor together."""

    stiffness_nm_rad: Floats
    damping_nm_s_rad: Floats
    friction_loss_nm: Floats
    armature_kg_m2: Floats
    torque_limit_nm: Floats


@dataclass(frozen=True, kw_only=True)
class Links:
    """What joints j carry. inertia_kg_m2: (j,), about the joint, without the motor's armature.

    weight_nm: (j, places), torque that gravity asks of the joint, at angles that lie evenly from low_rad to high_rad,
    each (j,).
    """

    inertia_kg_m2: Floats
    low_rad: Floats
    high_rad: Floats
    weight_nm: Floats


class HandMechanics:
    """The MJCF of a hand alone, in air, mounted as the model is."""

    def __init__(self, hand: HandSpec) -> None:
        """Raises ConfigError when the MJCF and the HandSpec disagree."""
        self._hand = hand
        self._model = read_model(hand.mjcf_path).compile()
        check_hand_model(hand, self._model)
        self._data = mujoco.MjData(self._model)
        joints = [self._model.joint(name) for name in hand.joint_names]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        self._joint = np.array([joint.id for joint in joints])
        self._actuator = np.array([self._model.actuator(name).id for name in hand.joint_names])

    def nominal(self) -> Nominal:
        """Returns the parameters of the joints as the MJCF has them."""
        model = self._model
        return Nominal(
            stiffness_nm_rad=model.actuator_gainprm[self._actuator, 0].copy(),
            damping_nm_s_rad=model.dof_damping[self._dof] - model.actuator_biasprm[self._actuator, 2],
            friction_loss_nm=model.dof_frictionloss[self._dof].copy(),
            armature_kg_m2=model.dof_armature[self._dof].copy(),
            torque_limit_nm=model.jnt_actfrcrange[self._joint, 1].copy(),
        )

    def links(self, pose_rad: Floats, joints: Sequence[int]) -> Links:
        """Returns what each of `joints` carries while the others stand in a pose, (n,)."""
        low = self._hand.lower_rad[list(joints)] - _BEYOND_RAD
        high = self._hand.upper_rad[list(joints)] + _BEYOND_RAD
        weights, inertia = np.zeros((len(joints), _PLACES)), np.zeros(len(joints))
        for k, joint in enumerate(joints):
            poses = np.repeat(pose_rad[None], _PLACES, axis=0)
            poses[:, joint] = np.linspace(low[k], high[k], _PLACES)
            weights[k] = self.weights_nm(poses)[:, joint]
            inertia[k] = self._inertia(joint)
        return Links(inertia_kg_m2=inertia, low_rad=low, high_rad=high, weight_nm=weights)

    def weights_nm(self, poses_rad: Floats) -> Floats:
        """Returns what gravity asks of the joints in poses (p, n), (p, n)."""
        weights = np.zeros(poses_rad.shape)
        for k, pose in enumerate(poses_rad):
            self._stand(pose)
            weights[k] = self._data.qfrc_bias[self._dof]
        return weights

    def clear(self, poses_rad: Floats, *, margin_m: float) -> Bools:
        """Returns for which poses (p, n) no part comes nearer than margin_m to another that it may touch, (p,)."""
        self._model.geom_margin[:] = 0.5 * margin_m  # parts count as touching within the sum of their margins
        clear = np.zeros(len(poses_rad), dtype=bool)
        for k, pose in enumerate(poses_rad):
            self._stand(pose)
            clear[k] = self._data.ncon == 0
        return clear

    def _stand(self, pose_rad: Floats) -> None:
        self._data.qpos[self._qpos] = pose_rad
        self._data.qvel[:] = 0.0
        mujoco.mj_forward(self._model, self._data)

    def _inertia(self, joint: int) -> float:
        """Returns the inertia about a joint where it stands, the others still."""
        whole = np.zeros((self._model.nv, self._model.nv))
        mujoco.mj_fullM(self._model, self._data, whole)
        dof = self._dof[joint]
        return float(whole[dof, dof] - self._model.dof_armature[dof])
