"""Trials of a controller in simulation without ROS, many at once, judged on the simulator's truth."""

import copy
from dataclasses import dataclass, field, replace
from typing import Annotated, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import ObjectSpec, load_symmetry
from dexterity_ros.contracts.ranges import SHARE, Checked, Range
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.contracts.symmetry import NO_SYMMETRY
from dexterity_ros.evaluation.heat import Heat
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial
from dexterity_ros.evaluation.watcher import View, Watcher
from dexterity_ros.sim.env_clouds import EnvClouds, NoClouds
from dexterity_ros.sim.overlay import delayed, lay_over, narrowed
from dexterity_ros.sim.physics import THREADS, BatchPhysics
from dexterity_ros.sim.randomisation import ModelRandomisation, random_model
from dexterity_ros.sim.reset_pool import RESET_POOL, ResetPool
from dexterity_ros.sim.scene import Model, PhysicsConfig, build_scene
from dexterity_ros.sim.sensors import SampleNoise, SimulatedSensors, perfectly_sensed
from dexterity_ros.sim.synthetic_clouds import CloudNoise
from dexterity_ros.tasks.alike import Symmetries
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.goals import next_goal
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import CALLED, TaskSpec


@dataclass(frozen=True, kw_only=True)
class JudgeConfig(Checked):
    """The simulator that judges; finer than the one that trained. YAML in config/eval.

    randomisation: what is drawn anew for every episode. clouds: what a depth camera sees of generated objects.
    heat_torque_loss, heat_s: see evaluation/heat.py.
    """

    physics: PhysicsConfig
    noise: SampleNoise
    randomisation: ModelRandomisation | None = None
    heat_torque_loss: Annotated[float, SHARE] = 0.0
    heat_s: Annotated[float, Range(1.0, 86_400.0, "from a second to a day")] = 60.0
    reset_pool: Annotated[int, RESET_POOL] = 512
    threads: Annotated[int, THREADS] = 2
    clouds: CloudNoise | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.physics.timestep_s > 0.005:
            raise ConfigError(f"physics.timestep_s is {self.physics.timestep_s}, a judge needs at most 0.005")

    def of(self, robot: RobotSpec | None) -> "JudgeConfig":
        """Returns the judge of one hand: with the delays and ranges that were measured of it."""
        noise = delayed(self.noise, robot, self.physics.timestep_s)
        return replace(self, noise=noise, randomisation=narrowed(self.randomisation, robot))

    def sensors(self, physics: BatchPhysics, joints: int, rng: np.random.Generator) -> SimulatedSensors:
        """Returns what measures in these simulations, and disturbs them. joints: of one hand."""
        step_s, substeps = self.physics.timestep_s, self.physics.substeps
        return SimulatedSensors(physics, self.noise, joints=joints, timestep_s=step_s, substeps=substeps, rng=rng)


class Controller(Protocol):
    """Something that turns the samples of N hands into N targets."""

    def start(self, inputs: ObservationInputs) -> None:
        """Begins a batch of trials."""
        ...

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:
        """Returns joint targets, (N, n) rad."""
        ...


@runtime_checkable
class Calling(Protocol):
    """A controller that says whether the goal is reached."""

    @property
    def sure(self) -> NDArray[np.float32] | None:
        """How sure it was at its last step, (N,) in 0 to 1; None: it never says."""
        ...


@runtime_checkable
class Selective(Protocol):
    """A controller that spares itself work for hands whose trial is over."""

    live: NDArray[np.bool_]


