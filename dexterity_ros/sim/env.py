"""The vectorised reorientation environment, on the same samples, builder and decoder as the robot."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.decoder import decode_action
from dexterity_ros.contracts.frames import (
    quat_rotate,
    quat_to_cubic,
    quat_to_rot6d,
    quat_to_rotvec,
    rotation_between,
)
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import PART_NAME, Checked, Range
from dexterity_ros.contracts.samples import GoalSample, JointSample, ObservationInputs, PoseSample
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec
from dexterity_ros.observation.builder import build_observation
from dexterity_ros.observation.memory import PolicyMemory, observe_object, seed_memory
from dexterity_ros.sim.physics import THREADS, BatchPhysics
from dexterity_ros.sim.randomisation import ModelRandomisation, random_models
from dexterity_ros.sim.reset_pool import RESET_POOL, ResetPool
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.sim.sensors import SampleNoise, SimulatedSensors, choose
from dexterity_ros.tasks.reorient import TaskSpec, count_hold, dropped, goal_error_rad, reached, sample_goals

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WEIGHT = Range(-1e6, 1e6, "of a reward")


@dataclass(frozen=True, kw_only=True)
class RewardConfig(Checked):
    """Weights of the reward terms; the sum is multiplied by `scale`. The default is Dactyl's, arXiv 1808.00177.

    late: of a goal not reached in time. Other than 0, that is a failure like a drop: nothing can be won afterwards, so
    standing still is no safe choice. With 0 the time-out is nobody's fault, and the value behind it counts.
    """

    progress: Annotated[float, _WEIGHT] = 1.0
    success: Annotated[float, _WEIGHT] = 5.0
    drop: Annotated[float, _WEIGHT] = -20.0
    late: Annotated[float, _WEIGHT] = 0.0
    off_centre: Annotated[float, _WEIGHT] = 0.0
    action_rate: Annotated[float, _WEIGHT] = 0.0
    scale: Annotated[float, Range(1e-6, 1e6, "brings returns to order one; 0 would pay nothing")] = 0.2


@dataclass(frozen=True, kw_only=True)
class EnvConfig(Checked):
    """Everything the environment is made of besides hand, task and policy interface."""

    num_envs: Annotated[int, Range(1, 1_000_000, "each is a state in memory")]
    physics: PhysicsConfig
    object: Annotated[str, PART_NAME]
    episode_s: Annotated[float, Range(0.05, 86_400.0, "from one control step to a day")]
    noise: SampleNoise
    randomisation: ModelRandomisation | None
    reward: RewardConfig = field(default_factory=RewardConfig)
    reset_pool: Annotated[int, RESET_POOL] = 2048
    threads: Annotated[int, THREADS] = 2


@dataclass(frozen=True, kw_only=True)
class EnvStep:
    """What one control step returned, each with leading dimension N.

    observation: float32, after automatic resets. privileged: float32, what only a simulator knows (for the critic).
    final_privileged: the same before resets, for bootstrapping. terminated: dropped, or too late where that is a
    failure. truncated: out of time.
    reached, failed: goals that ended in this step. terms: the reward terms, unscaled, each (N,).
    """

    observation: NDArray[np.float32]
    privileged: NDArray[np.float32]
    final_privileged: NDArray[np.float32]
    reward: Floats
    terminated: Bools
    truncated: Bools
    reached: Bools
    failed: Bools
    terms: dict[str, Floats]


class ReorientEnv:
    """N hands, each turning an object to goal after goal.

    An episode ends at a drop, at a goal not reached in time, or after `episode_s`; a reached goal is followed at once
    by the next. One control step: sample -> build (caller infers) -> decode -> advance physics -> judge.
    """

    memory: PolicyMemory

    def __init__(
        self,
        *,
        hand: HandSpec,
        task: TaskSpec,
        observation: ObservationSpec,
        action: ActionSpec,
        config: EnvConfig,
        seed: int,
    ) -> None:
        """Builds models and the reset pool (a few seconds)."""
        self.hand, self.task, self.config = hand, task, config
        self.observation_spec, self.action_spec = observation, action
        self._rng = np.random.default_rng(seed)
        scene = build_scene(hand, config.object, config.physics)
        n = config.num_envs
        self.models = random_models(scene.model, config.randomisation, n, self._rng)
        self.physics = BatchPhysics(scene, self.models, threads=config.threads)
        self.scene = scene
        self.sensors = SimulatedSensors(
            self.physics,
            config.noise,
            joints=len(hand.joints),
            timestep_s=config.physics.timestep_s,
            substeps=config.physics.substeps,
            rng=self._rng,
        )
        self._pool = ResetPool(hand, scene, size=config.reset_pool, threads=config.threads, rng=self._rng)
        self._centre = np.array(hand.grasp_centre_m)
        self._episode_limit = round(config.episode_s / config.physics.control_period_s)
        self._goal_limit = round(task.goal_timeout_s / config.physics.control_period_s)
        self._allocate(n)
        self.reset()

    @property
    def num_envs(self) -> int:
        """Number of hands."""
        return self.config.num_envs

    @property
    def recent(self) -> Floats:
        """States after each substep of the last control step, (N, substeps, nstate)."""
        return self._recent

    @property
    def privileged_width(self) -> int:
        """Length of the privileged state vector."""
        return int(self._privileged().shape[1])

    def reset(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Restarts every environment. Returns (observation, privileged)."""
        self._restart(np.ones(self.num_envs, dtype=bool))
        # Spread episode ends, or every environment would be reset in the same step for ever.
        self._episode_step[:] = self._rng.integers(0, max(self._episode_limit // 2, 1), size=self.num_envs)
        self._renew_samples(np.ones(self.num_envs, dtype=bool))
        return self._observe(), self._privileged()

    def set_goal_range(self, goal_rad: tuple[float, float]) -> None:
        """Changes the goal distances from the next goal on (curriculum)."""
        self.task = replace(self.task, goal_rad=goal_rad)

    def replace_models(self, models: list[Any]) -> None:
        """Goes on with other model copies, one per environment; states stay as they are."""
        self.models = models
        self.physics.replace_models(models)

    def step(self, raw_action: NDArray[np.float32]) -> EnvStep:
        """Applies raw actions (N, n) for one control period."""
        previous_action = self.memory.action
        target, action = decode_action(
            self.action_spec,
            raw_action,
            previous_action=previous_action,
            previous_target_rad=self.memory.target_pos_rad,
            lower_rad=self.hand.lower_rad,
            upper_rad=self.hand.upper_rad,
        )
        self._advance(self.memory.target_pos_rad, target)
        self.memory = replace(self.memory, target_pos_rad=target, action=action)
        return self._judge(action - previous_action)

    def joint_gains(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Returns nominal (stiffness N.m/rad, damping N.m.s/rad) per joint; damping is the joint's and the motor's."""
        model, actuators = self.scene.model, self.scene.actuators
        damping = model.dof_damping[self.scene.joint_qvel] - model.actuator_biasprm[actuators, 2]
        return tuple(model.actuator_gainprm[actuators, 0].tolist()), tuple(damping.tolist())

    def true_inputs(self) -> ObservationInputs:
        """Returns what perfect sensors would see now, of joints, object and goal."""
        state, stamp_ns = self.state, self._stamp_ns
        return ObservationInputs(
            joints=JointSample(
                stamp_ns=stamp_ns, pos_rad=self.physics.joint_pos(state), vel_rad_s=self.physics.joint_vel(state)
            ),
            object_pose=PoseSample(
                stamp_ns=stamp_ns, pos_m=self.physics.object_pos(state), quat_wxyz=self.physics.object_quat(state)
            ),
            goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=self.goal),
        )

    def close(self) -> None:
        """Stops the simulation threads."""
        self.physics.close()

    def _allocate(self, n: int) -> None:
        joints = len(self.hand.joints)
        self.state = np.zeros((n, self.physics.state_size))
        self._recent = np.zeros((n, self.config.physics.substeps, self.physics.state_size))
        self._tips = np.zeros((n, len(self.hand.fingertip_sites), 3))
        self.goal = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self._held = np.zeros(n, dtype=np.int64)
        self._episode_step = np.zeros(n, dtype=np.int64)
        self._goal_step = np.zeros(n, dtype=np.int64)
        self._error = np.zeros(n)
        self._stamp_ns = np.zeros(n, dtype=np.int64)
        still = PoseSample(stamp_ns=self._stamp_ns, pos_m=np.zeros((n, 3)), quat_wxyz=self.goal)
        limp = JointSample(stamp_ns=self._stamp_ns, pos_rad=np.zeros((n, joints)), vel_rad_s=np.zeros((n, joints)))
        goal = GoalSample(stamp_ns=self._stamp_ns, quat_wxyz=self.goal)
        self.inputs = ObservationInputs(joints=limp, object_pose=still, goal=goal)
        self.memory = seed_memory(limp, still)

    def _advance(self, old_target: Floats, new_target: Floats) -> None:
        control = self.sensors.control(old_target, new_target)
        self._recent, sensors = self.physics.advance(self.state, control, self.sensors.pushes())
        self.state = self._recent[:, -1].copy()
        self._tips = self.physics.fingertips(sensors[:, -1])
        self._stamp_ns = self._stamp_ns + round(self.config.physics.control_period_s * 1e9)
        self._episode_step += 1
        self._goal_step += 1

    def _judge(self, action_change: Floats) -> EnvStep:
        position = self.physics.object_pos(self.state)
        error = goal_error_rad(self.physics.object_quat(self.state), self.goal)
        self._held = count_hold(self.task, self._held, error)
        got = reached(self.task, self._held)
        fell = dropped(self.task, position, self._centre)
        got &= ~fell
        goal_late = (self._goal_step >= self._goal_limit) & ~got & ~fell
        off_centre = np.sqrt(((position - self._centre) ** 2).sum(axis=-1)) / self.task.drop_distance_m
        terms = {
            "progress": self._error - error,
            "success": got.astype(float),
            "drop": fell.astype(float),
            "late": goal_late.astype(float),
            "off_centre": np.minimum(off_centre, 1.0),
            "action_rate": (action_change**2).mean(axis=-1),
        }
        weights = self.config.reward
        reward = weights.scale * sum(getattr(weights, name) * value for name, value in terms.items())
        terminated = fell | goal_late if weights.late != 0.0 else fell
        truncated = (goal_late | (self._episode_step >= self._episode_limit)) & ~terminated
        self._error = error
        self.inputs = self._sample_inputs()
        final_privileged = self._privileged()
        self._new_goals(got & ~truncated)
        ended = terminated | truncated
        if ended.any():
            self._restart(ended)
            self._renew_samples(ended)
        self.inputs = replace(self.inputs, goal=GoalSample(stamp_ns=self._stamp_ns, quat_wxyz=self.goal))
        return EnvStep(
            observation=self._observe(),
            privileged=self._privileged(),
            final_privileged=final_privileged,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            reached=got,
            failed=fell | goal_late,
            terms=terms,
        )

    def _new_goals(self, mask: Bools) -> None:
        if not mask.any():
            return
        self.goal = self.goal.copy()
        self.goal[mask] = sample_goals(self.task, self.physics.object_quat(self.state[mask]), self._rng)
        self._error[mask] = goal_error_rad(self.physics.object_quat(self.state[mask]), self.goal[mask])
        self._held[mask] = 0
        self._goal_step[mask] = 0

    def _restart(self, mask: Bools) -> None:
        count = int(mask.sum())
        states = self._pool.draw(count, self._rng)
        self.state[mask] = states
        self._recent[mask] = states[:, None, :]
        self._episode_step[mask] = 0
        self.sensors.restart(mask)
        self._new_goals(mask)

    def _sample_inputs(self) -> ObservationInputs:
        return self.sensors.sample(self._recent, self._stamp_ns, self.goal)

    def _renew_samples(self, mask: Bools) -> None:
        """Samples restarted environments anew; like a robot's, their memory starts from what was measured."""
        fresh = self._sample_inputs()
        self.inputs = choose(mask, fresh, self.inputs)
        self.memory = choose(mask, seed_memory(fresh.joints, fresh.object_pose), self.memory)

    def _observe(self) -> NDArray[np.float32]:
        self.memory = observe_object(self.memory, self.inputs)
        observation: NDArray[np.float32] = build_observation(self.observation_spec, self.inputs, self.memory)
        return observation

    def _privileged(self) -> NDArray[np.float32]:
        quat = self.physics.object_quat(self.state)
        position = self.physics.object_pos(self.state)
        joints = self.physics.joint_pos(self.state)
        velocity = self.physics.object_vel(self.state)
        to_goal = rotation_between(quat, self.goal)
        # A policy that does not tell the faces of a cube apart gets a critic that does not either.
        alike = "object_cubic" in self.observation_spec.slices
        parts = [
            joints,
            self.physics.joint_vel(self.state),
            self.memory.target_pos_rad - joints,
            position,
            quat_to_cubic(quat) if alike else quat_to_rot6d(quat),
            velocity[:, :3],
            quat_rotate(quat, velocity[:, 3:]),
            quat_to_rotvec(to_goal),
            quat_to_rot6d(to_goal),
            (self._tips - position[:, None, :]).reshape(self.num_envs, -1),
            self.memory.action,
            (self._goal_step / self._goal_limit)[:, None],
            (self._held / self.task.hold_steps)[:, None],
        ]
        return np.concatenate(parts, axis=-1).astype(np.float32)
