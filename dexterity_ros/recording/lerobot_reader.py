"""LeRobotDataset v3 as a bag: one policy tick per frame, with the samples that it consumed; damage is refused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.outputs import ACTION, OUTPUTS
from dexterity_ros.contracts.samples import JointTarget, Sample
from dexterity_ros.contracts.sources import JOINTS, SOURCES, ObservationInputs, Source
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.lerobot import (
    ACTION_FEATURE,
    DIGESTS_KEY,
    INFO_FILE,
    INFO_KEY,
    STAMPS,
    VERSION,
    file_digest,
    output_feature,
    source_features,
    stamp_feature,
)
from dexterity_ros.recording.lerobot_foreign import ForeignColumns
from dexterity_ros.recording.messages import write_tick
from dexterity_ros.recording.metadata import digest, recorded_topics

Numbers = NDArray[np.int64]

_NEEDED = (*source_features(JOINTS), "action")
_POLICY = ("policy.observation", *map(output_feature, OUTPUTS))
_MOST_INFO_BYTES = 16 * 1024 * 1024
_LAST_NS = 2**31 * 1_000_000_000  # seconds of a ROS stamp are int32


@dataclass(frozen=True, kw_only=True)
class FromDataset:
    """A dataset that became a bag. doubts: what no checksum covers, one line or ""."""

    ticks: int
    doubts: str


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """The columns of a dataset. sources: what it has samples of. vectors: (frames, width). numbers: (frames,)."""

    sources: tuple[Source[Any], ...]
    vectors: dict[str, Floats]
    numbers: dict[str, Numbers]
    frames: int


def from_lerobot(
    dataset: Path, out: Path, *, joint_names: Sequence[str], columns: ForeignColumns | None = None
) -> FromDataset:
    """Returns what was written to the bag `out`. Raises BagError for a dataset that cannot be one.

    columns: what they are called there; None = as here.
    """
    info = read_info(dataset)
    ticks = _ticks(dataset, info, joint_names, columns)
    told = info.get(INFO_KEY, {})
    topics = recorded_topics()
    writer = BagWriter(out, list(topics.values()), {str(key): str(value) for key, value in told.items()})
    for tick in ticks:
        write_tick(writer, topics, tick, joint_names)
    writer.close()
    return FromDataset(ticks=len(ticks), doubts=_doubts(info))


def dataset_ticks(
    dataset: Path, *, joint_names: Sequence[str], columns: ForeignColumns | None = None
) -> list[wire.TickRecord]:
    """Returns the frames of a dataset as policy ticks. Raises BagError for a dataset that has none.

    columns: what they are called there; None = as here.
    """
    return _ticks(dataset, read_info(dataset), joint_names, columns)


def _ticks(
    dataset: Path, info: dict[str, Any], joint_names: Sequence[str], theirs: ForeignColumns | None
) -> list[wire.TickRecord]:
    check_digests(dataset, info)
    table = read_table(dataset)
    if theirs is not None and table is not None:
        fps = info.get("fps")
        if not (isinstance(fps, int | float) and fps > 0):
            raise BagError(f"{dataset} has {fps!r} fps, expected a number above 0")
        width, table = len(joint_names), theirs.as_ours(table, float(fps), tuple(joint_names))
    else:
        width = _state_width(dataset, info)
    columns = _columns(dataset, info, table, width)
    if width != len(joint_names):
        raise BagError(f"{dataset} has {width} joints, the hand has {len(joint_names)}")
    return [_tick_of(columns, i) for i in range(columns.frames)]


def task_names(dataset: Path) -> dict[int, str]:
    """Returns the text of each task; LeRobot itself writes it as the index of a pandas table. Raises BagError."""
    path = dataset / "meta" / "tasks.parquet"
    try:
        table = pq.read_table(path).to_pydict()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BagError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    texts = next((table[key] for key in ("task", "__index_level_0__") if key in table), None)
    if texts is None or "task_index" not in table:
        raise BagError(f"{path} has the columns {list(table)}, expected task and task_index")
    return dict(zip(table["task_index"], map(str, texts), strict=True))


def _doubts(info: dict[str, Any]) -> str:
    digests = info.get(DIGESTS_KEY, {})
    bare = [name for name in ("data", INFO_KEY) if not any(key.startswith(name) for key in digests)]
    names = {"data": "the frames", INFO_KEY: "what ran"}
    said = [f"{names[name]} {'have' if name == 'data' else 'has'} no checksum" for name in bare]
    return f"damage cannot be excluded: {', '.join(said)}" if said else ""


def read_info(dataset: Path) -> dict[str, Any]:
    """Returns info.json. Raises BagError for what is no dataset of this version."""
    path = dataset / INFO_FILE
    if not path.is_file():
        raise BagError(f"{dataset} is not a LeRobot dataset: no {INFO_FILE}")
    if path.stat().st_size > _MOST_INFO_BYTES:
        raise BagError(f"{path} has {path.stat().st_size} bytes, expected at most {_MOST_INFO_BYTES}")
    try:
        info = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise BagError(f"{path} is damaged: it is not JSON: {' '.join(str(error).split())}") from error
    if not isinstance(info, dict) or not isinstance(info.get(INFO_KEY, {}), dict):
        raise BagError(f"{path} is damaged: it does not hold what info.json of a LeRobot dataset does")
    if info.get("codebase_version") != VERSION:
        raise BagError(f"{dataset} has codebase_version {info.get('codebase_version')!r}, expected {VERSION}")
    return info


def check_digests(dataset: Path, info: dict[str, Any]) -> None:
    """Files and what ran are what was written; a dataset that others made has no digests."""
    digests = info.get(DIGESTS_KEY, {})
    if not isinstance(digests, dict):
        raise BagError(f"{dataset / INFO_FILE} is damaged: {DIGESTS_KEY} is no table of digests")
    for name, expected in digests.items():
        if name == INFO_KEY:
            found = digest({str(key): str(value) for key, value in info.get(INFO_KEY, {}).items()})
        elif not (dataset / name).is_file():
            raise BagError(f"{dataset} is damaged: {name} is missing, {INFO_FILE} names it")
        else:
            found = file_digest(dataset / name)
        if found != expected:
            hint = f"if you changed it on purpose, take it out of {DIGESTS_KEY} in {INFO_FILE}"
            raise BagError(f"{dataset} is damaged: {name} does not match its SHA-256; {hint}")


def _state_width(dataset: Path, info: dict[str, Any]) -> int:
    features = info.get("features")
    names = sorted(features) if isinstance(features, dict) else features
    state = features.get("observation.state") if isinstance(features, dict) else None
    shape = state.get("shape") if isinstance(state, dict) else None
    if not (isinstance(shape, list) and len(shape) == 1 and isinstance(shape[0], int)):
        raise BagError(f"{dataset} has no observation.state with a width in its features; they are {names}")
    return int(shape[0])


def _columns(dataset: Path, info: dict[str, Any], table: Any, joints: int) -> _Columns:
    there = [] if table is None else table.column_names
    sources = tuple(s for s in SOURCES.values() if s is JOINTS or stamp_feature(s) in there)
    stamps = (*STAMPS, *map(stamp_feature, sources))
    widths = {name: width for source in sources for name, width in _widths(source, joints).items()} | {"action": joints}
    missing = [name for name in (*_NEEDED, *widths, *stamps) if name not in there]
    if table is None or missing:
        raise BagError(f"{dataset} has no {missing}; its columns are {sorted(there)}")
    frames = info.get("total_frames")
    if isinstance(frames, int) and frames != table.num_rows:
        raise BagError(
            f"{dataset} has {table.num_rows} frames, {INFO_FILE} says {frames}: a file is missing or cut off"
        )
    policy = [name for name in _POLICY if name in there]
    led = ["policy.led"] if "policy.led" in there else []
    return _Columns(
        sources=sources,
        vectors={n: _vectors(dataset, table, n, widths.get(n), rows=n in _tables(sources)) for n in (*widths, *policy)},
        numbers={name: _numbers(dataset, table, name) for name in (*stamps, *led)},
        frames=table.num_rows,
    )


def _widths(source: Source[Any], joints: int) -> dict[str, int]:
    return {
        name: sum(source.width(field, joints) for field in fields) for name, fields in source_features(source).items()
    }


def read_table(dataset: Path, *, images: bool = False) -> Any:
    """Returns all frames, without their images where nobody asks for them; None without a data file.

    Raises BagError for files that are damaged, or do not go together.
    """
    tables = []
    for file in sorted((dataset / "data").glob("chunk-*/file-*.parquet")):
        if not file.is_file():
            raise BagError(f"{file} is not a file")
        try:
            with file.open("rb") as stream:
                whole = pq.ParquetFile(stream, page_checksum_verification=True)
                names = [
                    name for name in whole.schema_arrow.names if images or not name.startswith("observation.images.")
                ]
                tables.append(whole.read(columns=names))
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise BagError(f"{file} is damaged: {' '.join(str(error).split())}") from error
    try:
        return pa.concat_tables(tables) if tables else None
    except pa.ArrowException as error:
        raise BagError(f"the data files of {dataset} have different columns: {error}") from error


def _tables(sources: tuple[Source[Any], ...]) -> set[str]:
    """Returns the features that hold many rows of their numbers."""
    return {name for source in sources if source.rows for name in source_features(source)}


def _vectors(dataset: Path, table: Any, name: str, width: int | None, *, rows: bool) -> Floats:
    try:
        values = np.array(table.column(name).to_pylist(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BagError(f"{dataset}: {name} is not a list of as many numbers in every frame") from error
    if values.ndim != 2 or (
        width is not None and values.shape[1] != width and not (rows and values.shape[1] % width == 0)
    ):
        raise BagError(f"{dataset}: {name} has the shape {values.shape[1:]} per frame, expected ({width},)")
    broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if broken.size:
        raise BagError(f"{dataset}: {name} of frame {broken[0]} holds numbers that are not finite")
    return values


def _numbers(dataset: Path, table: Any, name: str) -> Numbers:
    values = np.array(table.column(name).to_pylist())
    if values.dtype.kind not in "iub" or not ((values >= 0) & (values < _LAST_NS)).all():
        raise BagError(f"{dataset}: {name} holds something else than whole numbers from 0 to {_LAST_NS}")
    return values.astype(np.int64)


def _tick_of(columns: _Columns, i: int) -> wire.TickRecord:
    vectors = {name: rows[i] for name, rows in columns.vectors.items()}
    numbers = {name: int(rows[i]) for name, rows in columns.numbers.items()}
    joints = len(vectors["observation.state"])
    samples = {source.name: _sample(source, vectors, numbers, joints) for source in columns.sources}
    return wire.TickRecord(
        now_ns=numbers["stamp_ns"],
        reset=numbers["reset"],
        inputs=ObservationInputs(samples),
        observation=vectors.get("policy.observation", np.empty(0)).astype(np.float32),
        outputs=_outputs(vectors, joints),
        led=bool(numbers.get("policy.led", 0)),
        target=JointTarget(stamp_ns=numbers["stamp_ns"], pos_rad=vectors["action"]),
    )


def _sample(source: Source[Any], vectors: dict[str, Floats], numbers: dict[str, int], joints: int) -> Sample:
    fields: dict[str, Floats] = {}
    for feature, names in source_features(source).items():
        ends = np.cumsum([source.width(name, joints) for name in names])
        parts = [vectors[feature].reshape(-1, int(ends[-1]))] if source.rows else np.split(vectors[feature], ends[:-1])
        fields |= dict(zip(names, parts, strict=True))
    sample: Sample = source.sample(stamp_ns=numbers[stamp_feature(source)], **fields)
    return sample


def _outputs(vectors: dict[str, Floats], joints: int) -> wire.Outputs:
    """Returns what the network said; datasets from before outputs had names hold them side by side."""
    action = vectors.get(ACTION_FEATURE, np.empty(0)).astype(np.float32)
    further = [name for name in OUTPUTS if name != ACTION.name and output_feature(name) in vectors]
    named = {name: vectors[output_feature(name)].astype(np.float32) for name in further}
    return {**wire.split_action(action, joints), **named}