@dataclass(kw_only=True)
class Course:
    """What is the same for every controller that is compared: hidden hands, starting grasps, goals, noise seeds.

    episode_s: an episode is over after this time; 0 = only by its goals. called: a goal ends when the policy calls it
    reached, rightly or not, instead of when it is. strict: every turn counts, also one that nobody can see of the
    object. item: a generated object, in place of one with a folder; the nearest goal that looks alike counts.
    robot: what was measured of one hand, whose model then is the nominal one; `judge` is `JudgeConfig.of` it.
    """

    hand: HandSpec
    task: TaskSpec
    object: str
    judge: JudgeConfig
    episodes: int
    goals_per_episode: int
    seed: int
    control_rate_hz: float
    episode_s: float = 0.0
    called: bool = False
    strict: bool = False
    item: ObjectSpec | None = None
    robot: RobotSpec | None = None
    pool: ResetPool = field(init=False)

    def __post_init__(self) -> None:
        period = self.judge.physics.control_period_s
        if abs(period * self.control_rate_hz - 1.0) > 1e-6:
            raise ConfigError(
                f"the judge's control period is {period:.4f} s, the policy was trained for {self.control_rate_hz} Hz"
            )
        self.scene = build_scene(self.hand, self.item or self.object, self.judge.physics)
        self.symmetry = NO_SYMMETRY if self.strict or self.item else load_symmetry(self.object)
        self._symmetry = None if self.item is None else Symmetries([self.item.symmetry])
        lay_over([self.scene], self.hand, self.robot)
        rng = np.random.default_rng(self.seed)
        self.pool = ResetPool(self.hand, self.scene, size=self.judge.reset_pool, threads=self.judge.threads, rng=rng)
        self.start_states = self.pool.draw(self.episodes, rng)

    def privileged(self) -> "Course":
        """Returns the same hands, objects, starts and goals for a controller that senses without errors and delays."""
        noise = perfectly_sensed(self.judge.noise)
        return replace(self, judge=replace(self.judge, noise=noise))

    def models(self) -> list[Model]:
        """Returns each episode's hidden hand and object, the same at every call."""
        ranges = self.judge.randomisation
        if ranges is None:
            return [copy.copy(self.scene.model) for _ in range(self.episodes)]
        return [
            random_model(self.scene.model, ranges, np.random.default_rng([self.seed, 2, k]))
            for k in range(self.episodes)
        ]

    def goal(self, episode: int, index: int, object_quat_wxyz: Floats) -> Floats:
        """Returns goal number `index` of an episode, (4,): the same for every controller as long as it starts alike."""
        if self._symmetry is None:
            return next_goal(self.task, object_quat_wxyz, seed=self.seed, trial=episode, index=index)
        rng = np.random.default_rng([self.seed, episode, index])
        goals = self._symmetry.sample_goals(self.task, np.zeros(1, dtype=np.int64), object_quat_wxyz[None], rng)
        return goals[0]

    def nearest_goals(self, goals: Floats, object_quat_wxyz: Floats) -> Floats:
        """Returns, of the rotations that look like the goals, those nearest to the objects', (N, 4)."""
        if self._symmetry is None:
            return goals
        return self._symmetry.alike(np.zeros(len(goals), dtype=np.int64), goals, object_quat_wxyz)

    def clouds(self) -> EnvClouds | NoClouds:
        """Returns what a depth camera sees of all episodes, where it sees anything."""
        if self.item is None or self.judge.clouds is None:
            return NoClouds()
        kind = np.zeros(self.episodes, dtype=np.int64)
        timestep_s = self.judge.physics.timestep_s
        return EnvClouds(self.hand, (self.item,), self.judge.clouds, kind, timestep_s=timestep_s, seed=self.seed)


def run_trials(controller: Controller, course: Course, watcher: Watcher | None = None) -> list[Trial]:
    """Returns one Trial per episode; an episode ends at a drop, a goal not reached in time, or enough goals."""
    return _Trials(controller, course, watcher).run()


