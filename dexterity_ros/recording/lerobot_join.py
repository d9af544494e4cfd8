"""Several LeRobot datasets as one: episodes renumbered, tasks merged, some episodes put aside for validation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dexterity_ros.contracts.arrays import Ints
from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.recording.lerobot import (
    DIGESTS_KEY,
    FRAMES_FILE,
    INFO_FILE,
    INFO_KEY,
    dataset_info,
    digests,
    episode_rows,
    statistics,
    write_parquet,
)
from dexterity_ros.recording.lerobot_reader import check_digests, read_info, read_table, task_names

_NUMBERED = ("episode_index", "index", "task_index")
JOINED_KEY = "joined"


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What was written. The last `validation` episodes are for validation."""

    episodes: int
    frames: int
    validation: int
    tasks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One dataset. episodes: of each frame, (frames,). tasks: the text of each frame's task."""

    table: Any
    info: dict[str, Any]
    episodes: Ints
    tasks: list[str]


def join(datasets: Sequence[Path], out: Path, *, validation: float = 0.0, seed: int = 0) -> Joined:
    """Returns what was written to the folder `out`.

    Args:
        datasets: with the same features and rate.
        out: must not exist.
        validation: share of the episodes that are put aside, drawn by `seed`; they come last, as LeRobot's splits need.
        seed: of the draw.

    Statistics are those of the episodes to train on. Raises BagError for datasets that do not go together.
    """
    if out.exists():
        raise BagError(f"{out} exists already; joining never overwrites anything")
    if not datasets:
        raise BagError("there are 0 datasets to join, expected 1 or more")
    if not 0.0 <= validation < 1.0:
        raise ConfigError(f"validation is {validation:g}, expected a share from 0 to below 1")
    parts = [_read(path) for path in datasets]
    _check_alike(datasets, parts)
    tasks = sorted({task for part in parts for task in part.tasks})
    pieces = _episodes(parts, tasks)
    aside = round(validation * len(pieces)) if validation else 0
    order = np.random.default_rng(seed).permutation(len(pieces)) if aside else np.arange(len(pieces))
    last = set(order[:aside].tolist())
    ordered = [p for k, p in enumerate(pieces) if k not in last] + [p for k, p in enumerate(pieces) if k in last]
    _write(out, ordered, tasks, parts[0].info, datasets, aside)
    frames = sum(piece.num_rows for piece in ordered)
    return Joined(episodes=len(ordered), frames=frames, validation=aside, tasks=tuple(tasks))


def _read(path: Path) -> _Part:
    info = read_info(path)
    check_digests(path, info)
    table = read_table(path, images=True)
    missing = [name for name in _NUMBERED if table is None or name not in table.column_names]
    if missing or table is None or table.num_rows == 0:
        raise BagError(f"{path} has no frames with {list(_NUMBERED)}")
    names = task_names(path)
    numbers = table.column("task_index").to_pylist()
    if unknown := sorted({n for n in numbers if n not in names}):
        raise BagError(f"{path} has frames of the tasks {unknown[:4]}, meta/tasks.parquet names {sorted(names)[:4]}")
    episodes = np.asarray(table.column("episode_index").to_pylist(), dtype=np.int64)
    return _Part(table=table, info=info, episodes=episodes, tasks=[names[n] for n in numbers])


def _check_alike(datasets: Sequence[Path], parts: Sequence[_Part]) -> None:
    first = parts[0]
    for path, part in zip(datasets[1:], parts[1:], strict=True):
        if part.info.get("fps") != first.info.get("fps"):
            raise BagError(f"{path} has {part.info.get('fps')} fps, {datasets[0]} {first.info.get('fps')}")
        if part.table.schema.remove_metadata() != first.table.schema.remove_metadata():
            names, others = set(first.table.column_names), set(part.table.column_names)
            differing = sorted(names ^ others) or "the same columns, of other types"
            raise BagError(f"{path} and {datasets[0]} differ in their features: {differing}")
        if part.info.get("features") != first.info.get("features"):
            raise BagError(f"{path} and {datasets[0]} have features of other shapes or names")


def _episodes(parts: Sequence[_Part], tasks: Sequence[str]) -> list[Any]:
    """Returns the frames of each episode, their task as its number in `tasks`."""
    pieces = []
    for part in parts:
        edges = np.flatnonzero(np.diff(part.episodes)) + 1
        for first, end in zip([0, *edges.tolist()], [*edges.tolist(), len(part.episodes)], strict=True):
            numbers = [tasks.index(task) for task in part.tasks[first:end]]
            pieces.append(_with(part.table.slice(first, end - first), "task_index", numbers))
    return pieces


def _with(table: Any, name: str, values: Any) -> Any:
    return table.set_column(table.column_names.index(name), name, pa.array(values, pa.int64()))


def _write(
    out: Path, pieces: Sequence[Any], tasks: Sequence[str], info: dict[str, Any], of: Sequence[Path], aside: int
) -> None:
    lengths = [piece.num_rows for piece in pieces]
    ends = np.cumsum(lengths).tolist()
    spans = list(zip([0, *ends[:-1]], ends, strict=True))
    table = pa.concat_tables(pieces)
    table = _with(table, "episode_index", np.repeat(np.arange(len(pieces)), lengths))
    table = _with(table, "index", np.arange(table.num_rows))
    for folder in ("data/chunk-000", "meta/episodes/chunk-000"):
        (out / folder).mkdir(parents=True)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    write_parquet(out / "data" / FRAMES_FILE, columns, row_group_size=500)
    write_parquet(out / "meta" / "tasks.parquet", {"task_index": list(range(len(tasks))), "task": list(tasks)})
    named = [[tasks[number] for number in pc.unique(piece.column("task_index")).to_pylist()] for piece in pieces]
    write_parquet(out / "meta" / "episodes" / FRAMES_FILE, episode_rows(spans, named))
    told = info.get(INFO_KEY, {}) | {JOINED_KEY: json.dumps([path.name for path in of])}
    whole = dataset_info(info["features"], spans, info["fps"], tasks=len(tasks), validation=aside)
    whole |= {INFO_KEY: told, DIGESTS_KEY: digests(out, told)}
    (out / INFO_FILE).write_text(json.dumps(whole, indent=2) + "\n")
    train = table.slice(0, spans[len(pieces) - aside - 1][1])
    shown = {name: train.column(name) for name in train.column_names if not name.startswith("observation.images.")}
    (out / "meta" / "stats.json").write_text(json.dumps(statistics(shown), indent=2) + "\n")
