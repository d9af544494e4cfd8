"""Kinds of options that many commands have in common."""

from pathlib import Path
from typing import Annotated, Any

import tyro


def optional(metavar: str, help: str | None = None) -> Any:
    """Returns the annotation of an option that may be left out, and then has no default worth showing."""
    return tyro.conf.arg(metavar=metavar, help=help, help_behavior_hint="")


JsonFile = Annotated[Path | None, optional("FILE", "write the figures to this file; --help-json lists them")]
HandName = Annotated[str, tyro.conf.arg(metavar="HAND", help="name in config/hands or path of a YAML file")]
RobotFile = Annotated[str, optional("FILE", "robot.yaml: what was measured of this one hand")]
SomeHand = Annotated[str, optional("HAND", "name or path in place of the hand that the recording names")]
