"""Many copies of a scene stepped at once on several threads."""

from typing import Any

import mujoco
import numpy as np
from mujoco import rollout
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.ranges import Range
from dexterity_ros.sim.scene import FULL_STATE, Scene

THREADS = Range(1, 1024, "the largest machines")
_WITH_FORCES = int(mujoco.mjtState.mjSTATE_CTRL) | int(mujoco.mjtState.mjSTATE_QFRC_APPLIED)


class BatchPhysics:
    """Steps N independent simulations; state is (N, nstate) in MuJoCo's full-physics layout: time, qpos, qvel.

    Positions are read from the state, never from sensors: sensors lag one substep.
    """

    def __init__(self, scene: Scene, models: list[mujoco.MjModel], *, threads: int) -> None:
        """`models` has one entry per simulation (entries may repeat); all have the layout of `scene`."""
        self._models = models
        self._pool = rollout.Rollout(nthread=threads)
        self._data = [mujoco.MjData(scene.model) for _ in range(threads)]
        self.state_size = mujoco.mj_stateSize(scene.model, FULL_STATE)
        nq, nv = scene.model.nq, scene.model.nv
        self._joint_pos = 1 + scene.joint_qpos
        self._joint_vel = 1 + nq + scene.joint_qvel
        self._object_pos = 1 + scene.object_qpos[:3]
        self._object_quat = 1 + scene.object_qpos[3:]
        self._object_vel = 1 + nq + scene.object_qvel
        self._tips = scene.tip_sensors
        self._nv, self._object_qvel = nv, scene.object_qvel
        self._object_body = scene.object_body
        self.replace_models(models)
        assert self.state_size == 1 + nq + nv, "the scene has state besides time, qpos and qvel"

    @property
    def count(self) -> int:
        """Number of simulations."""
        return len(self._models)

    def replace_models(self, models: list[mujoco.MjModel]) -> None:
        """Goes on with other models of the same layout, one per simulation."""
        assert len(models) == len(self._models)
        self._models = models
        self.object_mass = np.array([model.body_mass[self._object_body] for model in models])

    def advance(
        self, state: Floats, control: Floats, push: Floats | None = None, which: NDArray[np.int64] | None = None
    ) -> tuple[Floats, Floats]:
        """Returns (states, sensors) after every substep: (N, substeps, nstate), (N, substeps, nsensor).

        Args:
            state: (N, nstate).
            control: targets in rad for every substep, (N, substeps, n).
            push: forces at the object in N, hand frame, (N, 3).
            which: only these simulations; N is their number then.
        """
        models = self._models if which is None else [self._models[i] for i in which]
        if push is None:
            return tuple(self._pool.rollout(models, self._data, state, control))  # type: ignore[return-value]
        applied = np.zeros((*control.shape[:2], self._nv))
        applied[:, :, self._object_qvel[:3]] = push[:, None, :]
        both = np.concatenate([control, applied], axis=-1)
        return tuple(self._pool.rollout(models, self._data, state, both, control_spec=_WITH_FORCES))  # type: ignore[return-value]

    def begun_anew(self, state: Floats, states: Floats) -> Bools:
        """Returns which simulations MuJoCo found unstable and reset on the way, (N,): their time did not go on.

        state, states: what `advance` took, and what it returned. Source: MuJoCo's documentation, mjtDisableBit,
        autoreset: a state that is not finite or too large is replaced by the model's first one, at time 0.
        """
        timestep_s = self._models[0].opt.timestep
        gone_on = state[:, 0] + (states.shape[1] - 0.5) * timestep_s
        return states[:, -1, 0] < gone_on

    def compose(
        self,
        *,
        joint_pos_rad: Floats,
        object_pos_m: Floats,
        object_quat_wxyz: Floats,
        joint_vel_rad_s: Floats | None = None,
        object_lin_vel_m_s: Floats | None = None,
    ) -> Floats:
        """Returns states with the given joints (N, n) and object pose (N, 3), (N, 4); at rest without speeds."""
        state = np.zeros((joint_pos_rad.shape[0], self.state_size))
        state[:, self._joint_pos] = joint_pos_rad
        state[:, self._object_pos] = object_pos_m
        state[:, self._object_quat] = object_quat_wxyz
        if joint_vel_rad_s is not None:
            state[:, self._joint_vel] = joint_vel_rad_s
        if object_lin_vel_m_s is not None:
            state[:, self._object_vel[:3]] = object_lin_vel_m_s
        return state

    def placed(
        self,
        state: Floats,
        *,
        joint_pos_rad: Floats,
        joint_vel_rad_s: Floats,
        object_pos_m: Floats,
        object_quat_wxyz: Floats,
    ) -> Floats:
        """Returns states (N, nstate) with other joints and another pose of the object, which keeps its velocity."""
        result = state.copy()
        result[:, self._joint_pos], result[:, self._joint_vel] = joint_pos_rad, joint_vel_rad_s
        result[:, self._object_pos], result[:, self._object_quat] = object_pos_m, object_quat_wxyz
        return result

    def joint_pos(self, state: Floats) -> Floats:
        """Returns joint positions in rad, (..., n)."""
        return np.take(state, self._joint_pos, axis=-1)

    def joint_vel(self, state: Floats) -> Floats:
        """Returns joint velocities in rad/s, (..., n)."""
        return np.take(state, self._joint_vel, axis=-1)

    def object_pos(self, state: Floats) -> Floats:
        """Returns the object's position in the hand frame, m, (..., 3)."""
        return np.take(state, self._object_pos, axis=-1)

    def object_quat(self, state: Floats) -> Floats:
        """Returns the object's rotation in the hand frame, (..., 4)."""
        return np.take(state, self._object_quat, axis=-1)

    def object_vel(self, state: Floats) -> Floats:
        """Returns linear (hand frame, m/s) and angular (object frame, rad/s) velocity, (..., 6)."""
        return np.take(state, self._object_vel, axis=-1)

    def fingertips(self, sensors: Floats) -> Floats:
        """Returns fingertip positions in the hand frame one substep ago, m, (..., tips, 3)."""
        tips: Any = sensors[..., self._tips]
        return tips

    def close(self) -> None:
        """Stops the threads."""
        self._pool.close()
