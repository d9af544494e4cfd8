"""What the commands of `dexterity hand` have in common: the hand's file, its joint, its serial port."""

from dataclasses import replace
from typing import Protocol

from dexterity_ros.cli.output import say
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile, HandSpec
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.drivers.dynamixel.discovery import find_ports


class Named(Protocol):
    """The options of every command that opens a hand."""

    @property
    def hand(self) -> str:
        """Name or path of the hand's file."""
        ...

    @property
    def robot(self) -> str:
        """The robot.yaml of this one, or NO_ROBOT."""
        ...

    @property
    def baud(self) -> int | None:
        """Baud rate in place of the file's."""
        ...


def hand_spec(options: Named) -> RobotHand:
    """Returns the hand that is named, this one individual of it, with another baud rate where one is given."""
    hand = load_robot_hand(options.hand, options.robot)
    say_unverified(hand)
    return hand if options.baud is None else replace(hand, drive=replace(hand.drive, baud_rate=options.baud))


def say_unverified(hand: HandFile) -> None:
    """Tells whoever is about to move a hand what of its file nobody has confirmed."""
    if hand.unverified:
        say(f"{hand.name}: nobody has confirmed {', '.join(hand.unverified)}")


def joint_index(spec: HandSpec, joint: str) -> int:
    """Returns which joint of the hand it is. Raises ConfigError, with those there are."""
    if joint not in spec.joint_names:
        raise ConfigError(f"hand {spec.name} has no joint {joint!r}; it has {list(spec.joint_names)}")
    return spec.joint_names.index(joint)


def port_path(named: str) -> str:
    """Returns the port that is named, or the only one there is. Raises ConfigError."""
    if named:
        return named
    ports = [str(port) for port in find_ports()]
    if len(ports) != 1:
        raise ConfigError(
            f"name the motors' port with --port; found {ports or 'no serial port: is the hand plugged in?'}"
        )
    return ports[0]
