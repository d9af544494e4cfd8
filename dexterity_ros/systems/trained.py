"""What a policy was trained for, which is what a system runs where nothing else is asked for: task, object, sight."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.object import MANY_OBJECTS, object_folder
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.sources import OBJECT_CLOUD, OBJECT_POSE

_TAKEN = ("task", "object", "sight")


def as_trained(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a system; task, object and sight as the policy's manifest says where they are empty.

    Raises:
        BundleError, ConfigError: there is no such policy, or it turns many objects and none is named.
    """
    asked = [name for name in _TAKEN if values.get(name) == ""]
    if not asked or "policy" not in values:
        return dict(values)
    manifest = load_manifest(resource(values["policy"]))
    known = {
        "task": lambda: manifest.task,
        "object": lambda: object_in_hand(manifest),
        "sight": lambda: sight_of(manifest),
    }
    return dict(values) | {name: known[name]() for name in asked}


def object_in_hand(manifest: PolicyManifest, asked: str | None = None) -> str:
    """Returns the object that is asked for, or the one a policy was trained on. Raises ConfigError: there are many."""
    if not asked and manifest.object.startswith(MANY_OBJECTS):
        said = "say which is in the hand, object:=NAME or --object NAME"
        raise ConfigError(f"{manifest.name} turns many objects ({manifest.object}): {said}")
    return asked or manifest.object


def sight_of(manifest: PolicyManifest) -> str:
    """Returns by which source a policy sees the object: object_cloud where it is given points and no pose."""
    sources = {term.source for term in manifest.observation.terms}
    by_points = OBJECT_CLOUD.name in sources and OBJECT_POSE.name not in sources
    return OBJECT_CLOUD.name if by_points else OBJECT_POSE.name


def foreign_object(manifest: PolicyManifest, name: str) -> str:
    """Returns a line that says so when the object is not the one that the policy was trained on, else nothing."""
    if (
        manifest.object.startswith(MANY_OBJECTS)
        or name == manifest.object
        or object_folder(name) == _trained_folder(manifest)
    ):
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
