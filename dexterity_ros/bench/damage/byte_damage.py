"""Damage to the bytes of any file: what disks, transfers and kills do. Seeded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from dexterity_ros.bench.damage.trial import Damage

Change = Callable[[bytes, np.random.Generator], bytes]
Pick = Callable[[Path, np.random.Generator], Path]

_SMALL_BYTES = 32_768


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns the beginning of a file."""
    return data[: rng.integers(len(data))]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file with one bit changed."""
    return _with_bits(data, rng, 1)


def flipped_often(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file with 20 bits changed, somewhere."""
    return _with_bits(data, rng, 20)


def zeroed(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which a block is empty."""
    begin, end = _block(data, rng)
    return data[:begin] + bytes(end - begin) + data[end:]


def exchanged(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which two blocks have changed places."""
    (a, b), (c, d) = sorted([_block(data, rng), _block(data, rng)])
    return data if a == c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def doubled(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file in which a block stands twice."""
    begin, end = _block(data, rng)
    return data[:end] + data[begin:]


def inserted(data: bytes, rng: np.random.Generator) -> bytes:
    """Returns a file with some bytes too many in it."""
    at = int(rng.integers(len(data)))
    return data[:at] + rng.bytes(int(rng.integers(1, 64))) + data[at:]


BYTE_CHANGES: dict[str, Change] = {
    "truncated": truncated,
    "emptied": lambda _data, _rng: b"",
    "a bit flipped": flipped,
    "20 bits flipped": flipped_often,
    "block zeroed": zeroed,
    "blocks exchanged": exchanged,
    "block doubled": doubled,
    "bytes inserted": inserted,
}


def on_file(name: str, pick: Pick, change: Change, *, checksum: bool = True) -> Damage:
    """Returns a damage that changes one file. pick: which one of a folder."""

    def apply(path: Path, rng: np.random.Generator) -> None:
        file = pick(path, rng)
        file.write_bytes(change(file.read_bytes(), rng))

    return Damage(name=name, apply=apply, checksum=checksum)


def gone(name: str, pick: Pick) -> Damage:
    """Returns a damage that takes a file away."""
    return Damage(name=name, apply=lambda path, rng: pick(path, rng).unlink())


def matching(pattern: str) -> Pick:
    """Returns a pick of any file of a folder that matches."""
    return lambda path, rng: path if path.is_file() else _any(sorted(path.glob(pattern)), rng)


def _any(files: list[Path], rng: np.random.Generator) -> Path:
    return files[int(rng.integers(len(files)))]


def _block(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Returns (begin, end) of a block: of a disk in a large file, of a few lines in a small one."""
    size = int(rng.choice([512, 4096])) if len(data) > _SMALL_BYTES else 64
    begin = int(rng.integers(max(len(data) // size, 1))) * size
    return begin, min(begin + size, len(data))


def _with_bits(data: bytes, rng: np.random.Generator, count: int) -> bytes:
    changed = bytearray(data)
    for at in rng.integers(8 * len(data), size=count).tolist():
        changed[at // 8] ^= 1 << at % 8
    return bytes(changed)
