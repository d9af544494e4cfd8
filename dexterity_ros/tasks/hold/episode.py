"""When an object has been held, and when it is lost."""

from dexterity_ros.contracts.arrays import Bools
from dexterity_ros.tasks.sight import Sight


def judge(sight: Sight) -> tuple[Bools, Bools]:
    """Returns (there: kept until the time was over, dropped: turned or moved too far), each (N,)."""
    kept = sight.goals.error_rad < sight.task.success_rad  # as it was last seen
    return sight.timed_out & sight.near & kept, sight.away | ~kept
