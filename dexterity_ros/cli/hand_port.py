"""What the commands of `dexterity hand` have in common: the hand's file, its joint, its serial port."""

from dataclasses import replace

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.drivers.dynamixel.discovery import find_ports


def hand_spec(name: str, baud: int | None) -> HandSpec:
    """Returns a hand, with another baud rate where one is given."""
    spec = load_hand(name)
    return spec if baud is None else replace(spec, baud_rate=baud)


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
