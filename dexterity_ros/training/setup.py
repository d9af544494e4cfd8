"""What every training run in the simulated hand has: hand, task, what the policy sees and does, environment."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.manifest import LATENCY, check_latency
from dexterity_ros.contracts.ranges import PART_NAME, PATH, SEED, UNSAID_AT_DEFAULT, Checked, Length
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.robot import NO_ROBOT, RobotSpec, load_robot
from dexterity_ros.contracts.spec import MAX_AGE, MOST_TERMS, ActionSpec, ObservationSpec
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.tasks.spec import GOAL_TIMEOUT, TaskSpec


@dataclass(frozen=True, kw_only=True)
class PolicyInterfaceConfig(Checked):
    """What the policy sees and does. max_age_s: limits at deployment. latency_s: measurement to write, trained."""

    terms: Annotated[tuple[str, ...], PART_NAME, Length(1, MOST_TERMS, "a policy sees something")]
    max_age_s: Annotated[dict[str, float], MAX_AGE, Length(0, 16, "one for each source")]
    latency_s: Annotated[tuple[float, float], LATENCY]
    action: ActionSpec

    def __post_init__(self) -> None:
        super().__post_init__()
        check_latency(self.latency_s)


@dataclass(frozen=True, kw_only=True)
class Setup(Checked):
    """The part of a training configuration that teachers and students share.

    angle_density: flat draws goal angles evenly, haar draws goal rotations evenly.
    robot: robot.yaml of the one hand to train for: the simulated hand is that one, its ranges no wider than what is
    known of it (sim/overlay.py).
    """

    hand: Annotated[str, PATH]
    task: Annotated[str, PATH]
    goal_timeout_s: Annotated[float, GOAL_TIMEOUT]
    policy: PolicyInterfaceConfig
    env: EnvConfig
    seed: Annotated[int, SEED]
    angle_density: Literal["flat", "haar"] = field(default="flat", metadata=UNSAID_AT_DEFAULT)
    robot: Annotated[str, PATH] = field(default=NO_ROBOT, metadata=UNSAID_AT_DEFAULT)

    def hand_spec(self) -> HandFile:
        """Returns the hand this run trains."""
        return load_hand(self.hand)

    def robot_spec(self) -> RobotSpec | None:
        """Returns what was measured of the one hand that this run trains for, or None. Raises ConfigError."""
        return load_robot(self.robot)

    def task_spec(self, goal_rad: tuple[float, float]) -> TaskSpec:
        """Returns the task as trained: goal angles drawn in its own way, its own time-out.

        goal_rad: smallest and largest angle of a new goal.
        """
        task = configs.load(TaskSpec, named_resource("config/tasks", self.task))
        density, timeout_s = self.angle_density, self.goal_timeout_s
        return replace(task, goal_rad=goal_rad, angle_density=density, goal_timeout_s=timeout_s)

    def observation(self) -> ObservationSpec:
        """Returns what the policy sees."""
        return observation_spec(self.policy.terms, len(self.hand_spec().joints), self.policy.max_age_s)

    def hands(self, goal_rad: tuple[float, float]) -> ReorientEnv:
        """Returns the simulated hands, with goals of such angles."""
        return ReorientEnv(
            hand=self.hand_spec(),
            task=self.task_spec(goal_rad),
            observation=self.observation(),
            action=self.policy.action,
            config=self.env,
            seed=self.seed,
            robot=self.robot_spec(),
        )
