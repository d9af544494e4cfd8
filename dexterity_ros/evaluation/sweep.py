"""One quantity of the judge changed step by step: how much of it a policy bears."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dexterity_ros.evaluation.controllers import PolicyController
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.sensors import SampleNoise

_SCALED = tuple(
    name
    for name in SampleNoise.__dataclass_fields__
    if name.endswith(("_rad", "_m", "_rad_s", "_m_s2")) or name == "freeze_rate_hz"
)


def _latency(judge: JudgeConfig, value: float) -> JudgeConfig:
    """Seconds that every target acts later."""
    substeps = judge.noise.latency_substeps + round(value / judge.physics.timestep_s)
    return replace(judge, noise=replace(judge.noise, latency_substeps=substeps))


def _noise(judge: JudgeConfig, value: float) -> JudgeConfig:
    """Factor on all noise and offsets, not on delays."""
    return replace(judge, noise=replace(judge.noise, **{name: value * getattr(judge.noise, name) for name in _SCALED}))


def _friction(judge: JudgeConfig, value: float) -> JudgeConfig:
    """Factor on the friction of hand and object, the same in every episode."""
    ranges = judge.randomisation or ModelRandomisation(copies=1)
    return replace(judge, randomisation=replace(ranges, friction=(value, value)))


def _mass(judge: JudgeConfig, value: float) -> JudgeConfig:
    """Factor on the object's mass, the same in every episode."""
    ranges = judge.randomisation or ModelRandomisation(copies=1)
    return replace(judge, randomisation=replace(ranges, object_mass=(value, value)))


def _rate(judge: JudgeConfig, value: float) -> JudgeConfig:
    """Control rate in Hz."""
    return replace(judge, physics=replace(judge.physics, substeps=round(1.0 / value / judge.physics.timestep_s)))


SWEEPS: dict[str, tuple[Callable[[JudgeConfig, float], JudgeConfig], Sequence[float], str]] = {
    "latency": (_latency, (0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2), "s later than the judge's own"),
    "noise": (_noise, (0.0, 0.5, 1.0, 2.0, 3.0), "times the judge's"),
    "friction": (_friction, (0.4, 0.6, 0.8, 1.0, 1.3, 1.6), "times nominal"),
    "mass": (_mass, (0.25, 0.5, 1.0, 1.5, 2.0, 3.0), "times nominal"),
    "rate": (_rate, (10.0, 15.0, 20.0, 25.0, 30.0), "Hz"),
}


def sweep(pipeline: PolicyPipeline, course: Course, what: str, *, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Returns [{value, ...summary}] for each value of a quantity of SWEEPS, on the same hands, starts and goals."""
    change, values, unit = SWEEPS[what]
    rows = []
    for value in values:
        say(f"{what} {value:g} {unit}")
        judge = change(course.judge, value)
        rate = 1.0 / judge.physics.control_period_s
        varied = replace(course, judge=judge, control_rate_hz=rate)
        rows.append({"value": value} | summary(run_trials(PolicyController(pipeline), varied)))
    return rows


def kept_range(rows: Sequence[dict[str, Any]], share: float = 0.9) -> tuple[float, float]:
    """Returns the smallest and largest value in a row, around the best, at which the rate is `share` of the best."""
    rates = [row["rate"] for row in rows]
    best = max(range(len(rows)), key=lambda k: rates[k])
    low = high = best
    while low > 0 and rates[low - 1] >= share * rates[best]:
        low -= 1
    while high < len(rows) - 1 and rates[high + 1] >= share * rates[best]:
        high += 1
    return rows[low]["value"], rows[high]["value"]
