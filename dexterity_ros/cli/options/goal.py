"""The options of `dexterity goal ...`."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile


@dataclass(frozen=True, kw_only=True)
class GoalCaptureOptions:
    """Keep what the camera sees of the object as a goal for a policy of points.

    No model of the object is needed. A system with a camera has to run, such as `dexterity up real --arg camera:=...
    object:=none sight:=object_cloud` with a limp hand. Lay the object in the hand as it is wanted, or hold it above the
    palm from below, and keep still. Whatever is not the hand and lies within 9 cm of the grasp centre is taken for the
    object: fingers of yours too.

    Writes models/goals/NAME.yaml. Two or more of them are goals: `captures:="NAME NAME"` of a system, or --captures of
    `dexterity demo`. Status 1 when the object moved or is hardly seen.

    JSON keys:
    - name, file
    - points; size_mm [x, y, z] of what is seen; moved_mm meanwhile; images

    Attributes:
        name: of the goal.
        images: how many are taken; about 15 come in a second.
        replace: a goal of that name may be replaced.
    """

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="NAME")]
    hand: HandName = "leap"
    images: int = 15
    replace: bool = False
    json: JsonFile = None
