"""What `dexterity demo` says about its own measurements."""

import pytest

from dexterity_ros.cli.demo import _say_latency, _settings
from dexterity_ros.cli.options.demo import DemoOptions


@pytest.mark.parametrize(("age", "warned"), [(60.0, False), (140.0, True), (None, False)])
def test_observations_older_than_the_policy_bears_are_named(age, warned, capsys):
    _say_latency({"policy": "p", "latency_trained_ms": [0.0, 110.0], "observation_age_ms": {"p50": age}})
    said = " ".join(capsys.readouterr().out.split())
    assert ("140 ms old in the median" in said and "0 to 110 ms" in said) is warned


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (0.8, 1.2)),
        ({"task": "yaw"}, (0.8, 1.2)),
        ({"task": "hold"}, (0.0, 0.0)),
        ({"task": "hold", "goal_rad": (0.1, 0.2)}, (0.1, 0.2)),
    ],
)
def test_goals_lie_between_those_of_the_demo_as_far_as_the_task_has_such(options, expected):
    assert _settings(DemoOptions(viewer=False, **options), None).goal_rad == expected
