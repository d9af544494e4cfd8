"""The options of `dexterity record`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, RobotFile


@dataclass(frozen=True, kw_only=True)
class RecordOptions:
    """Record a running system into a bag (rosbag2, MCAP) until Ctrl-C: every topic that belongs into one.

    `dexterity demo --record FOLDER` and `record:=FOLDER` of a system do the same from the start on, and also keep what
    was started with which parameters.

    Attributes:
        folder: bag to make; it must not exist.
        policy: bundle that runs, kept in the bag, or none.
        minutes: stop after this time; 0 is until Ctrl-C.
    """

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FOLDER")]
    hand: HandName = "leap"
    robot: RobotFile = ""
    policy: str = "none"
    minutes: float = 0.0
