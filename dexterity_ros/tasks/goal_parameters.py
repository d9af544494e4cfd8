"""What goal_node is given: the task, and what this deployment changes of it."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.capture import Capture, load_capture
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.object import NO_MODEL, load_object, load_symmetry
from dexterity_ros.contracts.ranges import PATH, SEED, Checked, Range, shown
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.tasks.spec import GOAL_ANGLE, TaskSpec
from dexterity_ros.tasks.wanted import Turns, Views, Wanted

_POINTS = 512  # of a goal; a network takes the first of them, which are well apart


@dataclass(frozen=True, kw_only=True)
class GoalParameters(Checked):
    """Parameters of goal_node; goal_min_rad and goal_max_rad replace the task's range.

    margin_rad: a goal must be this much closer than the task's success_rad, because the pose is only an estimate.
    object: name or folder; what looks alike of it is the same to a goal; empty = every turn counts.
    reached_by: the estimated pose, or a policy with a stop head says when a goal is reached.
    sight: what there is of the object. With object_cloud nobody says how it is turned: the policy calls goals reached,
    and goals are shown as points of the object's model. captures: names or files, separated by blanks; they are wanted
    in place of turns.
    """

    hand: Annotated[str, PATH]
    task: Annotated[str, PATH]
    seed: Annotated[int, SEED]
    margin_rad: Annotated[float, Range(0.0, 1.0, "less than what a task asks for")]
    goal_min_rad: Annotated[float | None, GOAL_ANGLE] = None
    goal_max_rad: Annotated[float | None, GOAL_ANGLE] = None
    reached_by: Literal["pose", "policy"] = "pose"
    object: Annotated[str, PATH] = ""
    sight: Literal["object_pose", "object_cloud"] = "object_pose"
    captures: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.captures and self.sight != "object_cloud":
            raise ConfigError(f"captures are goals for a policy that sees points: sight is {self.sight}")

    @property
    def by_policy(self) -> bool:
        """Whether the policy calls goals reached."""
        return self.reached_by == "policy" or self.sight == "object_cloud"

    def wanted(self) -> Wanted:
        """Returns what is asked for. Raises ConfigError for an object or a capture that is not here."""
        hand = load_hand(self.hand)
        if self.captures:
            captures = [load_capture(name) for name in self.captures.split()]
            _check_hands(captures, hand)
            return Views(captures, self.seed)
        if self.sight == "object_pose":
            return Turns(self.task_spec(), self.seed)
        item = load_object(self.object) if self.object not in NO_MODEL else None
        if item is None:
            raise ConfigError(
                f"object is {shown(self.object)}, of which there are no parts (object.yaml) to show a goal by: "
                "give such an object, or captures (dexterity goal capture)"
            )
        from dexterity_ros.contracts.surface import surface_samples  # needs scipy, which the extra ros has not

        surface = surface_samples(item, _POINTS).points_m
        return Turns(self.task_spec(), self.seed, item.symmetry, surface, hand.grasp_centre_m)

    def symmetry(self) -> Symmetry:
        """Returns the turns of the object that nobody can see. Raises ConfigError."""
        return load_symmetry(self.object) if self.object not in NO_MODEL else NO_SYMMETRY

    def task_spec(self) -> TaskSpec:
        """Returns the task with this deployment's goal range."""
        task = config.load(TaskSpec, named_resource("config/tasks", self.task))
        low = task.goal_rad[0] if self.goal_min_rad is None else self.goal_min_rad
        high = task.goal_rad[1] if self.goal_max_rad is None else self.goal_max_rad
        return replace(task, goal_rad=(low, high))


def _check_hands(captures: list[Capture], hand: HandSpec) -> None:
    """Raises ConfigError for what was captured in the frame of another hand."""
    for capture in captures:
        if capture.hand != hand.name:
            raise ConfigError(f"the capture {capture.name} was taken with the hand {capture.hand}, this is {hand.name}")
