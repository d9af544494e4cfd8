"""The options of `dexterity print board`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True, kw_only=True)
class PrintBoardOptions:
    """Write the board that `bringup camera --board` looks for: A4, 1:1, with a ruler to check the print.

    Attributes:
        out: the page, a .pdf.
    """

    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("board.pdf")
