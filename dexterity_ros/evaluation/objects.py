"""A policy on many objects one after the other, beside controllers that know less."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.family.catalogue import family_of
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.contracts.sources import OBJECT_CLOUD, ObservationInputs
from dexterity_ros.evaluation.controllers import OpenLoop, PolicyController, StillHand
from dexterity_ros.evaluation.outcomes import Trial, summary
from dexterity_ros.evaluation.simulate import Course, run_trials
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

_KEPT = ("goals_attempted", "goals_reached", "rate", "rate_ci95")


class Blind(PolicyController):
    """The policy with all points of the object in one place: what does it do without looking?"""

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:
        """Returns the policy's targets."""
        cloud = inputs.get(OBJECT_CLOUD)
        return super().targets(inputs if cloud is None else inputs.having(OBJECT_CLOUD, _in_one_place(cloud)), now_ns)


def _in_one_place(cloud: CloudSample) -> CloudSample:
    middle = cloud.points_m.mean(axis=(0, 1))
    return replace(cloud, points_m=np.broadcast_to(middle, cloud.points_m.shape).copy())


def judge_objects(
    pipeline: PolicyPipeline, courses: Mapping[str, Callable[[], Course]], say: Callable[[str], None]
) -> dict[str, Any]:
    """Returns the summary of all trials, and objects and families, each with its goals, rate and interval.

    baselines: still_hand, open_loop (what solved other goals of the same object) and, of a policy that sees points,
    blind; each with all of these too. courses: by the name of the object, made one at a time.
    """
    rows: dict[str, dict[str, list[Trial]]] = {}
    for name, course in courses.items():
        say(f"{name}, {len(rows)} of {len(courses)} done")
        rows[name] = _trials(pipeline, course())
    figures = {row: _figures({name: trials[row] for name, trials in rows.items()}) for row in next(iter(rows.values()))}
    return figures.pop("policy") | {"baselines": figures}


def _trials(pipeline: PolicyPipeline, course: Course) -> dict[str, list[Trial]]:
    controller = PolicyController(pipeline)
    trials = run_trials(controller, course)
    solved = np.array([trial.reached > 0 for trial in trials])
    rows = {
        "policy": trials,
        "still_hand": run_trials(StillHand(), course),
        "open_loop": run_trials(OpenLoop(controller.recorded, solved), course),
    }
    if OBJECT_CLOUD in pipeline.guard.sources:
        rows["blind"] = run_trials(Blind(pipeline), course)
    return rows


def _figures(trials: Mapping[str, list[Trial]]) -> dict[str, Any]:
    families: dict[str, list[Trial]] = {}
    for name, its in trials.items():
        families.setdefault(family_of(name), []).extend(its)
    everything = summary([trial for its in trials.values() for trial in its])
    return everything | {"objects": _rates(trials), "families": _rates(families)}


def _rates(trials: Mapping[str, list[Trial]]) -> dict[str, dict[str, Any]]:
    return {name: {key: summary(its)[key] for key in _KEPT} for name, its in trials.items()}
