"""Who this process is: its system, its instance, and the counter of what it sends."""

import itertools
import os
import secrets

from dexterity_ros import wire

SYSTEM_VARIABLE = "DEXTERITY_SYSTEM"  # set by what starts a system, the same for all its processes
_INSTANCE = secrets.token_hex(4)


def system_id() -> str:
    """Returns the id of the system that this process is part of; nodes that were started one by one share one."""
    return os.environ.get(SYSTEM_VARIABLE) or "unnamed"


def new_system_id() -> str:
    """Returns an id for a system that is about to be started."""
    return secrets.token_hex(4)


class Sender:
    """Numbers the messages of one publisher."""

    def __init__(self) -> None:
        self._system, self._counter = system_id(), itertools.count()

    def origin(self, number: int) -> wire.Origin:
        """Returns who sends the next message, and the number that it is about."""
        return wire.Origin(system=self._system, instance=_INSTANCE, count=next(self._counter), number=number)
