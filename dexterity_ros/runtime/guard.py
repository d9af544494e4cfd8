"""Refuses inputs a policy must not act on: missing, stale, not numbers, outside the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import OBJECT_POSE, ObservationInputs, Source
from dexterity_ros.contracts.spec import ObservationSpec
from dexterity_ros.observation.builder import needed_sources
from dexterity_ros.safety.gate import AHEAD_MAX_S

S = TypeVar("S", bound=Sample)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Ball in the hand frame that the object must stay in."""

    centre_m: tuple[float, float, float]
    radius_m: float


class Guard:
    """Knows which sources a policy needs, and how old each may be."""

    def __init__(self, spec: ObservationSpec, workspace: Workspace | None = None) -> None:
        """workspace: for a policy that is given the object's pose; None: it may be anywhere."""
        self.sources = needed_sources(spec)
        self._limits_s = {source: _limit_s(spec, source) for source in self.sources}
        self._workspace = workspace if OBJECT_POSE in self.sources else None

    def check_arrivals(self, ages_s: Mapping[str, float | None]) -> Fault | None:
        """Returns the first source of which nothing has come, or nothing lately, or None.

        ages_s: monotonic time since the newest message of each source arrived; None: there was none. Stamps are
        checked as well (`check`), but their clock can be set.
        """
        for source, limit_s in self._limits_s.items():
            age_s = ages_s.get(source.name)
            if age_s is None:
                return _missing(source)
            if age_s > limit_s:
                said = f"the newest {source.name} came {age_s * 1e3:.0f} ms ago, limit {limit_s * 1e3:.0f} ms"
                return Fault(code=source.stale, detail=said)
        return None

    def check(self, inputs: ObservationInputs, now_ns: int) -> Fault | None:
        """Returns the first reason not to act on `inputs` at `now_ns`, or None."""
        missing = [source for source in self.sources if source not in inputs]
        if missing:
            return _missing(missing[0])
        return self._check_ages(inputs, now_ns) or _check_values(inputs, self.sources) or self._check_place(inputs)

    def _check_ages(self, inputs: ObservationInputs, now_ns: int) -> Fault | None:
        for source, limit_s in self._limits_s.items():
            age_ns = now_ns - int(np.min(inputs[source].stamp_ns))
            if age_ns > round(limit_s * 1e9):
                said = f"{source.name} is {age_ns * 1e-6:.0f} ms old, limit {limit_s * 1e3:.0f} ms"
                return Fault(code=source.stale, detail=said)
            if age_ns < -round(AHEAD_MAX_S * 1e9):
                said = f"{source.name} is {-age_ns * 1e-9:.3f} s ahead of time"
                return Fault(code=FaultCode.STAMP_AHEAD, detail=said)
        return None

    def _check_place(self, inputs: ObservationInputs) -> Fault | None:
        if self._workspace is None:
            return None
        off_m = inputs[OBJECT_POSE].pos_m - np.array(self._workspace.centre_m)
        distance, limit_m = float(np.max(np.sqrt((off_m**2).sum(axis=-1)))), self._workspace.radius_m
        if distance <= limit_m:
            return None
        said = f"the object is {distance:.3f} m from the grasp centre, limit {limit_m:.3f} m: dropped?"
        return Fault(code=FaultCode.OUTSIDE_WORKSPACE, detail=said)


def invalid(source: Source[Any], why: str) -> Fault:
    """Returns the fault of a message that does not carry what its topic promises."""
    return Fault(code=source.invalid, detail=f"{source.name}: {why}")


def usable(source: Source[S], sample: S, now_ns: int, max_age_s: float) -> bool:
    """Returns whether a sample of one hand is what its source promises and as old as it may be, not of the future."""
    age_s = (now_ns - int(sample.stamp_ns)) * 1e-9
    return -AHEAD_MAX_S <= age_s <= max_age_s and source.problem(sample) is None


def _limit_s(spec: ObservationSpec, source: Source[Any]) -> float:
    """How old a sample may be: by the terms that name its source, or where none does, by the topics table."""
    said = spec.max_age_s(source.name)
    if said is not None:
        return said
    return float("inf") if source.topic.max_age_s is None else source.topic.max_age_s


def _missing(source: Source[Any]) -> Fault:
    return Fault(code=source.stale, detail=f"no {source.name} yet")


def _check_values(inputs: ObservationInputs, sources: Sequence[Source[Any]]) -> Fault | None:
    for source in sources:
        if (problem := source.problem(inputs[source])) is not None:
            return Fault(code=source.invalid, detail=problem)
    return None
