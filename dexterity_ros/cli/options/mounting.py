"""The options of `dexterity hand mounting`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, optional


@dataclass(frozen=True, kw_only=True)
class MountingOptions:
    """Draw to scale where hand and camera stand, from the side and from above.

    Attributes:
        camera: name or file of the camera.
        robot: robot.yaml; the camera is then drawn where it was measured to stand.
        out: the picture, a .png.
    """

    hand: HandName = "leap"
    camera: Annotated[str, tyro.conf.arg(metavar="NAME")] = "demo"
    robot: Annotated[str, optional("FILE")] = ""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("mounting.png")
