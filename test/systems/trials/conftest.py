"""A plan of trials to change."""

from dataclasses import replace

import pytest

from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.trials.plan import OnTrial, TrialPlan


@pytest.fixture(scope="session")
def make_plan():
    """Returns a plan for so many policies."""
    protocol = load_protocol("dactyl")

    def make(policies=1, **changes):
        names = ["first", "second", "third"][:policies]
        on_trial = tuple(OnTrial(name=name, bundle=f"bundles/{name}", bundle_id=f"id of {name}") for name in names)
        plan = TrialPlan(
            protocol="dactyl", task=protocol.task, goals=5, episode_s=0.0, system="eyes", policies=on_trial, seed=7
        )
        return replace(plan, **changes)

    return make
