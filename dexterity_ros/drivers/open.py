"""The one factory: hands and buses as ports. Nothing is opened here, and nobody asks what is behind them."""

from collections.abc import Callable
from functools import partial

from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import open_native


def hand_on_port(hand: RobotHand, path: str, *, current_limit_a: float) -> DynamixelHand:
    """Returns a hand on a serial device, or on an emulator's socket."""
    return hand_on_bus(hand, bus_on_port(hand, path), current_limit_a=current_limit_a)


def hand_on_bus(hand: RobotHand, open_bus: Callable[[], DynamixelBus], *, current_limit_a: float) -> DynamixelHand:
    """Returns a hand on a bus. open_bus: opens it, and again when it was lost."""
    return DynamixelHand(hand, open_bus, current_limit_a=current_limit_a)


def bus_on_port(hand: RobotHand, path: str) -> Callable[[], DynamixelBus]:
    """Returns what opens the bus of a hand, at its baud rate; it raises BusLostError when it cannot be opened."""
    return partial(open_native, path, hand.drive.baud_rate)
