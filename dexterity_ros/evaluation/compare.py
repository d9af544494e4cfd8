"""A policy beside a still hand, a random policy and an open-loop replay, on the same starts and goals."""

from typing import Any

import numpy as np

from dexterity_ros.evaluation.controllers import OpenLoop, PolicyController, StillHand, random_policy
from dexterity_ros.evaluation.outcomes import Trial, summary
from dexterity_ros.evaluation.simulate import Course, run_trials
from dexterity_ros.pipeline.policy_pipeline import PolicyPipeline


def compare_with_baselines(pipeline: PolicyPipeline, course: Course) -> dict[str, dict[str, Any]]:
    """Returns the summary of each row: policy, still_hand, random_policy, open_loop."""
    controller = PolicyController(pipeline)
    trials = run_trials(controller, course)
    solved = np.array([trial.reached > 0 for trial in trials])
    rows: dict[str, list[Trial]] = {
        "policy": trials,
        "still_hand": run_trials(StillHand(), course),
        "random_policy": run_trials(random_policy(pipeline, course.seed), course),
        "open_loop": run_trials(OpenLoop(controller.recorded, solved), course),
    }
    return {name: summary(row) for name, row in rows.items()}
