"""A robot.yaml while it is being made: written whole or not at all after each step, beside it what the steps said."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.robot import RobotSpec, load_robot

_ABOUT = "# What was measured of one hand by `dexterity bringup`. Joints by name; angles in rad, lengths in m.\n"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows for the page. title: what they are about."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What a finished step leaves for the page. measured: when it ended. pictures: file to caption."""

    measured: str
    said: str
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)


class RobotFile:
    """The file that the user names. `records`: the finished steps, in the order in which they were finished."""

    def __init__(self, path: Path, hand: HandSpec) -> None:
        """Starts a new one where there is none. Raises ConfigError for one of another hand, and for no robot.yaml."""
        self.path, self.robot = path, _read(path, hand)
        self.records = _read_records(self._record_path) if path.exists() else {}

    @property
    def pictures(self) -> Path:
        """The folder for pictures that steps make; made when it is asked for."""
        folder = self.path.with_name(f"{self.path.stem}_pictures")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _record_path(self) -> Path:
        return self.path.with_name(f"{self.path.stem}_steps.json")

    def finish(self, step: str, robot: RobotSpec, record: StepRecord) -> None:
        """Writes what a step measured, at once and whole. Raises ConfigError when that cannot be written."""
        records = {name: kept for name, kept in self.records.items() if name != step} | {step: record}
        _replace(self.path, _ABOUT + robot_yaml(robot))
        _replace(self._record_path, json.dumps({name: asdict(kept) for name, kept in records.items()}, indent=1) + "\n")
        self.robot, self.records = robot, records


def robot_yaml(robot: RobotSpec) -> str:
    """Returns a robot.yaml; what was not measured is left out."""
    return yaml.safe_dump(_said(config.to_mapping(robot)), sort_keys=False, width=120)


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _said(entry) for key, entry in value.items() if entry is not None}
    return [_said(entry) for entry in value] if isinstance(value, list) else value


def _read(path: Path, hand: HandSpec) -> RobotSpec:
    if not path.exists():
        return RobotSpec(name=path.stem, hand=hand.name, hand_digest=hand.digest)
    robot = load_robot(str(path))
    assert robot is not None
    robot.check_hand(hand)
    return robot


def _read_records(path: Path) -> dict[str, StepRecord]:
    """Returns what the steps said; nothing where the file is lost, because robot.yaml alone counts."""
    try:
        content = json.loads(path.read_text())
        return {name: _record(kept) for name, kept in content.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _record(kept: dict[str, Any]) -> StepRecord:
    tables = tuple(
        Table(title=t["title"], header=tuple(t["header"]), rows=tuple(tuple(row) for row in t["rows"]))
        for t in kept["tables"]
    )
    return StepRecord(
        measured=kept["measured"],
        said=kept["said"],
        warnings=tuple(kept["warnings"]),
        tables=tables,
        pictures=dict(kept["pictures"]),
    )


def _replace(path: Path, text: str) -> None:
    """Writes a file whole: a walk that is killed leaves the one before."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).chmod(0o644)
        Path(draft.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
