"""A policy beside a still hand, a random policy and an open-loop replay; and two policies beside each other."""

from typing import Any

import numpy as np

from dexterity_ros.evaluation.controllers import OpenLoop, PolicyController, StillHand, random_policy
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Controller, Course, run_trials
from dexterity_ros.evaluation.statistics import bootstrap_paired
from dexterity_ros.evaluation.watcher import ProgressWatcher, Say, Watcher, silent
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


def compare_with_baselines(
    pipeline: PolicyPipeline, course: Course, watch: Watcher | None = None, say: Say = silent
) -> dict[str, dict[str, Any]]:
    """Returns the summary of each row: policy (at which `watch` looks), still_hand, random_policy, open_loop.

    say: told all the time how far it is.
    """
    controller = PolicyController(pipeline)
    trials = run_trials(controller, course, ProgressWatcher("the policy", say, watch))
    solved = np.array([trial.reached > 0 for trial in trials])
    others: dict[str, Controller] = {
        "still_hand": StillHand(),
        "random_policy": random_policy(pipeline, course.seed),
        "open_loop": OpenLoop(controller.recorded, solved),
    }
    rows = {"policy": trials}
    rows |= {name: run_trials(other, course, ProgressWatcher(name, say)) for name, other in others.items()}
    return {name: summary(row) for name, row in rows.items()}


def compare_policies(
    first: PolicyPipeline,
    second: PolicyPipeline,
    course: Course,
    *,
    second_is_privileged: bool = False,
    say: Say = silent,
) -> dict[str, Any]:
    """Returns {first, second: summaries, rate_difference, consecutive_difference: first minus second, and intervals}.

    Both meet the same hidden hands, starting grasps, goals and noise; episodes are resampled in pairs.
    second_is_privileged: it sees the truth, without errors and delays, as a teacher does. say: told all the time how
    far it is.
    """
    courses = (course, course.privileged() if second_is_privileged else course)
    both = zip((first, second), courses, ("the first policy", "the second policy"), strict=True)
    runs = [run_trials(PolicyController(pipeline), its, ProgressWatcher(name, say)) for pipeline, its, name in both]
    counts = [([t.reached for t in run], [len(t.goals) for t in run]) for run in runs]
    singles = [(reached, [1] * len(reached)) for reached, _ in counts]
    result: dict[str, Any] = {"first": summary(runs[0]), "second": summary(runs[1])}
    for name, (one, two) in (("rate", counts), ("consecutive", singles)):
        difference = sum(one[0]) / max(sum(one[1]), 1) - sum(two[0]) / max(sum(two[1]), 1)
        low, high = bootstrap_paired(one, two)
        result |= {
            f"{name}_difference": round(difference, 4),
            f"{name}_difference_ci95": [round(low, 4), round(high, 4)],
        }
    return result
