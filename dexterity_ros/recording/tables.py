"""A bag as tables: one file per topic, one row per message, for spreadsheets and data frames; images as PNG."""

import csv
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag, BagMessage
from dexterity_ros.recording.card import refuse_existing, write_card
from dexterity_ros.recording.types import COMPRESSED, IMAGE

Format = Literal["csv", "parquet"]
Cells = dict[str, Any]

_MOST_NUMBERS = 4096  # of one field in a row: more columns than that no spreadsheet opens
_MOST_BYTES = 256  # of a field of bytes: a picture, a cloud, something packed


@dataclass(kw_only=True)
class Exported:
    """files: {table: rows}. images: how many were written beside them. left_out: {topic or field: why}."""

    files: dict[str, int] = field(default_factory=dict)
    images: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def export_tables(bag: Bag, out: Path, kind: Format) -> Exported:
    """Returns what was written into the folder `out`. Raises BagError when it exists already."""
    refuse_existing(out)
    out.mkdir(parents=True)
    done = Exported()
    names = _file_names([topic for topic, count in sorted(bag.counts.items()) if count])
    for topic, name in names.items():
        table = _Table(out, name)
        for message in bag.messages([topic]):
            table.add(message)
        done.left_out |= table.left_out(topic)
        done.images += table.images
        if table.rows:
            path = out / f"{name}.{kind}"
            (_write_csv if kind == "csv" else _write_parquet)(path, table.rows)
            done.files[path.name] = len(table.rows)
    contents = {name: f"{rows} rows" for name, rows in done.files.items()}
    contents |= {"images": f"{done.images} files, named in the column `file`"} if done.images else {}
    write_card(out, bag, f"{bag.path.name} as tables", contents, done.left_out)
    return done


class _Table:
    """The rows of one topic, and what cannot be in them."""

    def __init__(self, out: Path, name: str) -> None:
        self._folder, self._name = out / name, name
        self.rows: list[Cells] = []
        self.images = 0
        self._wide: dict[str, int] = {}
        self._failed: Counter[str] = Counter()
        self._times: Counter[int] = Counter()

    def add(self, message: BagMessage) -> None:
        """Takes one message."""
        try:
            cells = row(message, self._wide)
        except BagError as error:
            self._failed[str(error).removeprefix(f"{message.topic}: ")] += 1
            return
        if message.type in (IMAGE, COMPRESSED):
            cells = {key: cell for key, cell in cells.items() if not key.startswith("data.")}
            cells["file"] = self._image(message)
        self.rows.append(cells)

    def left_out(self, topic: str) -> dict[str, str]:
        """Returns {topic or field: why} of what is not in the table."""
        fields = {f"{topic} {name}": f"up to {size} numbers in a row" for name, size in self._wide.items()}
        fails = [f"{count} messages: {why}" for why, count in self._failed.items()]
        return fields | ({topic: "; ".join(fails[:3])} if fails else {})

    def _image(self, message: BagMessage) -> str:
        try:
            ending, data = _image_file(message)
        except BagError as error:
            self._failed[f"its pixels, {error}"] += 1
            return ""
        self._wide.pop("data", None)
        self._folder.mkdir(exist_ok=True)
        again = self._times[message.log_ns]
        self._times[message.log_ns] += 1
        name = f"{message.log_ns}{f'_{again + 1}' if again else ''}.{ending}"
        (self._folder / name).write_bytes(data)
        self.images += 1
        return f"{self._name}/{name}"


def _image_file(message: BagMessage) -> tuple[str, bytes]:
    try:
        from dexterity_ros.recording.images import image_file
    except ImportError as error:
        raise BagError(f"this needs OpenCV: pip install '.[perception]' ({error})") from error
    return image_file(message.value, message.type)


def row(message: BagMessage, wide: dict[str, int]) -> Cells:
    """Returns a message as a flat row: log_ns, publish_ns, stamp_ns where it has one, then its fields.

    Fields with more numbers than a table can have are left out and put into `wide` with their size.
    """
    value = message.value
    cells: Cells = {"log_ns": message.log_ns, "publish_ns": message.publish_ns}
    header = getattr(value, "header", None)
    stamp = getattr(header, "stamp", None)
    if stamp is not None and hasattr(stamp, "nanosec"):
        cells["stamp_ns"] = int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
        cells["frame_id"] = getattr(header, "frame_id", "")
    names = getattr(value, "name", None)
    labels = _labels(value) or (list(names) if isinstance(names, list) else [])
    skipped = {"layout", "name"} if labels else set()  # they are in the names of the columns
    for name, cell in _cells(value, "", labels, skipped | ({"header"} if "stamp_ns" in cells else set())):
        if isinstance(cell, np.ndarray):
            wide[name] = max(wide.get(name, 0), cell.size)
        else:
            cells[name] = cell
    return cells


def _cells(value: Any, prefix: str, labels: list[str], skipped: set[str]) -> Iterator[tuple[str, Any]]:
    for item_field in dataclasses.fields(value):
        item, name = getattr(value, item_field.name), f"{prefix}{item_field.name}"
        if item_field.name in skipped or item_field.name == "__msgtype__":
            continue
        if isinstance(item, np.ndarray):
            yield from _array(name, item, labels)
        elif isinstance(item, list):
            yield name, json.dumps(item, default=_plain)
        elif dataclasses.is_dataclass(item):
            yield from _cells(item, f"{name}.", labels, set())
        else:
            yield name, item


def _array(name: str, values: np.ndarray[Any, Any], labels: list[str]) -> Iterator[tuple[str, Any]]:
    """Numbers that belong to joints or to parts of a tick are named after them; too many come as they are."""
    if len(values) > (_MOST_BYTES if values.dtype.itemsize == 1 else _MOST_NUMBERS):
        yield name, values
        return
    for i, number in enumerate(values.tolist()):
        yield f"{name}.{labels[i] if len(labels) == len(values) else i}", number


def _labels(value: Any) -> list[str]:
    dims: list[Any] = getattr(getattr(value, "layout", None), "dim", [])
    if sum(dim.size for dim in dims) > _MOST_NUMBERS:
        return []
    return [f"{dim.label}[{i}]" for dim in dims for i in range(dim.size)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name != "__msgtype__"}


def _file_names(topics: list[str]) -> dict[str, str]:
    """Returns {topic: name of its file}, no two the same and none that a file system refuses."""
    names: dict[str, str] = {}
    for topic in topics:
        plain = re.sub(r"[^\w.-]", "_", topic.strip("/").replace("/", "."))[:100].strip(".") or "topic"
        number = sum(name.partition("~")[0] == plain for name in names.values())
        names[topic] = f"{plain}~{number + 1}" if number else plain
    return names


def _write_csv(path: Path, rows: list[Cells]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(dict.fromkeys(key for r in rows for key in r)))
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: list[Cells]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def column(key: str) -> Any:
        cells = [r.get(key) for r in rows]
        try:
            return pa.array(cells)
        except (pa.ArrowException, OverflowError):  # mixed kinds, or beyond 64 bits
            return pa.array([None if cell is None else str(cell) for cell in cells])

    keys = dict.fromkeys(key for r in rows for key in r)
    table = pa.table({key: column(key) for key in keys})
    with path.open("wb") as stream:  # a name that is no text is none for pyarrow
        pq.write_table(table, stream, compression="zstd", write_page_checksum=True)
