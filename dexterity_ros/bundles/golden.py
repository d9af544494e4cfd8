"""golden_io.npz: observations, and what the network answered to them when it was exported. Read within bounds."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.files import read_bounded, shown_path

MOST_BYTES = 50_000_000  # of the file, and of each array unpacked; the shipped ones have 80 kB


def read_golden(path: Path, widths: Mapping[str, int]) -> dict[str, NDArray[np.float32]]:
    """Returns the arrays of a golden file, each (pairs, width).

    Args:
        path: the file.
        widths: of the arrays that it must hold, by name.

    Raises:
        BundleError: other arrays, shapes or types, too large, or damaged. Nothing in the file is executed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_bounded(path, MOST_BYTES))) as archive:
            names = sorted(archive.namelist())
            if names != sorted(f"{name}.npy" for name in widths):
                raise BundleError(f"{shown_path(path)} holds {names[:8]}, expected {sorted(widths)}")
            arrays = {name: _array(archive, name, width) for name, width in widths.items()}
    except BundleError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a different class for every kind of broken file
        raise BundleError(
            f"{shown_path(path)} is damaged: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
    pairs = {name: len(array) for name, array in arrays.items()}
    if len(set(pairs.values())) != 1:
        raise BundleError(f"{shown_path(path)} holds different numbers of rows: {pairs}")
    return arrays


def _array(archive: zipfile.ZipFile, name: str, width: int) -> NDArray[np.float32]:
    with archive.open(f"{name}.npy") as member:
        content = io.BytesIO(member.read(MOST_BYTES + 1))
    if npy.read_magic(content) != (1, 0):
        raise BundleError(f"{name} is not in version 1.0 of numpy's format")
    shape, fortran, dtype = npy.read_array_header_1_0(content)
    values = content.read()
    if dtype != np.float32 or fortran or len(shape) != 2 or shape[1] != width or shape[0] < 1:
        raise BundleError(f"{name} has the shape {shape} and type {dtype}, expected rows of {width} float32")
    if len(values) != math.prod(shape) * dtype.itemsize:
        raise BundleError(f"{name} has {len(values)} bytes for the shape {shape}")
    array = np.frombuffer(values, dtype=dtype).reshape(shape)
    if not np.isfinite(array).all():
        raise BundleError(f"{name} holds numbers that are not finite")
    return array
