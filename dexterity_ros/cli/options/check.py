"""The options of `dexterity check`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, RobotFile, optional


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """Print the contract of a policy bundle and say whether it may run on a hand.

    Checks digests, shapes, the contract stored in the network, the golden input-output pair, joint names and order,
    hand limits and MJCF, and that the gate does not cut the decoder's steps. Refuses with the reason and status 2.
    With --robot also whether stiffness, damping and delays of that one hand lie in the ranges of the training; where
    the policy does not say them, within a quarter of its nominal gains.

    JSON keys:
    The names printed in the left column, each with a line of text: bundle; task, object; hand; control rate;
    observation; action; latency trained; convention; unverified; current limit; gate; golden pair; trained; measured.
    With --robot: robot, a line; not measured, a line.

    Attributes:
        bundle: policy bundle directory.
        object: name in models/objects, or folder: is it what the policy was trained on?
    """

    bundle: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BUNDLE")]
    hand: HandName = "leap"
    object: Annotated[str | None, optional("OBJECT")] = None
    robot: RobotFile = ""
    json: JsonFile = None
