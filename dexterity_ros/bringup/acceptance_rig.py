"""What the steps of an acceptance work on, and how one says that it did not see what it must."""

from collections.abc import Callable
from dataclasses import dataclass

from dexterity_ros.bringup.manual import Clock, HandError, ManualHand
from dexterity_ros.bringup.person import Person
from dexterity_ros.contracts.errors import DexterityError, Fault
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What the steps work on.

    ask: asks the person a yes-no question. person: who says which joint moved. open_bus: opens the port of a hand that
    is not connected. kill_holding: starts another process that holds the hand, kills it with SIGKILL, and returns.
    hold_s: how long to warm up.
    """

    manual: ManualHand
    open_bus: Callable[[], DynamixelBus]
    clock: Clock
    ask: Callable[[str], bool]
    person: Person
    kill_holding: Callable[[], None]
    hold_s: float


class StepFailedError(DexterityError):
    """A step did not see what it must see."""


def must(seen: bool, otherwise: str) -> None:
    """Raises StepFailedError unless it was seen."""
    if not seen:
        raise StepFailedError(otherwise)


def registers(rig: Rig, name: str) -> list[int]:
    """Returns a register of every motor. Raises HandError."""
    values = rig.manual.driver.registers(name)
    if isinstance(values, Fault):
        raise HandError(str(values))
    return values
