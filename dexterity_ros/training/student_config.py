"""What a run of a student is made of."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import PATH, UNSAID_AT_DEFAULT, Length, Range
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.tasks.spec import GOAL_ANGLE
from dexterity_ros.training.imitation.fine_tuning import TuningConfig
from dexterity_ros.training.imitation.methods import Method
from dexterity_ros.training.imitation.rounds import RoundsConfig
from dexterity_ros.training.networks import ActorConfig
from dexterity_ros.training.reinforcement import SuccessStage
from dexterity_ros.training.setup import Setup


@dataclass(frozen=True, kw_only=True)
class StudentConfig(Setup):
    """One run; YAML in config/train. teacher: bundle directory. method: a file of training/imitation each.

    teacher_sees: the truth, or what the student's sensors say, so that the student can know what it acts on.
    stop_head: the student also says whether the goal is reached.
    Of the method `reinforced`, whose rounds are updates: tuning. critic_sees: what the teacher does, or env.privileged.
    success: when a goal counts as reached, by steps; none = as the task says. redraw_updates: after so many updates all
    hands are replaced by others; 0 = never.
    """

    teacher: Annotated[str, PATH]
    goal_rad: Annotated[tuple[float, float], GOAL_ANGLE]
    student: ActorConfig
    rounds: RoundsConfig
    method: Method = "dagger"
    teacher_sees: Literal["truth", "sensors"] = "truth"
    stop_head: bool = False
    tuning: TuningConfig | None = None
    critic_sees: Literal["teacher", "privileged"] = field(default="teacher", metadata=UNSAID_AT_DEFAULT)
    success: Annotated[tuple[SuccessStage, ...], Length(0, 100, "stages of one run")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    redraw_updates: Annotated[int, Range(0, 10_000_000, "0 = never")] = field(default=0, metadata=UNSAID_AT_DEFAULT)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stop_head and not self.rounds.imagine:
            raise ConfigError(
                "stop_head is true and rounds.imagine false: only imagined goals show what reached is like"
            )
        if self.method == "reinforced" and (self.tuning is None or self.stop_head):
            raise ConfigError("method is reinforced: it needs tuning, and no stop_head, for which there is no reward")
        if self.method == "reinforced" and self.teacher_sees == "sensors":
            raise ConfigError(
                "method is reinforced: its critic sees what the teacher does, so teacher_sees must be truth"
            )
        if self.method != "reinforced" and (self.critic_sees, self.success, self.redraw_updates) != ("teacher", (), 0):
            raise ConfigError(f"critic_sees, success, redraw_updates are of method reinforced, it is {self.method}")
        if self.critic_sees == "privileged" and self.tuning is not None and self.tuning.imitation > 0.0:
            raise ConfigError("critic_sees is privileged, so nobody asks the teacher: tuning.imitation must be 0")

    def environment(self) -> ReorientEnv:
        """Returns the simulated hands."""
        return self.hands(self.goal_rad)
