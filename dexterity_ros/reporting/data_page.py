"""What is in a dataset, as a page: episodes, tasks, split, ranges, how the joints move, and what looks wrong."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.lerobot_reader import read_info, read_table, task_names
from dexterity_ros.reporting.chart import Chart, Line, Panel
from dexterity_ros.reporting.drawing import COLOURS, Figure, drawing, thinned
from dexterity_ros.reporting.page import Page, Section, table

_SHOWN = 4  # episodes that are drawn
_LISTED = 200
_SHORT_S = 1.0
_STILL_RAD = 1e-4


@dataclass(frozen=True, kw_only=True)
class _Data:
    """names: of the joints. state, action: (frames, n). edges: where episodes begin, and the end."""

    info: dict[str, Any]
    names: list[str]
    state: Floats
    action: Floats
    edges: Ints
    tasks: list[str]

    @property
    def fps(self) -> float:
        return float(self.info.get("fps") or 1.0)

    @property
    def lengths(self) -> Ints:
        return np.diff(self.edges)


def data_page(dataset: Path) -> Page:
    """Returns the page of a LeRobot dataset. Raises BagError for what is none."""
    data = _read(dataset)
    seconds = len(data.state) / data.fps
    splits = data.info.get("splits", {})
    tiles = (
        ("episodes", str(len(data.lengths)), "plain"),
        ("minutes", f"{seconds / 60.0:.1f}", "plain"),
        ("frames", f"{len(data.state):,}", "plain"),
        ("frames per second", f"{data.fps:g}", "plain"),
        ("tasks", str(len(set(data.tasks))), "plain"),
        ("joints", str(len(data.names)), "plain"),
    )
    sections = (
        Section(title="Episodes", figures=(_lengths(data),), details={"All episodes": _episode_table(data)}),
        Section(title="Joints", figures=(_ranges(data),), body=_joint_table(data)),
        Section(title="How it moves", figures=tuple(_episode(data, k) for k in range(min(_SHOWN, len(data.lengths))))),
        Section(
            title="Columns", body=_columns(data), details={"Splits": table(("split", "episodes"), list(splits.items()))}
        ),
    )
    return Page(
        title=f"Dataset {dataset.name}",
        subtitle=", ".join(sorted(set(data.tasks))[:5]),
        tiles=tiles,
        alarms=tuple(_alarms(data)),
        sections=sections,
    )


def _read(dataset: Path) -> _Data:
    info, frames = read_info(dataset), read_table(dataset)
    needed = ("observation.state", "action", "episode_index", "task_index")
    missing = [name for name in needed if frames is None or name not in frames.column_names]
    if missing or frames is None or frames.num_rows == 0:
        raise BagError(f"{dataset} has no frames with {missing or list(needed)}")
    state, action = (_vectors(dataset, frames, name) for name in needed[:2])
    episode = np.array(frames.column("episode_index").to_pylist(), dtype=np.int64)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(episode)) + 1, [len(episode)]]).astype(np.int64)
    names = info.get("features", {}).get("observation.state", {}).get("names") or []
    named = [str(name) for name in names] if len(names) == state.shape[1] else [f"{k}" for k in range(state.shape[1])]
    known, numbers = task_names(dataset), frames.column("task_index").to_pylist()
    tasks = [known.get(numbers[int(first)], "unknown") for first in edges[:-1]]
    return _Data(info=info, names=named, state=state, action=action, edges=edges, tasks=tasks)


def _vectors(dataset: Path, frames: Any, name: str) -> Floats:
    try:
        values = np.array(frames.column(name).to_pylist(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BagError(f"{dataset}: {name} is not a list of as many numbers in every frame") from error
    if values.ndim != 2:
        raise BagError(f"{dataset}: {name} has the shape {values.shape[1:]} per frame, expected a row of numbers")
    return values


def _alarms(data: _Data) -> list[str]:
    """Returns what looks wrong."""
    found = [
        f"{name} holds numbers that are not finite"
        for name, values in (("observation.state", data.state), ("action", data.action))
        if not np.isfinite(values).all()
    ]
    short = int((data.lengths < _SHORT_S * data.fps).sum())
    found += [f"{short} episodes are shorter than {_SHORT_S:g} s"] if short else []
    still = [name for name, values in zip(data.names, data.state.T, strict=True) if np.ptp(values) < _STILL_RAD]
    found += [f"these joints never move: {', '.join(still)}"] if still else []
    return found


def _lengths(data: _Data) -> Figure:
    figure, axes = drawing(height_in=2.0)
    seconds = data.lengths / data.fps
    axes[0, 0].bar(np.arange(len(seconds)), seconds, color=COLOURS[0], width=0.9)
    axes[0, 0].set_xlabel("episode")
    axes[0, 0].set_ylabel("s")
    return Figure(name="lengths", note="How long each episode is.", drawing=figure, columns={"seconds": seconds})


def _ranges(data: _Data) -> Figure:
    figure, axes = drawing(height_in=3.0)
    axis, places = axes[0, 0], np.arange(len(data.names))
    columns: dict[str, Any] = {"joint": data.names}
    for offset, (name, values) in enumerate((("state", data.state), ("action", data.action))):
        low, middle, high = np.nanquantile(values, [0.001, 0.5, 0.999], axis=0)
        axis.bar(places + 0.4 * offset - 0.2, high - low, bottom=low, width=0.36, color=COLOURS[offset], label=name)
        axis.plot(places + 0.4 * offset - 0.2, middle, "_", color="white", markersize=8)
        columns |= {f"{name}_low": low, f"{name}_high": high}
    axis.set_xticks(places, data.names, rotation=60, ha="right")
    axis.set_ylabel("rad")
    axis.legend(frameon=False, fontsize=8)
    note = "Range of each joint, 0.1 to 99.9 percent of the frames, and its median: measured, and commanded."
    return Figure(name="ranges", note=note, drawing=figure, columns=columns)


def _episode(data: _Data, number: int) -> Panel:
    part = slice(int(data.edges[number]), int(data.edges[number + 1]))
    rows = thinned(part.stop - part.start)
    times, values = rows / data.fps, data.state[part][rows]
    lines = tuple(
        Line(label=name, values=row, colour=k) for k, (name, row) in enumerate(zip(data.names, values.T, strict=True))
    )
    return Panel(
        name=f"episode_{number}",
        note=f"Episode {number}, {data.tasks[number]}: every measured joint.",
        charts=(Chart(x=times, lines=lines, unit="rad"),),
        span=(0.0, float(times[-1])),
        columns={"s": times} | dict(zip(data.names, values.T, strict=True)),
        group=f"episode_{number}",
    )


def _episode_table(data: _Data) -> str:
    rows = [(k, data.tasks[k], int(n), f"{n / data.fps:.1f}") for k, n in enumerate(data.lengths[:_LISTED])]
    return table(("episode", "task", "frames", "s"), rows)


def _joint_table(data: _Data) -> str:
    off = (
        np.sqrt(np.nanmean((data.action - data.state) ** 2, axis=0)) if data.action.shape == data.state.shape else None
    )
    rows = [
        (
            name,
            *(f"{v:.3f}" for v in (values.min(), values.mean(), values.max())),
            "" if off is None else f"{off[k]:.3f}",
        )
        for k, (name, values) in enumerate(zip(data.names, data.state.T, strict=True))
    ]
    return table(("joint", "least", "mean", "most", "RMS of action minus state, rad"), rows)


def _columns(data: _Data) -> str:
    features = data.info.get("features", {})
    rows = [(name, f.get("dtype", ""), str(f.get("shape", ""))) for name, f in features.items() if isinstance(f, dict)]
    return table(("column", "type", "shape"), rows)
