"""Reads the tensors in a file of torch.save as numpy arrays, without torch and without running what is in the file."""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np

from dexterity_ros.contracts.errors import BundleError

_TYPES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "BoolStorage": np.dtype("?"),
}
_MOST_BYTES = 500_000_000


class _Inert:
    """Stands for whatever a file would have built: takes everything, does nothing."""

    def __init__(self, *_args: Any, **_named: Any) -> None:
        pass

    def __setstate__(self, _state: Any) -> None:
        pass

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def append(self, _value: Any) -> None:
        """Does nothing."""

    def extend(self, _values: Any) -> None:
        """Does nothing."""


def read_tensors(content: bytes, where: str) -> dict[str, Any]:
    """Returns what torch.save wrote: nested dicts, with arrays in place of tensors. Raises BundleError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise BundleError(f"{where} unpacks to more than {_MOST_BYTES} bytes")
            names = archive.namelist()
            pickled = [name for name in names if name.endswith("/data.pkl")]
            if any(name.endswith("/constants.pkl") for name in names) and any("/code/" in name for name in names):
                raise BundleError(f"{where} is a TorchScript program, whose steps cannot be read: export it as ONNX")
            if len(pickled) != 1:
                raise BundleError(f"{where} holds {names[:6]}, expected one data.pkl, as torch.save writes it")
            folder = pickled[0].removesuffix("data.pkl")
            found = _Reader(io.BytesIO(archive.read(pickled[0])), archive, folder).load()
    except BundleError:
        raise
    except Exception as error:  # zipfile, pickle and numpy raise a different class for every kind of damage
        raise BundleError(f"{where} cannot be read: {type(error).__name__}: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise BundleError(f"{where} holds a {type(found).__name__}, expected the weights of a policy by name")
    return found


class _Reader(pickle.Unpickler):
    """Builds nothing but containers and arrays."""

    def __init__(self, file: BinaryIO, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(file)
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda data, *_rest: data
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        return _Inert

    def persistent_load(self, pid: Any) -> Any:
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype) or not str(key).isdigit():
            return np.zeros(0)
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), dtype=dtype)


def _tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_rest: Any) -> Any:
    """Returns a tensor's numbers in C order."""
    if not isinstance(storage, np.ndarray) or min((*size, *stride, offset), default=0) < 0 or len(size) != len(stride):
        raise ValueError(f"a tensor of size {size} and stride {stride} at {offset}")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) and last >= len(storage):
        raise ValueError(f"a tensor of size {size} goes beyond its {len(storage)} numbers")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps).copy()
