"""When a reorientation is done."""

from dexterity_ros.tasks.sight import Bools, Sight


def judge(sight: Sight) -> tuple[Bools, Bools]:
    """Returns (there: turned to the goal for hold_steps, dropped: too far from the grasp centre), each (N,)."""
    return sight.held, sight.away
