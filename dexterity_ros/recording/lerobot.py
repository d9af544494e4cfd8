"""Runs as LeRobotDataset v3 (parquet) and back: one frame per policy tick, one episode per reset.

Values are float64 and stamps int64 nanoseconds, so that a round trip changes nothing. What LeRobot itself reads:
observation.state, action, timestamp, frame_index, episode_index, index, task_index. The rest are further features.
Source of the layout: huggingface/lerobot, datasets/utils.py of v3.0.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.samples import GoalSample, JointSample, JointTarget, ObservationInputs, PoseSample
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.lerobot_images import image_columns
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.recording.types import encode, make

Floats = NDArray[np.float64]

VERSION = "v3.0"
_FILE = "chunk-000/file-000.parquet"
_POSE_NAMES = ("x_m", "y_m", "z_m", "qw", "qx", "qy", "qz")
_QUAT_NAMES = ("qw", "qx", "qy", "qz")
_STAMPS = ("stamp_ns", "joints_stamp_ns", "pose_stamp_ns", "goal_stamp_ns", "reset")
_NEEDED = ("observation.state", "observation.velocity", "observation.object_pose", "observation.goal", "action")


def to_lerobot(bag: Bag, out: Path, *, joint_names: Sequence[str], task: str, rate_hz: float) -> tuple[int, int]:
    """Returns (episodes, frames) of the dataset written to `out`. Raises BagError."""
    if out.exists():
        raise BagError(f"{out} exists already; an export never overwrites anything")
    bag.need("policy/tick")
    ticks = [wire.tick_record(value) for _, value in bag.values("policy/tick")]
    episodes = _episodes(ticks)
    images, image_features = image_columns(bag, ticks)
    features = _features(ticks[0], joint_names) | image_features
    columns = _columns(ticks, episodes, rate_hz)
    for folder in ("data/chunk-000", "meta/episodes/chunk-000"):
        (out / folder).mkdir(parents=True)
    pq.write_table(pa.table(columns | images), out / "data" / _FILE, compression="zstd", row_group_size=500)
    pq.write_table(pa.table({"task_index": [0], "task": [task]}), out / "meta" / "tasks.parquet")
    pq.write_table(pa.table(_episode_rows(episodes, task)), out / "meta" / "episodes" / _FILE)
    info = _dataset_info(features, episodes, round(rate_hz)) | {"dexterity_ros": bag.info}
    (out / "meta" / "info.json").write_text(json.dumps(info, indent=2) + "\n")
    (out / "meta" / "stats.json").write_text(json.dumps(_statistics(columns), indent=2) + "\n")
    return len(episodes), len(ticks)


def from_lerobot(dataset: Path, out: Path, *, joint_names: Sequence[str]) -> int:
    """Returns how many ticks were written to the bag `out`. Raises BagError for a dataset that cannot be one."""
    info = _read_info(dataset)
    files = sorted((dataset / "data").glob("chunk-*/file-*.parquet"))
    columns = pa.concat_tables([_read_numbers(file) for file in files]).to_pydict() if files else {}
    missing = [name for name in (*_NEEDED, *_STAMPS) if name not in columns]
    if missing:
        raise BagError(f"{dataset} has no {missing}; its features are {sorted(info.get('features', {}))}")
    width = info["features"]["observation.state"]["shape"][0]
    if width != len(joint_names):
        raise BagError(f"{dataset} has {width} joints, the hand has {len(joint_names)}")
    told = {key: str(value) for key, value in info.get("dexterity_ros", {}).items()}
    topics = recorded_topics()
    writer = BagWriter(out, list(topics.values()), told)
    for i in range(len(columns["index"])):
        _write_tick(writer, topics, _tick_of(columns, i), joint_names)
    writer.close()
    return len(columns["index"])


def _episodes(ticks: Sequence[wire.TickRecord]) -> list[tuple[int, int]]:
    """Returns (first, end) of each run between two resets."""
    edges = [i for i in range(1, len(ticks)) if ticks[i].reset != ticks[i - 1].reset]
    return list(zip([0, *edges], [*edges, len(ticks)], strict=True))


def _columns(ticks: Sequence[wire.TickRecord], episodes: Sequence[tuple[int, int]], rate_hz: float) -> dict[str, Any]:
    episode = np.concatenate([np.full(end - first, k) for k, (first, end) in enumerate(episodes)])
    frame = np.concatenate([np.arange(end - first) for first, end in episodes])
    vectors = {
        "observation.state": [t.inputs.joints.pos_rad for t in ticks],
        "observation.velocity": [t.inputs.joints.vel_rad_s for t in ticks],
        "observation.object_pose": [
            np.concatenate([t.inputs.object_pose.pos_m, t.inputs.object_pose.quat_wxyz]) for t in ticks
        ],
        "observation.goal": [t.inputs.goal.quat_wxyz for t in ticks],
        "action": [t.target.pos_rad for t in ticks],
        "policy.observation": [t.observation for t in ticks],
        "policy.raw_action": [t.raw_action for t in ticks],
    }
    stamps = {
        "stamp_ns": [t.now_ns for t in ticks],
        "joints_stamp_ns": [int(t.inputs.joints.stamp_ns) for t in ticks],
        "pose_stamp_ns": [int(t.inputs.object_pose.stamp_ns) for t in ticks],
        "goal_stamp_ns": [int(t.inputs.goal.stamp_ns) for t in ticks],
        "reset": [t.reset for t in ticks],
        "policy.led": [int(t.led) for t in ticks],
    }
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
    joints = list(joint_names)

    def floats(names: Sequence[str] | None, width: int, dtype: str = "float64") -> dict[str, Any]:
        return {"dtype": dtype, "shape": [width], "names": None if names is None else list(names)}

    numbers = {
        name: floats(None, 1, "int64")
        for name in (*_STAMPS, "policy.led", "frame_index", "episode_index", "index", "task_index")
    }
    return {
        "observation.state": floats(joints, len(joints)),
        "observation.velocity": floats(joints, len(joints)),
        "observation.object_pose": floats(_POSE_NAMES, 7),
        "observation.goal": floats(_QUAT_NAMES, 4),
        "action": floats(joints, len(joints)),
        "policy.observation": floats(None, tick.observation.size),
        "policy.raw_action": floats(None, tick.raw_action.size),
        "timestamp": floats(None, 1, "float32"),
        **numbers,
    }


def _dataset_info(features: dict[str, Any], episodes: Sequence[tuple[int, int]], fps: int) -> dict[str, Any]:
    return {
        "codebase_version": VERSION,
        "robot_type": "dexterity_ros",
        "total_episodes": len(episodes),
        "total_frames": episodes[-1][1],
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": fps,
        "splits": {"train": f"0:{len(episodes)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": features,
    }


def _episode_rows(episodes: Sequence[tuple[int, int]], task: str) -> dict[str, Any]:
    zeros = [0] * len(episodes)
    return {
        "episode_index": list(range(len(episodes))),
        "tasks": [[task]] * len(episodes),
        "length": [end - first for first, end in episodes],
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": [first for first, _ in episodes],
        "dataset_to_index": [end for _, end in episodes],
        "meta/episodes/chunk_index": zeros,
        "meta/episodes/file_index": zeros,
    }


def _statistics(columns: dict[str, Any]) -> dict[str, Any]:
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


def _read_numbers(file: Path) -> Any:
    """Returns a data file without its images; a bag made from it has the ticks, not the camera."""
    names = [name for name in pq.read_schema(file).names if not name.startswith("observation.images.")]
    return pq.read_table(file, columns=names)


def _read_info(dataset: Path) -> dict[str, Any]:
    path = dataset / "meta" / "info.json"
    if not path.is_file():
        raise BagError(f"{dataset} is not a LeRobot dataset: no meta/info.json")
    info: dict[str, Any] = json.loads(path.read_text())
    if info.get("codebase_version") != VERSION:
        raise BagError(f"{dataset} has codebase_version {info.get('codebase_version')}, expected {VERSION}")
    return info


def _tick_of(columns: dict[str, list[Any]], i: int) -> wire.TickRecord:
    def vector(name: str) -> Floats:
        return np.array(columns[name][i], dtype=np.float64)

    pose = vector("observation.object_pose")
    empty: list[float] = []
    inputs = ObservationInputs(
        joints=JointSample(
            stamp_ns=columns["joints_stamp_ns"][i],
            pos_rad=vector("observation.state"),
            vel_rad_s=vector("observation.velocity"),
        ),
        object_pose=PoseSample(stamp_ns=columns["pose_stamp_ns"][i], pos_m=pose[:3], quat_wxyz=pose[3:]),
        goal=GoalSample(stamp_ns=columns["goal_stamp_ns"][i], quat_wxyz=vector("observation.goal")),
    )
    return wire.TickRecord(
        now_ns=columns["stamp_ns"][i],
        reset=columns["reset"][i],
        inputs=inputs,
        observation=np.array(columns.get("policy.observation", {i: empty})[i], dtype=np.float32),
        raw_action=np.array(columns.get("policy.raw_action", {i: empty})[i], dtype=np.float32),
        led=bool(columns["policy.led"][i]) if "policy.led" in columns else False,
        target=JointTarget(stamp_ns=columns["stamp_ns"][i], pos_rad=vector("action")),
    )


def _write_tick(writer: BagWriter, topics: dict[str, Any], tick: wire.TickRecord, joint_names: Sequence[str]) -> None:
    inputs, now = tick.inputs, tick.now_ns
    joints = _joint_state(joint_names, int(inputs.joints.stamp_ns), inputs.joints.pos_rad, inputs.joints.vel_rad_s)
    oldest = int(min(inputs.joints.stamp_ns, inputs.object_pose.stamp_ns))
    target = _joint_state(joint_names, oldest, tick.target.pos_rad, np.empty(0), frame=str(tick.reset))
    messages = {
        "joint_states": (int(inputs.joints.stamp_ns), joints),
        "object_pose": (int(inputs.object_pose.stamp_ns), _pose(inputs.object_pose)),
        "goal": (int(inputs.goal.stamp_ns), _goal(inputs.goal)),
        "policy_tick": (now, _tick_message(tick)),
        "joint_targets": (now, target),
    }
    for key, (stamp, value) in messages.items():
        topic = topics[key]
        writer.write(topic, stamp, stamp, encode(value, topic.message))


def _header(stamp: int, frame: str) -> Any:
    sec, nanosec = divmod(stamp, 1_000_000_000)
    return make(
        "std_msgs/msg/Header", stamp=make("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec), frame_id=frame
    )


def _joint_state(names: Sequence[str], stamp: int, pos: Floats, vel: Floats, frame: str = "") -> Any:
    header = _header(stamp, frame)
    return make(
        "sensor_msgs/msg/JointState", header=header, name=list(names), position=pos, velocity=vel, effort=np.empty(0)
    )


def _blank_pose() -> Any:
    point = make("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0)
    turn = make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
    return make("geometry_msgs/msg/Pose", position=point, orientation=turn)


def _pose(sample: PoseSample) -> Any:
    inner = make("geometry_msgs/msg/PoseWithCovariance", pose=_blank_pose(), covariance=np.zeros(36))
    message = make("geometry_msgs/msg/PoseWithCovarianceStamped", header=_header(0, ""), pose=inner)
    return wire.fill_pose(message, sample)


def _goal(sample: GoalSample) -> Any:
    return wire.fill_goal(make("geometry_msgs/msg/PoseStamped", header=_header(0, ""), pose=_blank_pose()), sample)


def _tick_message(tick: wire.TickRecord) -> Any:
    layout, data = wire.pack_tick(tick)
    dims = [make("std_msgs/msg/MultiArrayDimension", label=name, size=size, stride=1) for name, size in layout]
    return make(
        "std_msgs/msg/Float64MultiArray",
        layout=make("std_msgs/msg/MultiArrayLayout", dim=dims, data_offset=0),
        data=data,
    )
