"""The options of `dexterity doctor`."""

from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.cli.options.kinds import HandName, JsonFile, RobotFile, optional


@dataclass(frozen=True, kw_only=True)
class DoctorOptions:
    """Look at this machine and its hand; say what is missing and the command that mends it.

    On every serial port found, or on --port: motors at all baud rates, read and write rate, latency, return delay,
    temperatures, supply, latched errors. Nothing moves. Do not use it while another program drives the hand. Status 1
    when something needed is missing; the bus is needed when --port is given.

    JSON keys:
    - findings: a list of {name, ok, found, fix, command (what to type; empty for none), needed}

    Attributes:
        port: serial port of the motors; default: all that are found.
    """

    port: Annotated[str, optional("PORT")] = ""
    hand: HandName = "leap"
    robot: RobotFile = ""
    json: JsonFile = None
