"""The options of `dexterity bag ...`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, SomeHand, optional

BagPath = Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BAG", help="bag folder or .mcap file")]
OutPath = Annotated[
    tyro.conf.Positional[Path | None], optional("OUT", "where the result goes; default: beside the source")
]


@dataclass(frozen=True, kw_only=True)
class BagInfoOptions:
    """Print topics, counts, duration and size of a recording, and what ran.

    Checksums are checked; where something is damaged, a line says what, and the status is 1.

    JSON keys:
    - path, duration_s, bytes
    - topics {name: {type, messages}}
    - info: what ran; damage, doubts: one line each, or empty
    """

    path: BagPath
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BagRecoverOptions:
    """Save what is whole of a damaged recording, or of one whose recorder was killed.

    Every whole chunk goes into a new bag, OUT or PATH_recovered; what was lost is said, and the status is 1 then.
    """

    path: BagPath
    out: OutPath = None


@dataclass(frozen=True, kw_only=True)
class BagExportOptions:
    """Write one table per topic into a folder, images as PNG.

    Into OUT or PATH_tables, with a README.md that lists what was left out. Where something is damaged, a line says
    what, the rest is written, and the status is 1.

    Attributes:
        format: of the tables.
    """

    path: BagPath
    out: OutPath = None
    format: Literal["csv", "parquet"] = "csv"


@dataclass(frozen=True, kw_only=True)
class BagToLerobotOptions:
    """Write a LeRobotDataset v3: one frame per policy tick, one episode per reset.

    Values and stamps are exactly as recorded. Into OUT or PATH_lerobot, with a README.md that lists what was left out.
    Where something is damaged, a line says what, the rest is written, and the status is 1.
    """

    path: BagPath
    out: OutPath = None
    hand: SomeHand = ""


@dataclass(frozen=True, kw_only=True)
class BagFromLerobotOptions:
    """Make a bag of a LeRobotDataset: one of ours, or one recorded elsewhere.

    Into OUT or PATH_bag. A dataset with other columns is read with --columns, a YAML file with the keys state, action,
    velocity (empty: from differences), unit (rad or deg), joints (in their order).

    Attributes:
        path: the dataset.
        columns: file that says what its columns are called; default: as in ours.
    """

    path: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATASET")]
    out: OutPath = None
    hand: HandName = "leap"
    columns: Annotated[Path | None, optional("FILE")] = None


@dataclass(frozen=True, kw_only=True)
class BagJoinLerobotOptions:
    """Join LeRobot datasets of the same features into one, with their tasks.

    Statistics are those of the episodes to train on; validation episodes come last. `dexterity report OUT` shows what
    is in it.

    JSON keys:
    - episodes, frames, validation, tasks

    Attributes:
        out: folder of the new dataset.
        datasets: what is joined, one or more.
        validation: share of the episodes that are put aside.
        seed: of the draw of these.
    """

    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    datasets: Annotated[tuple[Path, ...], tyro.conf.Positional, optional("DATASET")]
    validation: float = 0.0
    seed: int = 0
    json: JsonFile = None
