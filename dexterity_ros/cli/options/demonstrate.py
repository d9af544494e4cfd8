"""The options of `dexterity hand teach` and `dexterity hand play`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.hand import CurrentLimit, HandBusOptions
from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class TeachOptions(HandBusOptions):
    """Show a motion by moving the fingers of a hand that has no torque; without ROS.

    With --leader it is a second hand of the same model that has no torque: this one follows it through its gate.
    Space begins and ends an episode, k keeps it, t throws it away, q ends; a pedal that types these does as well. What
    was kept becomes a bag, a tick for every period, which `play`, `bag to-lerobot` and `train data` read.

    JSON keys:
    - bag, episodes, thrown, seconds

    Attributes:
        name: folder of the bag.
        rate_hz: ticks per second.
        leader: serial port of a second hand, which leads.
        leader_robot: robot.yaml of that hand.
    """

    name: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="NAME")]
    rate_hz: float = 20.0
    leader: Annotated[str, optional("PORT")] = ""
    leader_robot: Annotated[str, optional("FILE")] = ""
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class PlayOptions(HandBusOptions):
    """Play a motion on a hand, through its gate; without ROS.

    NAME is a bag of `teach`, or of any policy: then its targets are played. Eases to where it begins, and lets go
    gently at the end. With --dmp a movement primitive is fitted to all its episodes and starts where the hand stands;
    it may be given another goal.

    JSON keys:
    - seconds, cycles, clamped, tracking_rms_rad, end_rad

    Attributes:
        name: bag.
        episode: which one, from 0; not with --dmp.
        speed: times as fast as it was shown.
        dmp: fit a movement primitive and play that.
        goal: where the primitive ends, as JOINT:=RAD; the other joints end as shown.
    """

    name: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="NAME")]
    episode: int = 0
    speed: float = 1.0
    dmp: bool = False
    goal: Annotated[tuple[str, ...], optional("JOINT:=RAD ...")] = ()
    current_a: CurrentLimit = None
    json: JsonFile = None
