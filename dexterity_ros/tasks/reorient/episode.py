"""When a reorientation is done."""

from dexterity_ros.contracts.arrays import Bools
from dexterity_ros.tasks.sight import Sight


def judge(sight: Sight) -> tuple[Bools, Bools]:
    """Returns (there: turned to the goal for hold_steps, dropped: too far from the grasp centre), each (N,)."""
    return sight.held, sight.away
