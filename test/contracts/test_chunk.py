"""A chunk outlasts the age that its actions may have, and says what the network is given for it."""

import re
from dataclasses import replace

import pytest

from dexterity_ros.contracts.chunk import ChunkSpec
from dexterity_ros.contracts.errors import ConfigError

SPEC = ChunkSpec(horizon=8, executed=4, delay=2, late=1)


def test_an_action_may_be_as_old_as_question_answer_and_lateness_together():
    assert SPEC.most_age == 7
    assert replace(SPEC, executed=5, delay=0, late=0).most_age == 5


def test_a_chunk_that_ends_before_the_next_may_come_is_refused():
    said = "horizon is 6, expected 7 or more: executed + delay + late, the age that an action may have"
    with pytest.raises(ConfigError, match=re.escape(said)):
        replace(SPEC, horizon=6)
    assert replace(SPEC, horizon=7).horizon == 7


def test_a_chunk_of_no_actions_is_refused():
    with pytest.raises(ConfigError, match="horizon is 0, expected 1 to 1000: control periods"):
        replace(SPEC, horizon=0)


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ({}, {}),
        ({"blend": "ensemble"}, {}),
        ({"noise_width": 5}, {"noise": (5,)}),
        ({"blend": "prefix"}, {"prefix": (8, 16), "prefix_weight": (8,)}),
        ({"blend": "prefix", "noise_width": 5}, {"noise": (5,), "prefix": (8, 16), "prefix_weight": (8,)}),
    ],
)
def test_the_network_is_given_noise_where_it_draws_and_the_chunk_before_where_it_goes_on_from_it(given, inputs):
    assert replace(SPEC, **given).inputs(16) == inputs
