"""The options of `dexterity bringup`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.hand import Baud, Port
from dexterity_ros.cli.options.kinds import HandName, JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class BringupOptions:
    """Walk from an assembled hand to its robot.yaml, step by step; a finished step is kept.

    Without STEP, all steps that are not finished. Everything moves slowly, below a current ceiling of its own; Ctrl-C
    lets go.

    JSON keys:
    - steps {name: {measured, said, warnings, tables, pictures}}

    Attributes:
        step: only this step, also when it is finished.
        robot: robot.yaml that is made, or gone on with.
        camera: name or file of the depth camera above the hand; the step camera needs it.
        eyes: the camera says which joint moved, and which way; you are asked where it cannot.
        board: where the printed board lies (docs/mounting.md); the step camera then looks at that, and nothing moves.
        again: all steps, also those that are finished.
    """

    step: Annotated[tyro.conf.Positional[str], optional("STEP")] = ""
    robot: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("robot.yaml")
    hand: HandName = "leap"
    camera: Annotated[str, optional("NAME")] = ""
    board: Annotated[Path | None, optional("FILE")] = None
    eyes: bool = False
    port: Port = ""
    baud: Baud = None
    again: bool = False
    json: JsonFile = None
