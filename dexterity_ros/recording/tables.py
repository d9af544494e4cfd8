"""A bag as tables: one file per topic, one row per message, for spreadsheets and data frames."""

import csv
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag, BagMessage

Format = Literal["csv", "parquet"]


def export_tables(bag: Bag, out: Path, kind: Format) -> dict[str, int]:
    """Returns {file: rows} of what was written into the folder `out`. Raises BagError when it exists already."""
    if out.exists():
        raise BagError(f"{out} exists already; an export never overwrites anything")
    out.mkdir(parents=True)
    written = {}
    for topic, count in sorted(bag.counts.items()):
        if count:
            path = out / f"{topic.strip('/').replace('/', '.')}.{kind}"
            rows = [row(message) for message in bag.messages([topic])]
            (_write_csv if kind == "csv" else _write_parquet)(path, rows)
            written[path.name] = len(rows)
    return written


def row(message: BagMessage) -> dict[str, Any]:
    """Returns a message as a flat row: log_ns, publish_ns, stamp_ns where it has one, then its fields."""
    value = message.value
    cells: dict[str, Any] = {"log_ns": message.log_ns, "publish_ns": message.publish_ns}
    header = getattr(value, "header", None)
    if header is not None:
        cells["stamp_ns"] = int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)
        cells["frame_id"] = header.frame_id
    names = list(getattr(value, "name", [])) if not isinstance(getattr(value, "name", ""), str) else []
    labels = _labels(value) or names
    cells.update(_cells(value, "", labels))
    return cells


def _cells(value: Any, prefix: str, labels: list[str]) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(value):
        item, name = getattr(value, field.name), f"{prefix}{field.name}"
        if field.name in ("header", "layout", "name", "__msgtype__"):
            continue
        if isinstance(item, np.ndarray):
            yield from _array(name, item, labels)
        elif isinstance(item, list):
            yield name, json.dumps(item, default=_plain)
        elif dataclasses.is_dataclass(item):
            yield from _cells(item, f"{name}.", labels)
        else:
            yield name, item


def _array(name: str, values: np.ndarray[Any, Any], labels: list[str]) -> Iterator[tuple[str, Any]]:
    """Numbers that belong to joints or to parts of a tick are named after them."""
    for i, number in enumerate(values.tolist()):
        yield f"{name}.{labels[i] if len(labels) == len(values) else i}", number


def _labels(value: Any) -> list[str]:
    layout = getattr(value, "layout", None)
    if layout is None:
        return []
    return [f"{dim.label}[{i}]" for dim in layout.dim for i in range(dim.size)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name != "__msgtype__"}


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(dict.fromkeys(key for r in rows for key in r)))
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = dict.fromkeys(key for r in rows for key in r)
    pq.write_table(pa.table({key: [r.get(key) for r in rows] for key in keys}), path, compression="zstd")
