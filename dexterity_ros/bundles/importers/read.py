"""Tells which dialect a file speaks, and reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexterity_ros.bundles.importers import bare_onnx, exploy, leapp, mjlab, weights
from dexterity_ros.bundles.importers.foreign import Foreign, read_model, shapes
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.ranges import shown

_LEAPP = (".yaml", ".yml")


def read_policy(path: Path, given: Mapping[str, Any]) -> Foreign:
    """Returns what a policy's file says. given: what people say besides. Raises BundleError, ConfigError."""
    where = shown_path(path)
    if path.suffix in _LEAPP:
        return leapp.read(path)
    if path.suffix in weights.SUFFIXES:
        return weights.read(path, given)
    if path.suffix != ".onnx":
        ending = f"ends in {shown(path.suffix)}" if path.suffix else "has no ending"
        raise BundleError(f"{where} {ending}; there are .onnx, {', '.join((*_LEAPP, *weights.SUFFIXES))}")
    model, ports = read_model(path), _ports(given)
    unknown = [name for name in ports if name not in {*shapes(model), *shapes(model, outputs=True)}]
    if unknown:
        raise BundleError(f"{where} has no port {unknown}; it has {[*shapes(model), *shapes(model, outputs=True)]}")
    if exploy.is_dialect(model):
        return exploy.read(model, where)
    if mjlab.is_dialect(model):
        return mjlab.read(model, where, ports=ports)
    return bare_onnx.read(model, where, ports=ports)


def _ports(given: Mapping[str, Any]) -> tuple[str, ...]:
    found = given.get("ports") or ()
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()
