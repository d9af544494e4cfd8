"""The options of `dexterity hand ...`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, RobotFile, optional

Port = Annotated[str, optional("PORT", "serial port; default: the only one found")]
Baud = Annotated[int | None, optional("INT", "baud rate of the motors instead of the hand file's")]
CurrentLimit = Annotated[float | None, optional("AMPERE", "current limit; default: the hand's ceiling")]
Seconds = Annotated[float, tyro.conf.arg(help="how long to hold; 0 is until Ctrl-C")]


@dataclass(frozen=True, kw_only=True)
class HandBusOptions:
    """What every command takes that opens the bus of a hand."""

    port: Port = ""
    hand: HandName = "leap"
    robot: RobotFile = ""
    baud: Baud = None


@dataclass(frozen=True, kw_only=True)
class HandMotionOptions(HandBusOptions):
    """What a command takes that moves the hand and then holds it."""

    current_a: CurrentLimit = None
    seconds: Seconds = 0.0


@dataclass(frozen=True, kw_only=True)
class HandReadOptions(HandBusOptions):
    """Print positions, speeds, currents, temperatures and supply of every motor; nothing moves.

    What is outside the hand's limits is red.

    JSON keys:
    - joints {name: {motor, pos_rad, vel_rad_s, current_a, temperature_c, supply_v}}
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class HandHoldOptions(HandMotionOptions):
    """Switch torque on where the hand stands, hold, and let go at the end.

    Eased and gated. It holds until --seconds, Ctrl-C, `kill` or the end of its terminal.
    """


@dataclass(frozen=True, kw_only=True)
class HandHomeOptions(HandMotionOptions):
    """Ease to the home pose, hold, and let go at the end.

    Eased and gated. It holds until --seconds, Ctrl-C, `kill` or the end of its terminal.
    """


@dataclass(frozen=True, kw_only=True)
class HandJogOptions(HandMotionOptions):
    """Ease one joint by --by-rad from where the hand stands, hold, and let go at the end.

    Eased and gated. It holds until --seconds, Ctrl-C, `kill` or the end of its terminal.

    Attributes:
        joint: joint name of the hand's file.
        by_rad: how far.
    """

    joint: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="JOINT")]
    by_rad: float = 0.1


@dataclass(frozen=True, kw_only=True)
class HandSetupOptions(HandBusOptions):
    """Store in the motors what the hand needs: ids, baud rate and limits.

    With the whole hand connected, what another program changed is stored again; otherwise factory motors (id 1, 57600
    baud) are set up, one motor connected at a time.

    Attributes:
        joint: only the motor of this joint of the hand's file.
    """

    joint: Annotated[tyro.conf.Positional[str], optional("JOINT")] = ""


@dataclass(frozen=True, kw_only=True)
class HandAcceptOptions(HandBusOptions):
    """Run the scripted acceptance of a hand, about ten minutes, and write a report to sign.

    Status 1 when a step failed.

    JSON keys:
    - accepted
    - steps: a list of {name, ok, said, settles}

    Attributes:
        seconds: how long to warm up.
        yes: answer every question with yes; for tests on an emulated hand.
        report: where the report is written.
    """

    seconds: float = 120.0
    yes: bool = False
    report: Path = Path("acceptance.md")
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class HandEmulateOptions:
    """Serve an emulated hand with physics, to try commands on: one individual that no file knows.

    Zeros, signs, ids, stiffness, friction, delays and stops are drawn from --seed. It lasts until Ctrl-C.

    Attributes:
        hidden: what it really is; read where the file is there, written where it is not.
        seed: which individual, and the pose in which it lies.
        link: name of its port.
    """

    hand: HandName = "leap"
    hidden: Annotated[Path | None, optional("FILE")] = None
    seed: int = 0
    link: Path = Path("/tmp/dexterity_hand")
