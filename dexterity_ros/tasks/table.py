"""The tasks, by the `kind` of their file in config/tasks. A new one is a folder beside this file, and a row here."""

from dexterity_ros.tasks.hold import HOLD
from dexterity_ros.tasks.reorient import REORIENT
from dexterity_ros.tasks.task import Task

TASKS: dict[str, Task] = {
    "yaw": REORIENT,
    "spin": REORIENT,
    "so3": REORIENT,
    "hold": HOLD,
}
