"""The folder of a training run: run.yaml says which kind it is and how it was set up, log.jsonl how it went.

Beside them lies checkpoint.pt, whose last line is "dexterity_ros checkpoint 1 KIND SHA256".
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import PART_NAME, Checked, shown

RUN_FILE, LOG_FILE, CHECKPOINT = "run.yaml", "log.jsonl", "checkpoint.pt"
Kind = Literal["teacher", "student", "points", "learner"]
LAST_LINE = re.compile(rb"\ndexterity_ros checkpoint 1 ([a-z]{1,20}) ([0-9a-f]{64})\n")
LAST_LINE_BYTES = 200  # at most
_OLDER_FILE = "config.yaml"  # of runs without run.yaml: the configuration alone


@dataclass(frozen=True, kw_only=True)
class RunFile(Checked):
    """run.yaml. kind: what is trained. code_version: of the program that began it. config: its whole configuration."""

    kind: Kind
    code_version: Annotated[str, PART_NAME]
    config: dict[str, Any]


def save_run(folder: Path, run: RunFile) -> None:
    """Writes run.yaml."""
    (folder / RUN_FILE).write_text(yaml.safe_dump(configs.to_mapping(run), sort_keys=False))


def read_run(folder: Path) -> RunFile:
    """Returns what run.yaml says; of an older run, what its configuration and its checkpoint say.

    Raises:
        ConfigError: it is not there, or damaged.
    """
    if (folder / RUN_FILE).is_file() or not (folder / _OLDER_FILE).is_file():
        return configs.load(RunFile, folder / RUN_FILE)
    return RunFile(kind=_kind_kept(folder), code_version="0", config=configs.read_mapping(folder / _OLDER_FILE))


def _kind_kept(folder: Path) -> Kind:
    """Returns which kind of run left a checkpoint."""
    path, end = folder / CHECKPOINT, b""
    if path.is_file():
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - LAST_LINE_BYTES, 0))
            end = file.read()
    found = LAST_LINE.search(end)
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    if found is None or found[1].decode() not in kinds:
        raise ConfigError(
            f"{shown_path(folder)} has no {RUN_FILE}, and {shown(path.name)} does not say which kind of run it is"
        )
    return kinds[found[1].decode()]
