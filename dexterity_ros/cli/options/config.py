"""The options of `dexterity config`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class ConfigOptions:
    """Print a configuration file with everything that it is based on (`base:`) laid below it.

    Of a hand, also the digest that policies and a robot.yaml name.

    JSON keys:
    - content: of the file as printed; hand_digest, empty for what is no hand

    Attributes:
        file: for instance config/systems/eyes.yaml, or a file of your own.
        kind: where in config its base may be; default: the name of the folder that the file is in.
    """

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    kind: Annotated[Literal["cameras", "eval", "hands", "protocols", "systems", "train"] | None, optional("KIND")] = (
        None
    )
    json: JsonFile = None
