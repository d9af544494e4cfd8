"""What happened in a set of trials, and the figures that `demo` and `evaluate` share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dexterity_ros.evaluation.statistics import bootstrap_mean, rate_interval


@dataclass(frozen=True, kw_only=True)
class GoalOutcome:
    """One goal: reached or not, after how long, and the angle it was away when it was set.

    called_wrong: the policy's stop head called it reached, and it was not.
    """

    reached: bool
    time_s: float
    angle_rad: float
    called_wrong: bool = False


@dataclass(kw_only=True)
class Trial:
    """Goals in a row, until a failure or the wanted number; `dropped` tells how it ended, lasted_s when."""

    goals: list[GoalOutcome] = field(default_factory=list)
    dropped: bool = False
    lasted_s: float = 0.0

    @property
    def reached(self) -> int:
        """Number of goals reached."""
        return sum(goal.reached for goal in self.goals)


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """Returns the shared figures of `demo --json` and `evaluate --json`.

    goals_attempted, goals_reached, rate with its 95 % interval (over trials), consecutive goals per trial,
    time_per_goal_s of reached goals, drops, turned_rad (sum of reached goals, mean over trials), lasted_s,
    called_wrong (goals that the policy called reached and were not), and what each trial attempted and reached.
    """
    tried = [trial for trial in trials if trial.goals]
    attempted, got = [len(t.goals) for t in tried], [t.reached for t in tried]
    times = [goal.time_s for trial in tried for goal in trial.goals if goal.reached]
    return {
        "goals_attempted": sum(attempted),
        "goals_reached": sum(got),
        "rate": _round(sum(got) / max(sum(attempted), 1)),
        "rate_ci95": _round(rate_interval(got, attempted)) if tried else [0.0, 1.0],
        "consecutive": {
            "mean": _round(float(np.mean(got))) if tried else 0.0,
            "sd": _round(float(np.std(got))) if tried else 0.0,
            "median": float(np.median(got)) if tried else 0.0,
            "max": max(got, default=0),
            "ci95": _round(bootstrap_mean(got)) if tried else [0.0, 0.0],
        },
        "time_per_goal_s": {
            "median": _round(float(np.median(times))) if times else None,
            "p90": _round(float(np.quantile(times, 0.9))) if times else None,
        },
        "drops": sum(trial.dropped for trial in tried),
        "called_wrong": sum(goal.called_wrong for trial in tried for goal in trial.goals),
        "turned_rad": _round(float(np.mean([sum(g.angle_rad for g in t.goals if g.reached) for t in tried] or [0.0]))),
        "lasted_s": _round(float(np.mean([t.lasted_s for t in tried] or [0.0]))),
        "trials": [{"attempted": a, "reached": r} for a, r in zip(attempted, got, strict=True)],
    }


def _round(value: Any) -> Any:
    return [round(v, 4) for v in value] if isinstance(value, tuple) else round(value, 4)
