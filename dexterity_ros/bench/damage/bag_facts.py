"""What commands make of a bag or a dataset, as facts that can be compared; bags are read by the official library."""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from dexterity_ros.bench.damage.trial import Facts

_NOT_DATA = {"path", "bytes", "damage", "doubts", "replay_s", "times_real_time", "perception_s", "recorded"}
_NUMBERING = {"index", "frame_index", "episode_index", "timestamp"}  # of rows of which some may be missing


def info_facts(out: Path) -> Facts:
    """Returns topics, counts and what ran."""
    told = _json(out / "info.json")
    items: Counter[Any] = Counter()
    for name, topic in told["topics"].items():
        items["type", name, topic["type"]] += 1
        items["messages", name] += topic["messages"]
    items.update(("info", key, value) for key, value in told["info"].items())
    return Facts(items=items, derived=told["duration_s"])


def bag_facts(out: Path) -> Facts:
    """Returns every message of a bag and what it tells of how it came to be."""
    from mcap.reader import NonSeekingReader

    items: Counter[Any] = Counter()
    for file in sorted((out / "bag").glob("*.mcap")):
        with file.open("rb") as stream:
            for schema, channel, message in NonSeekingReader(stream, validate_crcs=True).iter_messages():
                kind = "" if schema is None else schema.name
                items[channel.topic, kind, message.log_time, message.publish_time, _digest(message.data)] += 1
    return Facts(items=items)


def table_facts(out: Path) -> Facts:
    """Returns every row and every image of an export."""
    items: Counter[Any] = Counter()
    for file in sorted((out / "tables").rglob("*")):
        name = file.relative_to(out / "tables").as_posix()
        if file.suffix == ".csv":
            with file.open(newline="", encoding="utf-8") as stream:
                items.update((name, tuple(sorted(row.items()))) for row in csv.DictReader(stream))
        elif file.suffix == ".png":
            items[name, _digest(file.read_bytes())] += 1
    return Facts(items=items)


def dataset_facts(out: Path) -> Facts:
    """Returns every frame of a dataset, and apart from them its images: a frame has the newest that there is."""
    import pyarrow.parquet as pq

    frames, images = [], set()
    for file in sorted((out / "set").glob("data/*/*.parquet")):
        for row in pq.read_table(file).to_pylist():
            plain = {k: v for k, v in row.items() if k not in _NUMBERING and not _of_image(k)}
            frames.append(json.dumps(plain, sort_keys=True))
            for name in ("colour", "depth"):
                if f"{name}_stamp_ns" in row:
                    data = row[f"observation.images.{name}"]["bytes"]
                    images.add((name, row[f"{name}_stamp_ns"], _digest(data)))
    info = _json(out / "set/meta/info.json")
    derived = (frames, {key: info[key] for key in ("total_episodes", "total_frames", "fps", "features")})
    return Facts(items=Counter([*frames, *images]), derived=derived)


def replay_facts(out: Path) -> Facts:
    """Returns how much of each stage came out the same."""
    told = _json(out / "replay.json")
    same = {("same", stage["stage"]): stage["compared"] - stage["differing"] for stage in told["stages"]}
    return Facts(items=Counter(same), derived=_data(told), claims=frozenset({"identical"} if told["identical"] else ()))


def compare_facts(out: Path) -> Facts:
    """Returns what was found."""
    told = _json(out / "compare.json")
    told["skipped"] = told["skipped"].rpartition(": ")[2]
    return Facts(derived=told, claims=frozenset() if told["findings"] else frozenset({"sound"}))


def report_facts(out: Path) -> Facts:
    """Returns the columns of every figure; a page that does not name damage claims that there is none."""
    figures = {file.name: file.read_text() for file in sorted((out / "figures").glob("*.csv"))}
    named = "damaged: " in (out / "page.html").read_text()
    return Facts(derived=figures, claims=frozenset() if named else frozenset({"sound"}))


def _of_image(name: str) -> bool:
    return name.startswith("observation.images.") or name in ("colour_stamp_ns", "depth_stamp_ns")


def _data(told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in _NOT_DATA}


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
