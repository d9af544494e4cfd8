"""Bags: chunks exchanged, repeated and missing, lengths that no file has, and metadata.yaml."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dexterity_ros.bench.damage.bag_facts import (
    bag_facts,
    compare_facts,
    dataset_facts,
    info_facts,
    replay_facts,
    report_facts,
    table_facts,
)
from dexterity_ros.bench.damage.byte_damage import BYTE_CHANGES, Change, gone, matching, on_file
from dexterity_ros.bench.damage.trial import Command, Kind, Runner
from dexterity_ros.bench.damage.virtual_run import write_run
from dexterity_ros.recording.mcap_chunk import records
from dexterity_ros.recording.mcap_records import CHUNK, DATA_END, FOOTER, HEAD_BYTES, MAGIC, MESSAGE_INDEX

_RUN_S, _FILE_BYTES = 2.5, 60_000  # two files of the size of a few dozen chunks
_CRC_OF_CHUNK = HEAD_BYTES + 24  # after first and last time and size
_MCAP, _METADATA = matching("*.mcap"), matching("metadata.yaml")

COMMANDS = (
    Command(name="bag info", arguments=("bag", "info", "{file}", "--json", "{out}/info.json"), facts=info_facts),
    Command(name="bag recover", arguments=("bag", "recover", "{file}", "{out}/bag"), facts=bag_facts),
    Command(name="bag export", arguments=("bag", "export", "{file}", "{out}/tables"), facts=table_facts),
    Command(name="bag to-lerobot", arguments=("bag", "to-lerobot", "{file}", "{out}/set"), facts=dataset_facts),
    Command(name="replay", arguments=("replay", "{file}", "--json", "{out}/replay.json"), facts=replay_facts),
    Command(name="compare", arguments=("compare", "{file}", "--json", "{out}/compare.json"), facts=compare_facts),
    Command(
        name="report",
        arguments=("report", "{file}", "--out", "{out}/page.html", "--export", "{out}/figures"),
        facts=report_facts,
    ),
)


def chunks_exchanged(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which two chunks have changed places."""
    first, second = sorted(rng.choice(len(_chunks(data)), size=2, replace=False).tolist())
    pieces = _pieces(data)
    places = [k for k, piece in enumerate(pieces) if piece[:1] == bytes([CHUNK])]
    one, two = places[first], places[second]
    pieces[one], pieces[two] = pieces[two], pieces[one]
    return b"".join(pieces)


def chunk_repeated(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which a chunk stands twice."""
    begin, end = _any_chunk(data, rng)
    return data[:end] + data[begin:end] + data[end:]


def chunk_missing(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file without one of its chunks."""
    begin, end = _any_chunk(data, rng)
    return data[:begin] + data[end:]


def length_enormous(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which the length of a record, or of what is packed in a chunk, is 2 to the power of 40 more."""
    begin, _ = _any_chunk(data, rng)
    at = begin + int(rng.choice([1, HEAD_BYTES + 16])) + 5
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def without_checksums(data: bytes) -> bytes:
    """Returns a file whose CRC fields say that there is none."""
    pieces = _pieces(data)
    for k, piece in enumerate(pieces):
        if piece[:1] == bytes([CHUNK]):
            pieces[k] = piece[:_CRC_OF_CHUNK] + bytes(4) + piece[_CRC_OF_CHUNK + 4 :]
        elif piece[:1] == bytes([DATA_END]) or (piece[:1] == bytes([FOOTER]) and len(piece) == HEAD_BYTES + 20):
            pieces[k] = piece[:-4] + bytes(4)
    return b"".join(pieces)


CHUNK_CHANGES: dict[str, Change] = {
    "chunks exchanged": chunks_exchanged,
    "chunk repeated": chunk_repeated,
    "chunk missing": chunk_missing,
    "length enormous": length_enormous,
}


def bag(_run: Runner) -> Kind:
    """Returns our own bags, in which checksums cover every byte. metadata.yaml has none: it is held against them."""
    damages = [on_file(name, _MCAP, change) for name, change in (BYTE_CHANGES | CHUNK_CHANGES).items()]
    damages.append(gone("file gone", _MCAP))
    damages.append(gone("metadata.yaml gone", _METADATA))
    damages += [on_file(f"metadata.yaml {name}", _METADATA, change) for name, change in BYTE_CHANGES.items()]
    damages.append(on_file("metadata.yaml, a number changed", _METADATA, other_number))
    return Kind(name="bag", make=_make, damages=tuple(damages), commands=COMMANDS)


def bag_without_checksums(_run: Runner) -> Kind:
    """Returns bags as a recorder without checksums writes them; damage to their numbers cannot be seen."""
    changes = BYTE_CHANGES | CHUNK_CHANGES
    damages = tuple(on_file(name, _MCAP, change, checksum=False) for name, change in changes.items())
    return Kind(name="bag without checksums", make=_make_without, damages=damages, commands=COMMANDS)


def _make(folder: Path) -> Path:
    write_run(folder / "run", _RUN_S, max_file_bytes=_FILE_BYTES)
    return folder / "run"


def _make_without(folder: Path) -> Path:
    path = _make(folder)
    for file in path.glob("*.mcap"):
        file.write_bytes(without_checksums(file.read_bytes()))
    return path


def other_number(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a YAML or JSON text in which one number has another digit; it stays as valid as it was."""
    digits = [found.start() for found in re.finditer(rb"(?<![\w.])\d+(?![\w.])", data)]
    at = digits[int(rng.integers(len(digits)))]
    digit = str((int(data[at : at + 1]) + int(rng.integers(1, 8))) % 9 + 1).encode()
    return data[:at] + digit + data[at + 1 :]


def _pieces(data: bytes) -> list[bytes]:
    """Returns the magic bytes and every record of a whole file."""
    inner = data[len(MAGIC) : -len(MAGIC)]
    heads = [bytes([kind]) + len(record).to_bytes(8, "little") + record for kind, record in records(inner)]
    return [MAGIC, *heads, MAGIC]


def _chunks(data: bytes) -> list[tuple[int, int]]:
    """Returns (begin, end) of every chunk with the indexes that belong to it."""
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in _pieces(data):
        if piece[:1] == bytes([CHUNK]):
            spans.append((at, at + len(piece)))
        elif piece[:1] == bytes([MESSAGE_INDEX]):
            spans[-1] = (spans[-1][0], at + len(piece))
        at += len(piece)
    return spans


def _any_chunk(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    spans: Sequence[tuple[int, int]] = _chunks(data)
    return spans[int(rng.integers(len(spans)))]
