"""The options of `dexterity bench reports`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class BenchReportsOptions:
    """Plant one cause in each of twelve runs: does the first sentence of `dexterity report` name it?

    Policy, supervisor, motors and physics run in virtual time, about 16 s each; five more runs are clean, and nothing
    may be said of them. Status 1 when two causes go unnamed, or a clean run is accused.

    JSON keys:
    - planted, named, clean, accused
    - each: a list of {name, planted, right, said}

    Attributes:
        runs: only these; empty means all.
        seed: of the first run; the others count up.
        keep: folder in which the recordings stay, to look at their reports.
    """

    runs: Annotated[tuple[str, ...], optional("NAME ...")] = ()
    seed: int = 0
    keep: Annotated[Path | None, optional("FOLDER")] = None
    json: JsonFile = None
