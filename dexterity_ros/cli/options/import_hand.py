"""The options of `dexterity import hand`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class ImportHandOptions:
    """Make a hand of somebody's MJCF (.xml, .mjcf) or URDF, meshes included.

    Writes hand.yaml (joints in the file's order, limits, motors), hand.xml (boxes and capsules in place of meshes that
    collide, small copies of the meshes to look at), shape.yaml for the eyes, answers.yaml, and preview.png. The file
    itself is not touched; `dexterity demo --hand FOLDER` takes what is written. Fingertips, home pose, the way the palm
    faces and the grasp centre are proposed.

    What the file does not say is taken from --answers, or asked for at a terminal; nothing is assumed. Without a
    terminal all questions are listed, with status 2. Answers that nobody knows yet (`unknown: [gains]`) are stood in
    for, and hand.yaml lists them as unverified. Every joint needs a motor of its own: joints that others pull along
    are named, and may be made to stand still (`fixed: {joint: rad}`).

    Then it lets cubes go above the hand and says how many rest in it.

    JSON keys:
    - hand: the file; joints: names in policy order; unverified: a list of keys; decide: a list of texts
    - figures: what is printed in the left column, each with a line of text
    - rested, flung: shares of the cubes

    Attributes:
        file: the model.
        out: folder to write; its last part is the hand's name. A folder that was made so before is made anew.
        answers: YAML file with what the model's file does not say, see docs/own_hand.md.
        packages: folder in which the packages of package://NAME/... lie; those above the file are found without it.
        parts: boxes and capsules at most on each link, in place of its meshes.
    """

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
    answers: Annotated[Path | None, optional("FILE")] = None
    packages: Annotated[Path | None, optional("DIR")] = None
    parts: int = 6
    json: JsonFile = None
