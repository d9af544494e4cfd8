"""ONNX files with the metadata of mjlab, whole_body_tracking and motion_tracking_controller.

Source: mujocolab/mjlab, rl/exporter.py: CSV strings, floats to three decimals, target = default + scale * action.
"""

from dataclasses import replace
from typing import Any

import onnx

from dexterity_ros.bundles.importers import bare_onnx
from dexterity_ros.bundles.importers.foreign import Foreign, metadata
from dexterity_ros.contracts.errors import BundleError

_NUMBERS = {
    "joint_stiffness": "stiffness_nm_rad",
    "joint_damping": "damping_nm_s_rad",
    "default_joint_pos": "default_pos_rad",
}


def is_dialect(model: onnx.ModelProto) -> bool:
    """Returns whether a file speaks it."""
    return {"joint_names", "observation_names"} <= set(metadata(model))


def read(model: onnx.ModelProto, where: str, *, ports: tuple[str, ...] = ()) -> Foreign:
    """Returns what the file says. Raises BundleError."""
    said = metadata(model)
    plain = bare_onnx.read(model, where, ports=ports)
    answers: dict[str, Any] = {"joint_names": _names(said["joint_names"])}
    for key, name in _NUMBERS.items():
        if said.get(key):
            answers[name] = _numbers(said[key], f"{key} in {where}")
    action: dict[str, Any] = {"mode": "default"}
    if said.get("action_scale"):
        action["scale_rad"] = _numbers(said["action_scale"], f"action_scale in {where}")
    answers["action"] = action
    terms = {plain.sees[0]: _names(said["observation_names"])}
    return replace(plain, dialect="mjlab", answers=answers, implied=("action.mode",), terms=terms)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str, where: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise BundleError(f"{where} is {text[:60]!r}, expected numbers with commas between them") from error
