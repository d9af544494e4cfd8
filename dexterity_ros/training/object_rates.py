"""How many goals are reached with each of several objects, lately."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.family.catalogue import family_of
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.object_set import ObjectSet

OBJECTS = "objects.json"  # in the directory of a run


class ObjectRates:
    """Counts goals by object between two looks."""

    def __init__(self, objects: ObjectSet) -> None:
        self._objects = objects
        self._begin()

    def record(self, step: EnvStep) -> None:
        """Takes the goals that ended in one control step."""
        self.add(*ended_by_object(step, self._objects))

    def add(self, reached: NDArray[np.int64], failed: NDArray[np.int64]) -> None:
        """Takes how many goals ended either way with each object, (objects,)."""
        self._reached += reached
        self._failed += failed

    def table(self) -> dict[str, dict[str, float]]:
        """Returns goals_attempted, goals_reached and rate of each object, then of each family."""
        rows: dict[str, dict[str, float]] = {}
        for name, reached, failed in zip(self._objects.names, self._reached, self._failed, strict=True):
            for row in (name, f"family {family_of(name)}"):
                counted = rows.setdefault(row, {"goals_attempted": 0, "goals_reached": 0})
                counted["goals_attempted"] += int(reached + failed)
                counted["goals_reached"] += int(reached)
        named = sorted(rows, key=lambda row: row.startswith("family "))
        return {row: rows[row] | {"rate": _share(**rows[row])} for row in named}

    def write(self, path: Path) -> None:
        """Writes the table of several objects, and begins anew."""
        if self._objects.many:
            path.write_text(json.dumps(self.table(), indent=1))
        self._begin()

    def _begin(self) -> None:
        self._reached, self._failed = (np.zeros(len(self._objects.names), dtype=np.int64) for _ in range(2))


def ended_by_object(step: EnvStep, objects: ObjectSet) -> NDArray[np.int64]:
    """Returns how many goals were reached, and failed, in a step with each object, (2, objects)."""
    count = len(objects.names)
    return np.stack([np.bincount(objects.kind[over], minlength=count) for over in (step.reached, step.failed)])


def _share(goals_attempted: float, goals_reached: float) -> float:
    return round(goals_reached / max(goals_attempted, 1.0), 4)
