"""Who may join a system: the processes of this machine, or those of its network. The environment that says so."""

import os

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.ros.identity import SYSTEM_VARIABLE, new_system_id
from dexterity_ros.ros.transports import PROFILE_VARIABLE, PROFILES
from dexterity_ros.runtime.ending import STARTER
from dexterity_ros.systems.spec import Argument

NETWORK = Argument(default="localhost", about="localhost, or lan: other machines may join, such as one with the camera")
_RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
_RANGES = {"localhost": "LOCALHOST", "lan": "SUBNET"}


def network_variables(network: str) -> dict[str, str]:
    """Returns the variables that open discovery this far, and name transports that carry images. Raises ConfigError."""
    if network not in _RANGES:
        raise ConfigError(f"argument network: expected {' or '.join(_RANGES)}, got {network!r}")
    profile = os.environ.get(PROFILE_VARIABLE, str(shipped(PROFILES[network])))
    return {_RANGE: _RANGES[network], PROFILE_VARIABLE: profile}


def network_warning(network: str) -> str:
    """Returns what a person should know about who may join, as one line; empty when there is nothing to know."""
    if network == "lan":
        return "network:=lan: every machine on this network may join, watch and command the hand"
    asked = os.environ.get(_RANGE, _RANGES[network])
    if asked != _RANGES[network]:
        return f"{_RANGE}={asked} is not followed: only this machine joins; network:=lan opens the system"
    return ""


def node_variables() -> dict[str, str]:
    """Returns the variables that every node of a system needs, wherever it may be joined from."""
    return {
        "RCUTILS_LOGGING_BUFFERED_STREAM": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        STARTER: str(os.getpid()),
        SYSTEM_VARIABLE: os.environ.get(SYSTEM_VARIABLE) or new_system_id(),
    }
