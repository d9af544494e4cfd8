"""What lies between a simulated hand and a policy: noise, delays, offsets, play in the gears, freezes, pushes.

Nothing here changes the model (sim/randomisation.py does). Sources: [Dactyl] OpenAI, arXiv 1808.00177, appendix C.2 and
table 7; [DeXtreme] Handa et al., arXiv 2210.13702, table 6.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.frames import quat_multiply, rotation_angle, rotvec_to_quat
from dexterity_ros.contracts.ranges import SHARE, UNSAID_AT_DEFAULT, Checked, Range
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.snapshot import Snapshot, put_back, repeated, take

_ANGLE = Range(0.0, math.pi, "an angle between two rotations")
_PLACE = Range(0.0, 10.0, "in the room of the hand")
_DELAY = Range(0, 10_000, "states of so many substeps are kept in memory")


@dataclass(frozen=True, kw_only=True)
class SampleNoise(Checked):
    """Everything that is not as it should be. Zero is perfect.

    New in every step, standard deviations: joint_pos_rad, joint_vel_rad_s, object_pos_m, object_rot_rad ([Dactyl]: 1 mm
    and 0.1 rad for the object), action_rad on the targets.
    Drawn once per episode, standard deviations: joint_zero_rad (measured and commanded joints lie off by the same),
    object_pos_bias_m, object_rot_bias_rad ([Dactyl]: 5 mm and 0.1 rad), action_bias_rad.
    Drawn once per episode and joint, up to: backlash_rad, the play of the gears.
    Delays in physics substeps, drawn per environment and step up to the maximum: a new target acts
    action_delay_substeps late, and latency_substeps more, which is always the same and may be longer than a control
    step; the object's pose is pose_delay_substeps older than the joints'.
    freeze_rate_hz, freeze_s: how often the object's pose stands still, and for how long at most (hidden markers).
    push_m_s2, push_s: standard deviation of the acceleration by pushes at the object, and how long each lasts.
    share: of all of it, drawn for each episode between these two.
    """

    joint_pos_rad: Annotated[float, _ANGLE] = 0.0
    joint_vel_rad_s: Annotated[float, Range(0.0, 100.0, "faster than any joint is no measurement")] = 0.0
    object_pos_m: Annotated[float, _PLACE] = 0.0
    object_rot_rad: Annotated[float, _ANGLE] = 0.0
    action_rad: Annotated[float, _ANGLE] = 0.0
    joint_zero_rad: Annotated[float, _ANGLE] = 0.0
    object_pos_bias_m: Annotated[float, _PLACE] = 0.0
    object_rot_bias_rad: Annotated[float, _ANGLE] = 0.0
    action_bias_rad: Annotated[float, _ANGLE] = 0.0
    backlash_rad: Annotated[float, _ANGLE] = 0.0
    action_delay_substeps: Annotated[int, _DELAY] = 0
    pose_delay_substeps: Annotated[int, _DELAY] = 0
    latency_substeps: Annotated[int, _DELAY] = 0
    freeze_rate_hz: Annotated[float, Range(0.0, 100.0, "0 = never; oftener than every step is always")] = 0.0
    freeze_s: Annotated[float, Range(0.0, 60.0, "at most a minute")] = 0.0
    push_m_s2: Annotated[float, Range(0.0, 100.0, "ten times gravity")] = 0.0
    push_s: Annotated[float, Range(1e-3, 60.0, "at least a time step, at most a minute")] = 0.5
    share: Annotated[tuple[float, float], SHARE] = field(default=(1.0, 1.0), metadata=UNSAID_AT_DEFAULT)


NO_NOISE = SampleNoise()
_STANDING = (
    "scale", "_zero", "_action_bias", "_play_rad", "_pos_bias", "_turn_bias", "_geared", "_targets", "_frozen_steps",
    "_shown", "_past", "_now", "_now_ns", "_begun", "_new_episode", "_push", "_push_steps",
)  # fmt: skip

SENSED = (
    "joint_pos_rad", "joint_vel_rad_s", "object_pos_m", "object_rot_rad", "joint_zero_rad", "object_pos_bias_m",
    "object_rot_bias_rad",
)  # fmt: skip


def perfectly_sensed(noise: SampleNoise) -> SampleNoise:
    """Returns the same without any error, delay or freeze of what is seen; what is done stays as it was."""
    seen = (*SENSED, "pose_delay_substeps", "freeze_rate_hz")
    return replace(noise, **{name: getattr(NO_NOISE, name) for name in seen})


class SimulatedSensors:
    """Samples, targets and pushes of N simulations; acts on samples and targets, never on observations."""

    def __init__(
        self,
        physics: BatchPhysics,
        noise: SampleNoise,
        *,
        joints: int,
        timestep_s: float,
        substeps: int,
        rng: np.random.Generator,
    ) -> None:
        self._physics, self._noise, self._rng = physics, noise, rng
        self._timestep_ns, self._period_s, self._substeps = round(timestep_s * 1e9), timestep_s * substeps, substeps
        n = physics.count
        self.scale = np.ones(n)  # share of the noise that each simulation has; a curriculum may lower it
        self._zero, self._action_bias, self._play_rad = (np.zeros((n, joints)) for _ in range(3))
        self._pos_bias, self._turn_bias = np.zeros((n, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self._geared: Floats | None = None
        longest = noise.latency_substeps + noise.action_delay_substeps
        self._targets = np.full((1 - (-longest // substeps), n, joints), np.nan)  # newest first
        self._frozen_steps = np.zeros(n, dtype=np.int64)
        self._shown: PoseSample | None = None
        self._past = np.zeros((n, max(noise.pose_delay_substeps + 1 - substeps, 0), physics.state_size))
        self._now: Floats | None = None  # the last control step's states; _past holds those before
        self._now_ns = np.full(n, -1, dtype=np.int64)
        self._begun = np.ones(n, dtype=bool)
        self._new_episode = np.ones(n, dtype=bool)
        self._push, self._push_steps = np.zeros((n, 3)), np.zeros(n, dtype=np.int64)

    def restart(self, mask: Bools) -> None:
        """Draws anew what stays the same through an episode, for the simulations in mask (N,)."""
        noise, rng, count = self._noise, self._rng, int(mask.sum())
        joints = self._zero.shape[1]
        if noise.share != (1.0, 1.0):
            self.scale[mask] = rng.uniform(*noise.share, size=count)
        scale = self.scale[mask, None]
        self._zero[mask] = scale * noise.joint_zero_rad * rng.normal(size=(count, joints))
        self._action_bias[mask] = scale * noise.action_bias_rad * rng.normal(size=(count, joints))
        self._play_rad[mask] = scale * noise.backlash_rad * rng.uniform(size=(count, joints))
        self._pos_bias[mask] = scale * noise.object_pos_bias_m * rng.normal(size=(count, 3))
        self._turn_bias[mask] = rotvec_to_quat(scale * noise.object_rot_bias_rad * rng.normal(size=(count, 3)))
        self._targets[:, mask] = np.nan
        self._begun[mask] = self._new_episode[mask] = True
        self._frozen_steps[mask] = 0
        self._push_steps[mask] = 0
        if self._geared is not None:
            self._geared = self._geared.copy()
            self._geared[mask] = np.nan

    def errors(self) -> Floats:
        """Returns what stays the same through an episode, (N, e): offsets, the play of the gears, share of noise."""
        turn = 10.0 * self._turn_bias[:, 1:]  # half the rotation vector, of order one as the others are
        parts = (self._zero, self._action_bias, self._play_rad, self._pos_bias, turn, self.scale[:, None])
        return np.concatenate(parts, axis=-1)

    def snapshot(self) -> Snapshot:
        """Returns where all of them stand; the random generator is the caller's."""
        return take(self, _STANDING)

    def snapshot_of(self, hand: int, copies: int) -> Snapshot:
        """Returns where one of them stands, for sensors of that many hands that all begin there."""
        across = {"_targets": 1}  # where hands are not the first dimension
        return {name: repeated(value, hand, copies, across.get(name, 0)) for name, value in self.snapshot().items()}

    def turned_wrong_rad(self) -> Floats:
        """Returns by how much the object's rotation is measured wrong throughout the episode, (N,)."""
        angle: Floats = rotation_angle(self._turn_bias)
        return angle

    def restore(self, values: Snapshot) -> None:
        """Goes on where sensors of the same configuration stood."""
        put_back(self, values)

    def control(self, old_rad: Floats, new_rad: Floats) -> Floats:
        """Returns what the motors are made to do in each substep, (N, substeps, n), for targets (N, n)."""
        noise = self._noise
        delay = noise.latency_substeps + self._rng.integers(
            0, noise.action_delay_substeps + 1, size=self._physics.count
        )
        if noise.action_rad > 0.0:
            new_rad = new_rad + self.scale[:, None] * noise.action_rad * self._rng.normal(size=new_rad.shape)
        acting = self._acting(old_rad, new_rad, delay)
        wanted = acting + (self._action_bias - self._zero)[:, None, :]
        return self._through_gears(wanted) if noise.backlash_rad > 0.0 else wanted

    def _acting(self, old_rad: Floats, new_rad: Floats, delay: NDArray[np.int64]) -> Floats:
        """Returns which target acts in each substep, (N, substeps, n), when each acts `delay` (N,) substeps late."""
        self._targets = np.roll(self._targets, 1, axis=0)
        self._targets[0] = new_rad
        if len(self._targets) > 1:
            older = np.where(np.isnan(self._targets[1:]), old_rad, self._targets[1:])
            older[0] = old_rad
            self._targets[1:] = older
        back = -(-np.maximum(delay[:, None] - np.arange(self._substeps)[None, :], 0) // self._substeps)
        acting: Floats = self._targets[back, np.arange(len(delay))[:, None]]
        return acting

    def pushes(self) -> Floats | None:
        """Returns forces at the object in N, hand frame, (N, 3), for one control step, or None when there are none."""
        noise = self._noise
        if noise.push_m_s2 <= 0.0:
            return None
        self._push_steps -= 1
        over = self._push_steps <= 0
        duration = max(round(noise.push_s / self._period_s), 1)
        self._push_steps[over] = self._rng.integers(1, 2 * duration + 1, size=int(over.sum()))
        size = self.scale[over, None] * noise.push_m_s2 * self._physics.object_mass[over, None]
        self._push[over] = size * self._rng.normal(size=(int(over.sum()), 3))
        return self._push

    def sample(self, recent: Floats, stamp_ns: NDArray[np.int64], goal_quat_wxyz: Floats) -> ObservationInputs:
        """Returns what is seen now.

        Args:
            recent: states after each of the last substeps, (N, substeps, nstate).
            stamp_ns: time of the last of them, (N,).
            goal_quat_wxyz: (N, 4).
        """
        noise, rng = self._noise, self._rng
        now, scale = recent[:, -1], self.scale[:, None]
        joint_pos = self._physics.joint_pos(now) + self._zero
        return ObservationInputs.of(
            joint_states=JointSample(
                stamp_ns=stamp_ns,
                pos_rad=joint_pos + scale * noise.joint_pos_rad * rng.normal(size=joint_pos.shape),
                vel_rad_s=self._physics.joint_vel(now)
                + scale * noise.joint_vel_rad_s * rng.normal(size=joint_pos.shape),
            ),
            object_pose=self._frozen(self._pose(recent, stamp_ns)),
            goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=goal_quat_wxyz),
        )

    def _pose(self, recent: Floats, stamp_ns: NDArray[np.int64]) -> PoseSample:
        noise, rng, n = self._noise, self._rng, self._physics.count
        delay = rng.integers(0, noise.pose_delay_substeps + 1, size=n)
        known = self._remember(recent, stamp_ns)
        seen, scale = known[np.arange(n), -1 - delay], self.scale[:, None]
        shake = rotvec_to_quat(scale * noise.object_rot_rad * rng.normal(size=(n, 3)))
        turn = quat_multiply(shake, self._turn_bias)
        shift = self._pos_bias + scale * noise.object_pos_m * rng.normal(size=(n, 3))
        return PoseSample(
            stamp_ns=stamp_ns - delay * self._timestep_ns,
            pos_m=self._physics.object_pos(seen) + shift,
            quat_wxyz=quat_multiply(turn, self._physics.object_quat(seen)),
        )

    def _remember(self, recent: Floats, stamp_ns: NDArray[np.int64]) -> Floats:
        """Returns the states of as many substeps as the longest delay needs, newest last, (N, k, nstate)."""
        if not self._past.shape[1]:
            return recent
        if self._now is not None and not np.array_equal(stamp_ns, self._now_ns):
            self._past = np.concatenate([self._past, self._now], axis=1)[:, -self._past.shape[1] :]
        self._now, self._now_ns = recent.copy(), stamp_ns.copy()
        self._past[self._begun] = recent[self._begun, :1]
        self._begun[:] = False
        return np.concatenate([self._past, recent], axis=1)

    def _frozen(self, pose: PoseSample) -> PoseSample:
        """Returns the pose; where it is frozen, or older than the one shown before, the latter."""
        noise = self._noise
        if self._shown is not None:
            pose = choose((pose.stamp_ns < self._shown.stamp_ns) & ~self._new_episode, self._shown, pose)
        self._new_episode[:] = False
        if noise.freeze_rate_hz > 0.0 and self._shown is not None:
            begins = (
                self._rng.uniform(size=len(self._frozen_steps)) < noise.freeze_rate_hz * self._period_s * self.scale
            )
            longest = max(round(noise.freeze_s / self._period_s), 1)
            fresh = begins & (self._frozen_steps < 0)
            self._frozen_steps[fresh] = self._rng.integers(1, longest + 1, size=int(fresh.sum()))
            pose = choose(self._frozen_steps > 0, self._shown, pose)
        self._frozen_steps -= 1
        self._shown = pose
        return pose

    def _through_gears(self, wanted: Floats) -> Floats:
        """Returns where the gears' output is pulled to: it follows only when the play is used up."""
        if self._geared is None:
            self._geared = np.full(wanted[:, 0].shape, np.nan)
        geared = np.where(np.isnan(self._geared), wanted[:, 0], self._geared)
        play, out = 0.5 * self._play_rad, np.empty_like(wanted)
        for k in range(wanted.shape[1]):
            geared = np.clip(geared, wanted[:, k] - play, wanted[:, k] + play)
            out[:, k] = geared
        self._geared = geared
        return out


def choose(mask: Bools, chosen: Any, other: Any) -> Any:
    """Returns a tree of batched dataclasses and tables with `chosen` where mask (N,) holds and `other` elsewhere."""
    if chosen is None:
        return None
    if isinstance(chosen, Mapping):
        return {name: choose(mask, part, other[name]) for name, part in chosen.items()}
    if is_dataclass(chosen) and not isinstance(chosen, type):
        values = {f.name: choose(mask, getattr(chosen, f.name), getattr(other, f.name)) for f in fields(chosen)}
        return type(chosen)(**values)
    return np.where(mask.reshape(mask.shape + (1,) * (chosen.ndim - 1)), chosen, other)
