"""What trials add up to: each policy, policies beside each other, and how many more trials would tell them apart."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial, summary
from dexterity_ros.evaluation.statistics import bootstrap_paired, wilson_interval
from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, SheetRow

POINTS = 0.05  # of the rate at which goals are reached: what trials should be able to tell
_Z95, _Z80 = 1.959963984540054, 0.8416212335729143  # quantiles of the normal distribution at 97.5 and 80 %


def trial_figures(plan: TrialPlan, counted: Sequence[SheetRow]) -> dict[str, Any]:
    """Returns {policies, differences} of the trials that count, in the order of the plan.

    policies: a row each, as `evaluate` has it (evaluation/outcomes.py), with policy, bundle_id, outcomes {outcome:
    count}, and more_for_5_points: so many more trials until the rate is known to 5 points. Trials that all reach the
    same share of their goals, neither all nor none, have no spread to draw an interval from; the rate's is then
    Wilson's, as if all goals were independent.
    differences: each later policy less the first, see `_difference`.
    """
    by_policy = {one.name: [row for row in counted if row.policy == one.name] for one in plan.policies}
    policies = [
        {"policy": one.name, "bundle_id": one.bundle_id} | _policy(by_policy[one.name]) for one in plan.policies
    ]
    first = plan.policies[0].name
    others = [one.name for one in plan.policies[1:]]
    return {"policies": policies, "differences": [_difference(plan, counted, first, other) for other in others]}


def as_trial(ended: Ended) -> Trial:
    """Returns a trial as simulated ones are counted; by how much each goal turned is not known."""
    goals = [GoalOutcome(reached=True, time_s=time, angle_rad=0.0) for time in ended.goal_times_s]
    if ended.attempted > len(goals):
        goals.append(GoalOutcome(reached=False, time_s=max(ended.lasted_s - sum(ended.goal_times_s), 0.0), angle_rad=0))
    return Trial(goals=goals, dropped=ended.outcome is Outcome.DROPPED, lasted_s=ended.lasted_s)


def _policy(rows: Sequence[SheetRow]) -> dict[str, Any]:
    figures = summary([as_trial(row.ended) for row in rows])
    del figures["turned_rad"], figures["called_wrong"]  # neither is known of a robot
    low, high = figures["rate_ci95"]
    if rows and low == high:
        inside = wilson_interval(figures["goals_reached"], figures["goals_attempted"])
        figures["rate_ci95"] = [round(end, 4) for end in inside]
    more = _more([row.ended for row in rows])
    return figures | {"outcomes": dict(Counter(row.ended.outcome.value for row in rows)), "more_for_5_points": more}


def _difference(plan: TrialPlan, counted: Sequence[SheetRow], first: str, other: str) -> dict[str, Any]:
    """Returns the other policy less the first in the blocks in which both had their turn, resampled in pairs.

    told_apart: whether the 95 % interval of the rate or of the goals in a row leaves 0 out. A single pair has none.
    more_for_5_points: so many more trials of each until a difference of 5 points would be told in 4 of 5 cases.
    """
    pairs = _pairs(plan, counted, first, other)
    row: dict[str, Any] = {"policy": other, "less": first, "pairs": len(pairs)}
    if not pairs:
        nothing = ("rate", "rate_ci95", "goals_in_a_row", "goals_in_a_row_ci95", "more_for_5_points")
        return row | dict.fromkeys(nothing) | {"told_apart": False}
    ours = [[pair[which] for pair in pairs] for which in (1, 0)]
    counts = [([len(e.goal_times_s) for e in each], [e.attempted for e in each]) for each in ours]
    singles = [(reached, [1] * len(reached)) for reached, _ in counts]
    told = False
    for name, (one, two) in (("rate", counts), ("goals_in_a_row", singles)):
        low, high = bootstrap_paired(one, two)
        difference = sum(one[0]) / max(sum(one[1]), 1) - sum(two[0]) / max(sum(two[1]), 1)
        interval = [round(low, 4), round(high, 4)] if len(pairs) > 1 else None
        row |= {name: round(difference, 4), f"{name}_ci95": interval}
        told |= interval is not None and not low <= 0.0 <= high
    return row | {"told_apart": told, "more_for_5_points": _more_pairs(*ours)}


def _pairs(plan: TrialPlan, counted: Sequence[SheetRow], first: str, other: str) -> list[tuple[Ended, Ended]]:
    """Returns (the first policy's trial, the other's) of every block that has both."""
    blocks: dict[int, dict[str, Ended]] = {}
    for row in counted:
        blocks.setdefault(plan.block(row.episode), {})[row.policy] = row.ended
    return [(block[first], block[other]) for block in blocks.values() if {first, other} <= block.keys()]


def _more(trials: Sequence[Ended]) -> int | None:
    """Returns how many more trials until the 95 % interval of the rate is 5 points wide on either side."""
    if len(trials) < 2:
        return None
    variance = max(float(_residuals(trials).var(ddof=1)), _least_variance(trials))
    return _missing(_Z95**2 * variance / POINTS**2, len(trials))


def _more_pairs(first: Sequence[Ended], second: Sequence[Ended]) -> int | None:
    """Returns how many more trials of each policy until a difference of 5 points is told with a power of 80 %.

    That both met the same goals is not counted on to help. Source: Lachin 1981, Introduction to sample size
    determination and power analysis for clinical trials: two-sided test at 5 %.
    """
    if len(first) < 2:
        return None
    seen = float((_residuals(first) - _residuals(second)).var(ddof=1))
    variance = max(seen, _least_variance(first) + _least_variance(second))
    return _missing((_Z95 + _Z80) ** 2 * variance / POINTS**2, len(first))


def _residuals(trials: Sequence[Ended]) -> Floats:
    """Returns how far each trial is from the mean rate, as its share in the mean's error.

    Source: Cochran 1977, Sampling Techniques, chapter 6, variance of a ratio.
    """
    reached = np.array([len(trial.goal_times_s) for trial in trials], dtype=float)
    attempted = np.array([trial.attempted for trial in trials], dtype=float)
    residuals: Floats = (reached - reached.sum() / max(attempted.sum(), 1.0) * attempted) / max(attempted.mean(), 1e-9)
    return residuals


def _least_variance(trials: Sequence[Ended]) -> float:
    """Returns the variance of one trial's rate if its goals were independent: few equal trials do not prove none.

    Source: Agresti and Coull 1998: two more successes and failures than were seen.
    """
    reached = sum(len(trial.goal_times_s) for trial in trials)
    attempted = sum(trial.attempted for trial in trials)
    rate = (reached + 2.0) / (attempted + 4.0)
    return rate * (1.0 - rate) * len(trials) / max(attempted, 1)


def _missing(wanted: float, there: int) -> int:
    return max(math.ceil(wanted) - there, 0)
