"""How a teacher is trained; YAML in config/train."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.ranges import SHARE, UNSAID_AT_DEFAULT, Checked, Range
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.tasks.spec import GOAL_ANGLE
from dexterity_ros.training.ppo import PpoConfig
from dexterity_ros.training.ranges import STEPS
from dexterity_ros.training.setup import Setup
from dexterity_ros.training.widths import WidthConfig


@dataclass(frozen=True, kw_only=True)
class CurriculumConfig(Checked):
    """Goals grow from start_rad by step_rad to end_rad, whenever more than `threshold` of them are reached."""

    start_rad: Annotated[float, GOAL_ANGLE]
    end_rad: Annotated[float, GOAL_ANGLE]
    step_rad: Annotated[float, GOAL_ANGLE]
    threshold: Annotated[float, SHARE]
    window_goals: Annotated[int, Range(1, 10_000_000, "at least one goal decides")]


@dataclass(frozen=True, kw_only=True)
class TeacherConfig(Setup):
    """One training run; YAML in config/train.

    actor_sees: privileged: what the critic sees, shape and mass of the object among it; such a teacher has students,
    and is never exported itself. critic_first: updates in which only the critic learns: one that knows nothing yet
    spoils what an actor can do that began from another.
    """

    goal_min_rad: Annotated[float, GOAL_ANGLE]
    ppo: PpoConfig
    curriculum: CurriculumConfig
    total_steps: Annotated[int, STEPS]
    widths: WidthConfig | None = None
    actor_sees: Literal["observation", "privileged"] = field(default="observation", metadata=UNSAID_AT_DEFAULT)
    critic_first: Annotated[int, Range(0, 10_000_000, "0 = both learn at once")] = field(
        default=0, metadata=UNSAID_AT_DEFAULT
    )

    def environment(self) -> ReorientEnv:
        """Returns the simulated hands, with goals as the curriculum begins."""
        return self.hands((self.goal_min_rad, self.curriculum.start_rad))


def load_config(path: Path) -> TeacherConfig:
    """Returns the training configuration in a YAML file. Raises ConfigError."""
    return configs.load(TeacherConfig, path, "config/train")
