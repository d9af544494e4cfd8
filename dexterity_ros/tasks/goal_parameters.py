"""What goal_node is given: the task, and what this deployment changes of it."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.object import load_symmetry
from dexterity_ros.contracts.ranges import PATH, SEED, Checked, Range
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.tasks.spec import GOAL_ANGLE, TaskSpec


@dataclass(frozen=True, kw_only=True)
class GoalParameters(Checked):
    """Parameters of goal_node; goal_min_rad and goal_max_rad replace the task's range.

    margin_rad: a goal must be this much closer than the task's success_rad, because the pose is only an estimate.
    object: name or folder; what looks alike of it is the same to a goal; empty = every turn counts.
    reached_by: the estimated pose, or a policy with a stop head says when a goal is reached.
    """

    hand: Annotated[str, PATH]
    task: Annotated[str, PATH]
    seed: Annotated[int, SEED]
    margin_rad: Annotated[float, Range(0.0, 1.0, "less than what a task asks for")]
    goal_min_rad: Annotated[float | None, GOAL_ANGLE] = None
    goal_max_rad: Annotated[float | None, GOAL_ANGLE] = None
    reached_by: Literal["pose", "policy"] = "pose"
    object: Annotated[str, PATH] = ""

    def symmetry(self) -> Symmetry:
        """Returns the turns of the object that nobody can see. Raises ConfigError."""
        return load_symmetry(self.object) if self.object else NO_SYMMETRY

    def task_spec(self) -> TaskSpec:
        """Returns the task with this deployment's goal range."""
        task = config.load(TaskSpec, named_resource("config/tasks", self.task))
        low = task.goal_rad[0] if self.goal_min_rad is None else self.goal_min_rad
        high = task.goal_rad[1] if self.goal_max_rad is None else self.goal_max_rad
        return replace(task, goal_rad=(low, high))
