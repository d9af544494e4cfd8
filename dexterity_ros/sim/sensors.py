"""What a simulated hand and pose estimator would report: the truth with noise and delay."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.samples import GoalSample, JointSample, ObservationInputs, PoseSample
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.randomisation import SampleNoise

Floats = NDArray[np.float64]


class SimulatedSensors:
    """Samples of N simulations with noise and delay; acts on samples, never on observations."""

    def __init__(
        self, physics: BatchPhysics, noise: SampleNoise, *, timestep_s: float, rng: np.random.Generator
    ) -> None:
        self._physics, self._noise, self._rng = physics, noise, rng
        self._timestep_ns = round(timestep_s * 1e9)

    def action_delay(self) -> NDArray[np.int64]:
        """Returns after how many substeps a new target begins to act, (N,)."""
        return self._rng.integers(0, self._noise.action_delay_substeps + 1, size=self._physics.count)

    def sample(self, recent: Floats, stamp_ns: NDArray[np.int64], goal_quat_wxyz: Floats) -> ObservationInputs:
        """Returns what is seen now.

        Args:
            recent: states after each of the last substeps, (N, substeps, nstate).
            stamp_ns: time of the last of them, (N,).
            goal_quat_wxyz: (N, 4).
        """
        noise, rng, n = self._noise, self._rng, self._physics.count
        now = recent[:, -1]
        joint_pos = self._physics.joint_pos(now)
        delay = rng.integers(0, noise.pose_delay_substeps + 1, size=n)
        seen = recent[np.arange(n), -1 - delay]
        turn = rotvec_to_quat(noise.object_rot_rad * rng.normal(size=(n, 3)))
        return ObservationInputs(
            joints=JointSample(
                stamp_ns=stamp_ns,
                pos_rad=joint_pos + noise.joint_pos_rad * rng.normal(size=joint_pos.shape),
                vel_rad_s=self._physics.joint_vel(now) + noise.joint_vel_rad_s * rng.normal(size=joint_pos.shape),
            ),
            object_pose=PoseSample(
                stamp_ns=stamp_ns - delay * self._timestep_ns,
                pos_m=self._physics.object_pos(seen) + noise.object_pos_m * rng.normal(size=(n, 3)),
                quat_wxyz=quat_multiply(turn, self._physics.object_quat(seen)),
            ),
            goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=goal_quat_wxyz),
        )


def delayed_control(old_rad: Floats, new_rad: Floats, delay: NDArray[np.int64], substeps: int) -> Floats:
    """Returns the targets of every substep, (N, substeps, n): the old ones for `delay` substeps, then the new ones."""
    late = np.arange(substeps)[None, :, None] < delay[:, None, None]
    return np.where(late, old_rad[:, None, :], new_rad[:, None, :])


def choose(mask: NDArray[np.bool_], chosen: Any, other: Any) -> Any:
    """Returns a tree of batched dataclasses with `chosen` where mask (N,) holds and `other` elsewhere."""
    if is_dataclass(chosen) and not isinstance(chosen, type):
        values = {f.name: choose(mask, getattr(chosen, f.name), getattr(other, f.name)) for f in fields(chosen)}
        return type(chosen)(**values)
    return np.where(mask.reshape(mask.shape + (1,) * (chosen.ndim - 1)), chosen, other)
