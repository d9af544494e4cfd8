"""What an environment is made of, and what one of its steps returns."""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import PART_NAME, PATH, SHARE, UNSAID_AT_DEFAULT, Checked, Length, Range
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.observation.memory import PolicyMemory
from dexterity_ros.sim.physics import THREADS
from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.reset_pool import RESET_POOL
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sensors import SampleNoise
from dexterity_ros.sim.starts import BeforeDrops
from dexterity_ros.sim.synthetic_clouds import CloudNoise
from dexterity_ros.tasks.reward import RewardConfig
from dexterity_ros.tasks.spec import GOAL_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class SlowGoals(Checked):
    """A share of the goals whose time-out is drawn evenly from timeout_s, so that the others' is not all there is."""

    share: Annotated[float, SHARE]
    timeout_s: Annotated[tuple[float, float], GOAL_TIMEOUT]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timeout_s[0] > self.timeout_s[1]:
            raise ConfigError(f"timeout_s is {list(self.timeout_s)}, expected the shortest first")

    def draw(self, count: int, usual_s: float, period_s: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """Returns after how many control steps each of `count` new goals is late, (count,)."""
        longer = rng.uniform(*self.timeout_s, size=count)
        time_s = np.where(rng.uniform(size=count) < self.share, longer, usual_s)
        return np.round(time_s / period_s).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class EnvConfig(Checked):
    """Everything the environment is made of besides hand, task and policy interface.

    slow_goals: some goals have a longer time-out than the task's. late_goes_on: share of the goals that are late, and
    for which that is a failure, after which the hand is given another goal where it is, instead of a new grasp.
    before_drops: some episodes begin shortly before a drop. clouds: what a depth camera sees, for a policy of points.
    privileged: what the critic sees, names of sim/privileged.py and of the task; none = what the task says.
    """

    num_envs: Annotated[int, Range(1, 1_000_000, "each is a state in memory")]
    physics: PhysicsConfig
    object: Annotated[str, PATH]
    episode_s: Annotated[float, Range(0.05, 86_400.0, "from one control step to a day")]
    noise: SampleNoise
    randomisation: ModelRandomisation | None
    reward: RewardConfig = field(default_factory=RewardConfig)
    reset_pool: Annotated[int, RESET_POOL] = 2048
    threads: Annotated[int, THREADS] = 2
    slow_goals: SlowGoals | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    late_goes_on: Annotated[float, SHARE] = field(default=0.0, metadata=UNSAID_AT_DEFAULT)
    before_drops: BeforeDrops | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    clouds: CloudNoise | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    privileged: Annotated[tuple[str, ...], PART_NAME, Length(0, 64, "each is a term of the critic's")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.late_goes_on > 0.0 and self.reward.late == 0.0:
            raise ConfigError(f"late_goes_on is {self.late_goes_on}, so reward.late must be other than 0")


@dataclass(frozen=True, kw_only=True)
class EnvStep:
    """What one control step returned, each with leading dimension N.

    observation: float32, after automatic resets. privileged: float32, what only a simulator knows (for the critic).
    final_privileged: the same before resets, for bootstrapping. terminated: dropped, or too late where that is a
    failure. truncated: out of time. restarted: the hand has a new grasp, and memories begin anew.
    reached, failed: goals that ended in this step. least_error_rad: how near the present goal has been, before the
    next. final_inputs, final_memory: what perfect sensors saw, and what the policy remembered, before resets. terms:
    the reward terms, unscaled, each (N,).
    """

    observation: NDArray[np.float32]
    privileged: NDArray[np.float32]
    final_privileged: NDArray[np.float32]
    reward: Floats
    terminated: Bools
    truncated: Bools
    restarted: Bools
    reached: Bools
    failed: Bools
    least_error_rad: Floats
    final_inputs: ObservationInputs
    final_memory: PolicyMemory
    terms: dict[str, Floats]
