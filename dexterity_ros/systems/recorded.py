"""What a system that plays a recording takes from it: the policy, the hand and the object that ran."""

from collections.abc import Mapping
from pathlib import Path

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.systems.spec import SystemSpec

_BAG = "bag"  # the argument that names the recording
_TAKEN = ("hand", "policy", "object")


def with_recorded(system: SystemSpec, texts: Mapping[str, str]) -> dict[str, str]:
    """Returns arguments as typed, with what the recording says in place of those that were not given.

    Of a system without an argument `bag`, the arguments as they are. Raises ConfigError when no recording is named,
    BagError when the recording, or what it names, is not here.
    """
    if _BAG not in system.arguments:
        return dict(texts)
    bag = texts.get(_BAG) or str(system.arguments[_BAG].default)
    if not bag:
        raise ConfigError(f"system {system.name} plays a recording: name it with --arg bag:=BAG")
    asked = [name for name in _TAKEN if name in system.arguments and name not in texts]
    if not asked:
        return dict(texts)
    hand = load_hand(texts["hand"]) if "hand" in texts else None
    run = RunRecord(Bag(Path(bag).expanduser()), hand)
    found = {name: _recorded(run, name) for name in asked}
    return {name: value for name, value in found.items() if value} | dict(texts)


def _recorded(run: RunRecord, name: str) -> str:
    """Returns what the recording says of one of _TAKEN, empty when it says nothing."""
    if name == "policy":
        return str(run.bundle(other="--arg policy:=BUNDLE"))
    if name == "hand":
        return run.bag.info.get("hand", "")
    return str(run.recorded_manifest().get("object", ""))
