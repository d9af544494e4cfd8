"""What a policy was trained for, which is what a system runs where nothing else is asked for: its task, its object."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.object import object_folder
from dexterity_ros.contracts.resources import resource

_TAKEN = ("task", "object")


def as_trained(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a system, task and object as the policy's manifest says where they are empty.

    Raises:
        BundleError, ConfigError: there is no such policy.
    """
    asked = [name for name in _TAKEN if values.get(name) == ""]
    if not asked or "policy" not in values:
        return dict(values)
    manifest = load_manifest(resource(values["policy"]))
    return dict(values) | {name: getattr(manifest, name) for name in asked}


def foreign_object(manifest: PolicyManifest, name: str) -> str:
    """Returns a line that says so when the object is not the one that the policy was trained on, else nothing."""
    if name == manifest.object or object_folder(name) == _trained_folder(manifest):
        return ""
    return f"the object is {name}; {manifest.name} was trained on {manifest.object}"


def _trained_folder(manifest: PolicyManifest) -> Path | None:
    """Returns the folder of the object that a policy was trained on, if it is here."""
    try:
        return object_folder(manifest.object)
    except ConfigError:
        return None


def object_warning(values: Mapping[str, Any]) -> str:
    """Returns the same for the arguments of a system, its defaults among them."""
    name = values.get("object")
    return foreign_object(load_manifest(resource(values["policy"])), name) if name and "policy" in values else ""