class _Trials:
    """The state of all trials while they run."""

    def __init__(self, controller: Controller, course: Course, watcher: Watcher | None) -> None:
        self.controller, self.course, self.watcher = controller, course, watcher
        n, judge = course.episodes, course.judge
        self.models = models = course.models()
        self.physics = BatchPhysics(course.scene, models, threads=judge.threads)
        self.heat = Heat(course.scene, models, torque_loss=judge.heat_torque_loss, time_s=judge.heat_s)
        self.step_number = 0
        rng = np.random.default_rng([course.seed, 1])
        self.sensors = judge.sensors(self.physics, len(course.hand.joints), rng)
        self.sensors.restart(np.ones(n, dtype=bool))
        self.clouds = course.clouds()
        self.clouds.restart(np.ones(n, dtype=bool))
        self.state = course.start_states.copy()
        self.goals = np.zeros((n, 4))
        self.trials = [Trial() for _ in range(n)]
        self.live = np.ones(n, dtype=bool)
        self.period_s = judge.physics.control_period_s
        self.episode = new_episode(
            course.task, course.hand.grasp_centre_m, n, period_s=self.period_s, symmetry=course.symmetry
        )

    def run(self) -> list[Trial]:
        substeps = self.course.judge.physics.substeps
        self._give_goals(self.live)
        recent = np.repeat(self.state[:, None], substeps, axis=1)
        now_ns = round(self.period_s * 1e9)
        target = self.physics.joint_pos(self.state)
        first = True
        while self.live.any():
            inputs = self.sensors.sample(recent, np.full(self.course.episodes, now_ns), self.goals)
            inputs = self.clouds.seen_too(inputs, self.physics, recent, self.goals)
            if first:
                self.controller.start(inputs)
                first = False
            if isinstance(self.controller, Selective):
                self.controller.live = self.live
            wanted = self.controller.targets(inputs, now_ns)
            control = self.sensors.control(target, wanted)
            recent = self._advance(recent, control)
            self.state, target = recent[:, -1].copy(), wanted
            if self.course.judge.heat_torque_loss > 0.0:
                self.heat.step(target, self.physics.joint_pos(self.state), self.period_s, self.live)
            now_ns += round(self.period_s * 1e9)
            if self.watcher is not None:
                self.watcher.see(self._view(target, now_ns))
            self._judge()
        self.physics.close()
        return self.trials

    def _view(self, target: Floats, now_ns: int) -> View:
        return View(
            now_ns=now_ns, sim_state=self.state, target_rad=target, goals=self.goals, physics=self.physics,
            sensors=self.sensors, models=self.models, warmth=self.heat.warmth,
            live=self.live,
        )  # fmt: skip

    def _advance(self, recent: Floats, control: Floats) -> Floats:
        """Steps the hands whose trials go on; the others stand still."""
        push, live = self.sensors.pushes(), np.flatnonzero(self.live)
        result = recent.copy()
        result[live], _ = self.physics.advance(
            self.state[live], control[live], None if push is None else push[live], which=live
        )
        return result

    def _give_goals(self, which: Bools) -> None:
        quat = self.physics.object_quat(self.state)
        for k in np.flatnonzero(which):
            self.goals[k] = self.course.goal(int(k), len(self.trials[k].goals), quat[k])
        self.episode = self.episode.given(which, self._moment())

    def _moment(self) -> Moment:
        return Moment(
            now_ns=np.full(self.course.episodes, self.step_number * self.episode.period_ns),
            pos_m=self.physics.object_pos(self.state),
            quat_wxyz=self.physics.object_quat(self.state),
            goal_quat_wxyz=self.goals,
        )

    def _judge(self) -> None:
        self.step_number += 1
        self.goals = self.course.nearest_goals(self.goals, self.physics.object_quat(self.state))
        self.episode, verdict = self.episode.step(self._moment())
        called = self._called() if self.course.called else verdict.there
        over = self.live & (verdict.dropped | called | verdict.timed_out)
        got, wrong = called & verdict.reached, called & ~verdict.there & ~verdict.dropped
        steps = self.episode.look(self._moment()).age_steps
        goes_on = np.zeros_like(over)
        for k in np.flatnonzero(over):
            outcome = GoalOutcome(
                reached=bool(got[k]),
                time_s=float(steps[k]) * self.period_s,
                angle_rad=float(self.episode.goals.first_rad[k]),
                called_wrong=bool(wrong[k]),
            )
            self._close_goal(int(k), outcome, fell=bool(verdict.dropped[k]))
            goes_on[k] = got[k] and len(self.trials[k].goals) < self.course.goals_per_episode
        self.live &= ~over | goes_on
        if goes_on.any():
            self._give_goals(goes_on)
        if 0.0 < self.course.episode_s <= self.step_number * self.period_s:
            self.live[:] = False

    def _called(self) -> NDArray[np.bool_]:
        sure = self.controller.sure if isinstance(self.controller, Calling) else None
        if sure is None:
            return np.zeros(self.course.episodes, dtype=bool)
        return np.asarray(sure > CALLED)

    def _close_goal(self, episode: int, outcome: GoalOutcome, *, fell: bool) -> None:
        trial = self.trials[episode]
        trial.goals.append(outcome)
        if self.watcher is not None:
            self.watcher.ended(episode, outcome, dropped=fell)
        trial.dropped = fell
        trial.lasted_s = self.step_number * self.period_s
