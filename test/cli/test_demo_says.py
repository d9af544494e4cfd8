"""What `dexterity demo` says about its own measurements."""

import pytest

from dexterity_ros.cli.demo import _say_latency


@pytest.mark.parametrize(("age", "warned"), [(60.0, False), (140.0, True), (None, False)])
def test_observations_older_than_the_policy_bears_are_named(age, warned, capsys):
    _say_latency({"policy": "p", "latency_trained_ms": [0.0, 110.0], "observation_age_ms": {"p50": age}})
    said = " ".join(capsys.readouterr().out.split())
    assert ("140 ms old in the median" in said and "0 to 110 ms" in said) is warned
