"""Checkpoints: what a run keeps, behind it which kind of run and a digest. Damage is named before anything is unpacked.

The file is what torch.save writes, and a last line "dexterity_ros checkpoint 1 KIND SHA256"; torch.load reads it too.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexterity_ros.contracts.errors import ConfigError, DexterityError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.training_run import CHECKPOINT, LAST_LINE, LAST_LINE_BYTES, LOG_FILE, RUN_FILE, Kind

_MOST_BYTES = 2_000_000_000


class TrainingError(DexterityError):
    """Training cannot go on; the message names the term or the file that broke."""


def packed(tree: Any) -> Any:
    """Returns nested tables with tensors in place of arrays, as checkpoints hold them."""
    if isinstance(tree, dict):
        return {name: packed(part) for name, part in tree.items()}
    return torch.from_numpy(np.array(tree)) if isinstance(tree, np.ndarray) else tree


def unpacked(tree: Any) -> Any:
    """Returns nested tables with arrays in place of tensors."""
    if isinstance(tree, dict):
        return {name: unpacked(part) for name, part in tree.items()}
    return tree.cpu().numpy() if isinstance(tree, torch.Tensor) else tree


def random_states() -> dict[str, torch.Tensor]:
    """Returns where torch's random generators stand."""
    states = {"cpu": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def restore_random(states: dict[str, torch.Tensor]) -> None:
    """Puts torch's random generators back."""
    torch.set_rng_state(states["cpu"].cpu())
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"].cpu())


@contextmanager
def restoring(path: Path, *, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turns what a checkpoint lacks, or holds in another form, into a TrainingError that names the file.

    but: errors that pass.
    """
    try:
        yield
    except but:
        raise
    except (LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        found = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise TrainingError(
            f"{shown_path(path)} was kept by another version or configuration of training ({found})"
        ) from error


def write_checkpoint(path: Path, kind: Kind, content: dict[str, Any]) -> None:
    """Writes what a run keeps; an interrupted write leaves the previous one whole."""
    packed = io.BytesIO()
    torch.save(content, packed)
    payload = packed.getvalue()
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(payload + f"\ndexterity_ros checkpoint 1 {kind} {_digest(kind, payload)}\n".encode())
    partial.replace(path)


def read_checkpoint(path: Path, kind: Kind, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Returns what a run of this kind kept.

    Raises:
        TrainingError: it is not there, damaged, of another kind of run or another program; the message says which.
    """
    if not path.is_file():
        raise TrainingError(f"no checkpoint {path}; a run directory holds {RUN_FILE}, {LOG_FILE} and {CHECKPOINT}")
    try:
        payload = _payload(read_bounded(path, _MOST_BYTES), kind, shown_path(path))
    except ConfigError as error:
        raise TrainingError(str(error)) from error
    try:
        content: dict[str, Any] = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
    except Exception as error:  # its digest is right, so it was written so: by a torch that this one cannot read
        raise TrainingError(
            f"{shown_path(path)} is not for torch {torch.__version__}: {type(error).__name__}"
        ) from error
    return content


def _payload(content: bytes, kind: Kind, name: str) -> bytes:
    """Returns the part that torch wrote. Raises TrainingError when it is not what its last line says."""
    place = content.rfind(b"\ndexterity_ros", -LAST_LINE_BYTES)
    found = LAST_LINE.fullmatch(content, place) if place >= 0 else None
    if found is None:
        why = "is damaged, or was written by another program or version: its last line is none of ours"
        raise TrainingError(f"{name} ({len(content)} bytes) {why}")
    payload, written = content[:place], found[1].decode()
    if found[2].decode() != _digest(written, payload):
        raise TrainingError(f"{name} ({len(content)} bytes) is damaged: its SHA-256 is not what its last line says")
    if written != kind:
        raise TrainingError(f"{name} is of a {written}, expected one of a {kind}")
    return payload


def _digest(kind: str, payload: bytes) -> str:
    return hashlib.sha256(kind.encode() + b"\n" + payload).hexdigest()
