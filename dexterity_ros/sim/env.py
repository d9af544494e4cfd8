"""The vectorised environment of a task, on the same samples, builder and decoder as the robot."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.decoder import decode_action
from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import load_symmetry
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import GOAL, JOINTS, ObservationInputs
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec
from dexterity_ros.contracts.symmetry import NO_SYMMETRY
from dexterity_ros.observation.builder import build_observation
from dexterity_ros.observation.memory import PolicyMemory, observe_object, seed_memory
from dexterity_ros.sim.endings import endings
from dexterity_ros.sim.env_clouds import env_clouds
from dexterity_ros.sim.env_config import EnvConfig, EnvStep
from dexterity_ros.sim.env_health import EnvHealth
from dexterity_ros.sim.object_set import object_set
from dexterity_ros.sim.overlay import as_measured, lay_over
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.privileged import World, hidden_parameters, privileged_terms, privileged_values
from dexterity_ros.sim.randomisation import random_models
from dexterity_ros.sim.reset_pool import ResetPools
from dexterity_ros.sim.scene import Model
from dexterity_ros.sim.sensors import SimulatedSensors, choose
from dexterity_ros.sim.snapshot import Snapshot, put_back, take
from dexterity_ros.sim.sources import Bodies, with_simulated
from dexterity_ros.sim.starts import Starts
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.tasks.table import TASKS

_STANDING = (
    "state", "_recent", "_tips", "goal", "episode", "_episode_step", "_stamp_ns", "inputs", "memory", "_rng",
    "_further_rng",
)  # fmt: skip


class ReorientEnv:
    """N hands, each bringing an object to goal after goal of a task.

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
        robot: RobotSpec | None = None,
    ) -> None:
        """Builds models and the reset pool (a few seconds). robot: what was measured of the hand that is nominal."""
        self.hand, self.config = hand, (config := as_measured(config, robot))
        self.observation_spec, self.action_spec = observation, action
        self._seed, self._rng, self.draws = seed, np.random.default_rng(seed), 0
        self._further_rng = np.random.default_rng([seed, 5])
        n = config.num_envs
        self.objects = object_set(hand, config.object, config.physics, n)
        lay_over(self.objects.scenes, hand, robot)
        self.scene = scene = self.objects.scenes[0]
        self.models = random_models(self.objects.nominal, config.randomisation, self._rng)
        self.physics = BatchPhysics(scene, self.models, threads=config.threads)
        timestep_s, period_s = config.physics.timestep_s, config.physics.control_period_s
        self.sensors = SimulatedSensors(
            self.physics, config.noise, joints=len(hand.joints), timestep_s=timestep_s,
            substeps=config.physics.substeps, rng=self._rng,
        )  # fmt: skip
        pools = ResetPools(hand, self.objects.scenes, size=config.reset_pool, threads=config.threads, rng=self._rng)
        self._starts = Starts(pools, config.before_drops, envs=n, state_size=self.physics.state_size, period_s=period_s)
        self._clouds = env_clouds(hand, observation, self.objects, config.clouds, timestep_s=timestep_s, seed=seed)
        self._task = TASKS[task.kind]
        symmetry = NO_SYMMETRY if self.objects.many else load_symmetry(config.object)
        self.episode = new_episode(task, hand.grasp_centre_m, config.num_envs, period_s=period_s, symmetry=symmetry)
        self._privileged_terms = privileged_terms(config.privileged, self._task, shaped=self.objects.many)
        self._hidden: Floats | None = None
        self._episode_limit, self._health = round(config.episode_s / period_s), EnvHealth(n, period_s)
        self._allocate(n)
        self.reset()

    @property
    def task(self) -> TaskSpec:
        """The task as it is at present: a curriculum changes it."""
        return self.episode.task

    @property
    def num_envs(self) -> int:
        """Number of hands."""
        return self.config.num_envs

    @property
    def recent(self) -> Floats:
        """States after each substep of the last control step, (N, substeps, nstate)."""
        return self._recent

    @property
    def privileged_widths(self) -> dict[str, int]:
        """Length of each term of the privileged state vector, in its order."""
        return {name: part.shape[1] for name, part in self._told().items()}

    @property
    def privileged_width(self) -> int:
        """Length of the privileged state vector."""
        return sum(self.privileged_widths.values())

    def reset(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Restarts every environment. Returns (observation, privileged)."""
        self._restart(np.ones(self.num_envs, dtype=bool))
        # Spread episode ends, or every environment would be reset in the same step for ever.
        self._episode_step[:] = self._rng.integers(0, max(self._episode_limit // 2, 1), size=self.num_envs)
        self._renew_samples(np.ones(self.num_envs, dtype=bool))
        return self._observe(), self._privileged()

    def set_goal_range(self, goal_rad: tuple[float, float]) -> None:
        """Changes the goal distances from the next goal on (curriculum)."""
        self.episode = replace(self.episode, task=replace(self.task, goal_rad=goal_rad))

    def set_success(self, success_rad: float, hold_steps: int) -> None:
        """Changes when a goal counts as reached, from now on."""
        self.episode = replace(self.episode, task=replace(self.task, success_rad=success_rad, hold_steps=hold_steps))

    def replace_models(self, models: list[Model]) -> None:
        """Goes on with other model copies, one per environment; states stay as they are."""
        self.models, self._hidden = models, None
        self.physics.replace_models(models)

    def redraw_models(self) -> None:
        """Gives every environment another hidden hand and object; states stay as they are."""
        self.draws += 1
        rng = np.random.default_rng([self._seed, 4, self.draws])
        self.replace_models(random_models(self.objects.nominal, self.config.randomisation, rng))

    def snapshot(self) -> Snapshot:
        """Returns where all hands stand; models of `redraw_models` by their number, others are the caller's."""
        parts = {"sensors": self.sensors, "clouds": self._clouds, "starts": self._starts}
        return take(self, _STANDING) | {name: part.snapshot() for name, part in parts.items()} | {"draws": self.draws}

    def restore(self, values: Snapshot) -> None:
        """Goes on where an environment of the same configuration and seed stood."""
        put_back(self, {name: values[name] for name in _STANDING})
        self.sensors.restore(values["sensors"])
        self._clouds.restore(values.get("clouds", {}))
        self._starts.restore(values.get("starts", {}))
        if values["draws"] != self.draws:
            self.draws = values["draws"] - 1
            self.redraw_models()

    def step(self, raw_action: NDArray[np.float32]) -> EnvStep:
        """Applies raw actions (N, n) for one control period. Raises SimulationError where nothing can be learned."""
        previous_action = self.memory.action
        target, action = decode_action(
            self.action_spec,
            raw_action,
            previous_action=previous_action,
            previous_target_rad=self.memory.target_pos_rad,
            lower_rad=self.hand.lower_rad,
            upper_rad=self.hand.upper_rad,
            joint_pos_rad=self.inputs[JOINTS].pos_rad,
        )
        self._advance(self.memory.target_pos_rad, target)
        self.memory = replace(self.memory, target_pos_rad=target, action=action)
        return self._judge(action - previous_action)

    def true_inputs(self) -> ObservationInputs:
        """Returns what perfect sensors would see now."""
        now, stamp_ns = self._bodies(), self._stamp_ns
        seen = ObservationInputs.of(
            joint_states=JointSample(stamp_ns=stamp_ns, pos_rad=now.joint_pos_rad, vel_rad_s=now.joint_vel_rad_s),
            object_pose=PoseSample(stamp_ns=stamp_ns, pos_m=now.object_pos_m, quat_wxyz=now.object_quat_wxyz),
            goal=GoalSample(stamp_ns=stamp_ns, quat_wxyz=self.goal),
        )
        return with_simulated(seen, lambda: now, None)

    def close(self) -> None:
        """Stops the simulation threads."""
        self.physics.close()

    def _allocate(self, n: int) -> None:
        self.state = np.zeros((n, self.physics.state_size))
        self._recent = np.zeros((n, self.config.physics.substeps, self.physics.state_size))
        self._tips = np.zeros((n, len(self.hand.fingertip_sites), 3))
        self.goal = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self._episode_step, self._stamp_ns = (np.zeros(n, dtype=np.int64) for _ in range(2))
        self.inputs = self._clouds.seen_too(self.true_inputs(), self.physics, self._recent, self.goal)
        self.memory = seed_memory(self.inputs)

    def _advance(self, old_target: Floats, new_target: Floats) -> None:
        control = self.sensors.control(old_target, new_target)
        self._recent, sensors = self.physics.advance(self.state, control, self.sensors.pushes())
        self._unstable = self.physics.begun_anew(self.state, self._recent)
        self.state = self._recent[:, -1].copy()
        self.goal = self.objects.nearest_goals(self.goal, self.physics.object_quat(self.state))
        self._tips = self.physics.fingertips(sensors[:, -1])
        self._stamp_ns = self._stamp_ns + round(self.config.physics.control_period_s * 1e9)
        self._episode_step += 1

    def _judge(self, action_change: Floats) -> EnvStep:
        self.episode, verdict = self.episode.step(self._moment())
        terms = self._task.reward(verdict, action_change)
        over = self._episode_step >= self._episode_limit
        terminated, truncated, restarted = endings(self.config, verdict, over, self._rng)
        self._health.take(self._unstable, verdict.dropped & restarted, restarted, self._episode_step)
        least = self.episode.goals.least_rad
        self.inputs = self._sample_inputs()
        final_privileged, final_inputs, final_memory = self._privileged(), self.true_inputs(), self.memory
        self._starts.watch(self.state, verdict.dropped)
        self._new_goals((verdict.reached | verdict.late) & ~truncated & ~restarted)
        if restarted.any():
            self._restart(restarted)
            self._renew_samples(restarted)
        self.inputs = self.inputs.having(GOAL, GoalSample(stamp_ns=self._stamp_ns, quat_wxyz=self.goal))
        return EnvStep(
            observation=self._observe(), privileged=self._privileged(), final_privileged=final_privileged,
            reward=self.config.reward.paid(terms), terminated=terminated, truncated=truncated, restarted=restarted,
            reached=verdict.reached, failed=verdict.dropped | verdict.late, least_error_rad=least,
            final_inputs=final_inputs, final_memory=final_memory, terms=terms,
        )  # fmt: skip

    def _new_goals(self, mask: Bools) -> None:
        if not mask.any():
            return
        self.goal = self.goal.copy()
        self.goal[mask] = self.objects.goals(self.task, mask, self.physics.object_quat(self.state[mask]), self._rng)
        limit_ns = None
        if self.config.slow_goals is not None:
            period_s, usual_s = self.config.physics.control_period_s, self.task.goal_timeout_s
            steps = self.config.slow_goals.draw(int(mask.sum()), usual_s, period_s, self._rng)
            limit_ns = steps * self.episode.period_ns
        self.episode = self.episode.given(mask, self._moment(), limit_ns)

    def _moment(self) -> Moment:
        return Moment(
            now_ns=self._stamp_ns, goal_quat_wxyz=self.goal,
            pos_m=self.physics.object_pos(self.state), quat_wxyz=self.physics.object_quat(self.state),
        )  # fmt: skip

    def _restart(self, mask: Bools) -> None:
        states = self._starts.draw(mask, self.objects.kind, self._rng)
        self.state[mask], self._recent[mask] = states, states[:, None, :]
        self._episode_step[mask] = 0
        self.sensors.restart(mask)
        self._clouds.restart(mask)
        self._new_goals(mask)

    def _sample_inputs(self) -> ObservationInputs:
        seen = self.sensors.sample(self._recent, self._stamp_ns, self.goal)
        seen = with_simulated(seen, self._bodies, self._further_rng)
        return self._clouds.seen_too(seen, self.physics, self._recent, self.goal)

    def _bodies(self) -> Bodies:
        state, physics = self.state, self.physics
        return Bodies(
            stamp_ns=self._stamp_ns, joint_pos_rad=physics.joint_pos(state), joint_vel_rad_s=physics.joint_vel(state),
            object_pos_m=physics.object_pos(state), object_quat_wxyz=physics.object_quat(state), tips_m=self._tips,
        )  # fmt: skip

    def _renew_samples(self, mask: Bools) -> None:
        """Samples restarted environments anew; like a robot's, their memory starts from what was measured."""
        fresh = self._sample_inputs()
        self.inputs = choose(mask, fresh, self.inputs)
        self.memory = choose(mask, seed_memory(fresh), self.memory)

    def _observe(self) -> NDArray[np.float32]:
        self.memory = observe_object(self.memory, self.inputs)
        observation: NDArray[np.float32] = build_observation(self.observation_spec, self.inputs, self.memory)
        return observation

    def _privileged(self) -> NDArray[np.float32]:
        return np.concatenate([*self._told().values()], axis=-1)

    def _told(self) -> dict[str, NDArray[np.float32]]:
        world = World(
            physics=self.physics, state=self.state, memory=self.memory, tips=self._tips, hidden=self._hidden_hands,
            errors=self.sensors.errors, objects=self.objects, models=self.models,
        )  # fmt: skip
        return privileged_values(self._privileged_terms, world, self._task, self.episode.look(self._moment()))

    def _hidden_hands(self) -> Floats:
        if self._hidden is None:
            self._hidden = hidden_parameters(self.models, self.objects.nominal)
        return self._hidden
