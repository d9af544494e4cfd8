"""LeRobot datasets: parquet pages, files that are missing, an info.json that ends early."""

from pathlib import Path

from dexterity_ros.bench.damage.bag_facts import bag_facts
from dexterity_ros.bench.damage.bags import other_number
from dexterity_ros.bench.damage.byte_damage import BYTE_CHANGES, gone, matching, on_file
from dexterity_ros.bench.damage.trial import Command, Kind, Runner
from dexterity_ros.bench.damage.virtual_run import write_run

_DATA, _INFO = matching("data/*/*.parquet"), matching("meta/info.json")
_COMMANDS = (
    Command(name="bag from-lerobot", arguments=("bag", "from-lerobot", "{file}", "{out}/bag"), facts=bag_facts),
)


def lerobot(run: Runner) -> Kind:
    """Returns datasets as `bag to-lerobot` writes them. No checksum covers the numbers in info.json itself."""

    def make(folder: Path) -> Path:
        write_run(folder / "run", 2.5)
        if run(["bag", "to-lerobot", str(folder / "run"), str(folder / "set")]):
            raise ValueError("to-lerobot of an undamaged bag did not end well")
        return folder / "set"

    damages = [on_file(f"parquet {name}", _DATA, change) for name, change in BYTE_CHANGES.items()]
    damages += [on_file(f"info.json {name}", _INFO, change) for name, change in BYTE_CHANGES.items()]
    damages += [gone("parquet gone", _DATA), gone("info.json gone", _INFO)]
    damages.append(on_file("info.json, a number changed", _INFO, other_number, checksum=False))
    return Kind(name="LeRobot dataset", make=make, damages=tuple(damages), commands=_COMMANDS)
