"""Runs as LeRobotDataset v3 (parquet): one frame per policy tick, one episode per reset.

Values are float64 and stamps int64 nanoseconds, so that a round trip changes nothing. What LeRobot itself reads:
observation.state, action, timestamp, frame_index, episode_index, index, task_index. The rest are further features.
info.json holds the SHA-256 of the data and of what ran, so that lerobot_reader.py notices damage.
Source of the layout: huggingface/lerobot, datasets/utils.py of v3.0.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dexterity_ros import wire
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.sources import JOINTS, Source
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.card import refuse_existing, write_card
from dexterity_ros.recording.lerobot_images import Images, image_columns
from dexterity_ros.recording.metadata import LEROBOT_FILE, digest

VERSION = "v3.0"
INFO_FILE, INFO_KEY, DIGESTS_KEY = LEROBOT_FILE, "dexterity_ros", "dexterity_ros_sha256"
_PIECE_BYTES = 1024 * 1024
FRAMES_FILE = "chunk-000/file-000.parquet"
STAMPS = ("stamp_ns", "reset")
# The features of a source, each with fields of a sample; where nothing is said, observation.SOURCE has them all.
_FEATURES: dict[str, dict[str, tuple[str, ...]]] = {
    JOINTS.name: {"observation.state": ("pos_rad",), "observation.velocity": ("vel_rad_s",)}
}
ACTION_FEATURE = "policy.raw_action"
# The topics whose messages are in the features; colour and depth are, as far as they are images.
_INSIDE = ("policy_tick", "joint_targets", "colour", "depth")
_CARD_HEAD = """---
tags:
- LeRobot
configs:
- config_name: default
  data_files: data/*/*.parquet
---

"""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What was written. left_out: {topic: why}."""

    episodes: int
    frames: int
    left_out: dict[str, str]


def source_features(source: Source[Any]) -> dict[str, tuple[str, ...]]:
    """Returns {feature: the fields of a sample that it holds side by side}."""
    return _FEATURES.get(source.name, {f"observation.{source.name}": tuple(source.fields)})


def output_feature(name: str) -> str:
    """Returns the name of the feature that holds what the network said at one of its ports."""
    return ACTION_FEATURE if name == ACTION.name else f"policy.{name}"


def stamp_feature(source: Source[Any]) -> str:
    """Returns the name of the feature that holds when a sample was measured."""
    return f"{source.short}_stamp_ns"


def to_lerobot(bag: Bag, out: Path, *, joint_names: Sequence[str], task: str, rate_hz: float) -> Dataset:
    """Returns what was written as a dataset to the folder `out`. Raises BagError."""
    refuse_existing(out)
    bag.need("policy/tick")
    ticks = [wire.tick_record(value) for _, value in bag.values("policy/tick")]
    _check(ticks, joint_names)
    images = image_columns(bag, ticks)
    kept = _Frames(ticks=ticks, joint_names=joint_names, task=task, rate_hz=rate_hz, images=images)
    try:
        episodes = _write_dataset(out, kept, bag.info)
    except OverflowError as error:
        raise BagError(f"{bag.path}: a tick has a stamp beyond 64 bits: {error}") from error
    features = _features(ticks[0], joint_names) | images.features
    left_out = _left_out(bag, ticks[0].inputs.sources) | images.left_out
    contents = {name: f"{feature['dtype']} {feature['shape']}" for name, feature in features.items()}
    write_card(out, bag, f"{bag.path.name} as LeRobotDataset", contents, left_out, _CARD_HEAD)
    return Dataset(episodes=episodes, frames=len(ticks), left_out=left_out)


def write_ticks(
    out: Path,
    ticks: Sequence[wire.TickRecord],
    info: dict[str, str],
    *,
    joint_names: Sequence[str],
    task: str,
    rate_hz: float,
) -> Dataset:
    """Returns what was written as a dataset to the folder `out`, of ticks that no bag holds. Raises BagError.

    info: what ran, as a bag tells it.
    """
    refuse_existing(out)
    _check(ticks, joint_names)
    kept = _Frames(ticks=ticks, joint_names=joint_names, task=task, rate_hz=rate_hz, images=Images())
    return Dataset(episodes=_write_dataset(out, kept, info), frames=len(ticks), left_out={})


@dataclass(frozen=True, kw_only=True)
class _Frames:
    ticks: Sequence[wire.TickRecord]
    joint_names: Sequence[str]
    task: str
    rate_hz: float
    images: Images


def _write_dataset(out: Path, kept: _Frames, told: dict[str, str]) -> int:
    """Writes a dataset. Returns how many episodes it has."""
    episodes = _episodes(kept.ticks)
    columns = _columns(kept.ticks, episodes, kept.rate_hz)
    for folder in ("data/chunk-000", "meta/episodes/chunk-000"):
        (out / folder).mkdir(parents=True)
    write_parquet(out / "data" / FRAMES_FILE, columns | kept.images.columns, row_group_size=500)
    write_parquet(out / "meta" / "tasks.parquet", {"task_index": [0], "task": [kept.task]})
    write_parquet(out / "meta" / "episodes" / FRAMES_FILE, episode_rows(episodes, [[kept.task]] * len(episodes)))
    features = _features(kept.ticks[0], kept.joint_names) | kept.images.features
    info = dataset_info(features, episodes, round(kept.rate_hz))
    info |= {INFO_KEY: told, DIGESTS_KEY: digests(out, told)}
    (out / INFO_FILE).write_text(json.dumps(info, indent=2) + "\n")
    (out / "meta" / "stats.json").write_text(json.dumps(statistics(columns), indent=2) + "\n")
    return len(episodes)


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()


def _check(ticks: Sequence[wire.TickRecord], joint_names: Sequence[str]) -> None:
    """A table has the same columns in every row."""
    first = ticks[0]
    if any(t.inputs.sources != first.inputs.sources or t.outputs.keys() != first.outputs.keys() for t in ticks):
        raise BagError("not all ticks consumed and said the same, which a table of them needs")
    sizes = {(t.inputs[JOINTS].pos_rad.size, t.observation.size, t.raw_action.size) for t in ticks}
    if len(sizes) != 1 or next(iter(sizes))[0] != len(joint_names):
        found = ", ".join(map(str, sorted(sizes)[:3]))
        raise BagError(
            f"ticks have (joints, observation, action) of {found}, expected {len(joint_names)} joints always"
        )


def _left_out(bag: Bag, sources: Sequence[Source[Any]]) -> dict[str, str]:
    inside = {bag.topic(TOPICS[key].name) for key in (*_INSIDE, *(source.name for source in sources))}
    why = "not part of what a policy sees or does"
    return {topic: why for topic, count in sorted(bag.counts.items()) if count and topic not in inside}


def write_parquet(path: Path, columns: dict[str, Any], row_group_size: int | None = None) -> None:
    """Writes a table with checksums."""
    table = pa.table(columns)
    with path.open("wb") as stream:  # a name that is no text is none for pyarrow
        pq.write_table(table, stream, compression="zstd", row_group_size=row_group_size, write_page_checksum=True)


def digests(out: Path, info: dict[str, str]) -> dict[str, str]:
    """Returns the SHA-256 of the frames, and of what ran."""
    data = f"data/{FRAMES_FILE}"
    return {data: file_digest(out / data), INFO_KEY: digest(info)}


def _episodes(ticks: Sequence[wire.TickRecord]) -> list[tuple[int, int]]:
    """Returns (first, end) of each run between two resets."""
    edges = [i for i in range(1, len(ticks)) if ticks[i].reset != ticks[i - 1].reset]
    return list(zip([0, *edges], [*edges, len(ticks)], strict=True))


def _columns(ticks: Sequence[wire.TickRecord], episodes: Sequence[tuple[int, int]], rate_hz: float) -> dict[str, Any]:
    episode = np.concatenate([np.full(end - first, k) for k, (first, end) in enumerate(episodes)])
    frame = np.concatenate([np.arange(end - first) for first, end in episodes])
    sources = ticks[0].inputs.sources
    vectors = {
        name: [np.concatenate([np.ravel(getattr(t.inputs[source], field)) for field in fields]) for t in ticks]
        for source in sources
        for name, fields in source_features(source).items()
    }
    vectors |= {"action": [t.target.pos_rad for t in ticks], "policy.observation": [t.observation for t in ticks]}
    vectors |= {output_feature(name): [t.outputs[name] for t in ticks] for name in ticks[0].outputs}
    stamps = {"stamp_ns": [t.now_ns for t in ticks]}
    stamps |= {stamp_feature(source): [int(t.inputs[source].stamp_ns) for t in ticks] for source in sources}
    stamps |= {"reset": [t.reset for t in ticks], "policy.led": [int(t.led) for t in ticks]}
    return (
        {name: pa.array([np.asarray(v).tolist() for v in rows]) for name, rows in vectors.items()}
        | {name: pa.array(rows, pa.int64()) for name, rows in stamps.items()}
        | {
            "timestamp": pa.array(frame / rate_hz, pa.float32()),
            "frame_index": pa.array(frame, pa.int64()),
            "episode_index": pa.array(episode, pa.int64()),
            "index": pa.array(np.arange(len(ticks)), pa.int64()),
            "task_index": pa.array(np.zeros(len(ticks), dtype=np.int64)),
        }
    )


def _features(tick: wire.TickRecord, joint_names: Sequence[str]) -> dict[str, Any]:
    joints, sources = list(joint_names), tick.inputs.sources

    def floats(names: Sequence[str] | None, width: int, dtype: str = "float64") -> dict[str, Any]:
        return {"dtype": dtype, "shape": [width], "names": None if names is None else list(names)}

    samples = {}
    for source in sources:
        for name, fields in source_features(source).items():
            named = [number for field in fields for number in source.fields[field] or joints]
            width = sum(np.size(getattr(tick.inputs[source], field)) for field in fields)
            samples[name] = floats(named if len(named) == width else None, width)
    numbers = (*STAMPS, *map(stamp_feature, sources), "policy.led", "frame_index", "episode_index", "index")
    return {
        **samples,
        "action": floats(joints, len(joints)),
        "policy.observation": floats(None, tick.observation.size),
        **{output_feature(name): floats(None, values.size) for name, values in tick.outputs.items()},
        "timestamp": floats(None, 1, "float32"),
        **{name: floats(None, 1, "int64") for name in (*numbers, "task_index")},
    }


def dataset_info(
    features: dict[str, Any], episodes: Sequence[tuple[int, int]], fps: int, *, tasks: int = 1, validation: int = 0
) -> dict[str, Any]:
    """Returns info.json. episodes: (first, end) of each. validation: how many of the last are put aside for that."""
    train = len(episodes) - validation
    aside = {"validation": f"{train}:{len(episodes)}"} if validation else {}
    return {
        "codebase_version": VERSION,
        "robot_type": "dexterity_ros",
        "total_episodes": len(episodes),
        "total_frames": episodes[-1][1],
        "total_tasks": tasks,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": fps,
        "splits": {"train": f"0:{train}", **aside},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": features,
    }


def episode_rows(episodes: Sequence[tuple[int, int]], tasks: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Returns the table of episodes. episodes: (first, end) of each. tasks: of each."""
    zeros = [0] * len(episodes)
    return {
        "episode_index": list(range(len(episodes))),
        "tasks": [list(named) for named in tasks],
        "length": [end - first for first, end in episodes],
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": [first for first, _ in episodes],
        "dataset_to_index": [end for _, end in episodes],
        "meta/episodes/chunk_index": zeros,
        "meta/episodes/file_index": zeros,
    }


def statistics(columns: dict[str, Any]) -> dict[str, Any]:
    """Returns least, most, mean and deviation of each column, as LeRobot keeps them."""
    result = {}
    for name, column in columns.items():
        values = np.array(column.to_pylist(), dtype=np.float64).reshape(len(column), -1)
        result[name] = {
            "min": values.min(axis=0).tolist(),
            "max": values.max(axis=0).tolist(),
            "mean": values.mean(axis=0).tolist(),
            "std": values.std(axis=0).tolist(),
            "count": [len(column)],
        }
    return result
