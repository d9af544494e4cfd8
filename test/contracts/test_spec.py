"""A term or an action that contradicts itself is refused by name, with the numbers that do not fit."""

import re
from dataclasses import replace

import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec, ObservationTerm

TERM = ObservationTerm(name="joint_pos", width=6, frame="joint", unit="rad", source="joint_states", max_age_s=0.1)
POINTS = replace(TERM, name="points", port="points", shape=(2, 3))
ACTION = ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=1.0)


@pytest.mark.parametrize("limit", [(1.0, -1.0), (1.0, 1.0)])
def test_a_limit_that_holds_nothing_is_refused(limit):
    said = f"term joint_pos has the limit {list(limit)}, expected the lower first"
    with pytest.raises(ConfigError, match=re.escape(said)):
        replace(TERM, limit=limit)
    assert replace(TERM, limit=(-1.0, 1.0)).limit == (-1.0, 1.0)


def test_each_tick_of_a_history_has_as_many_numbers():
    with pytest.raises(ConfigError, match="term joint_pos has 6 numbers and a history of 4 ticks"):
        replace(TERM, history=4)
    assert replace(TERM, history=3).width == 6


def test_only_vectors_have_a_history():
    with pytest.raises(ConfigError, match="term points has 6 numbers and a history of 2 ticks"):
        replace(POINTS, history=2)


@pytest.mark.parametrize("name", ["offset", "scale"])
def test_offsets_and_scales_are_those_of_one_tick(name):
    with pytest.raises(ConfigError, match=f"{name} of term joint_pos has 6 numbers, a tick has 2"):
        replace(TERM, history=3, **{name: (1.0,) * 6})
    assert getattr(replace(TERM, history=3, **{name: (1.0, 2.0)}), name) == (1.0, 2.0)


@pytest.mark.parametrize("given", [{"shape": (2, 3)}, {"port": "points"}])
def test_what_has_a_shape_has_a_port_of_its_own_and_nothing_else_has(given):
    with pytest.raises(ConfigError, match=r"term joint_pos is of shape .* at the port .*; vectors share observation"):
        replace(TERM, **given)


def test_a_shape_holds_as_many_numbers_as_the_term():
    with pytest.raises(ConfigError, match=re.escape("term points has shape (2, 2) and width 6, which differ")):
        replace(POINTS, shape=(2, 2))


def test_only_terms_with_a_history_are_remembered():
    past = replace(TERM, name="joint_vel", history=3)
    seen = ObservationSpec(terms=(TERM, past, POINTS))
    assert seen.remembered == (past,)
    assert seen.slices == {"joint_pos": slice(0, 6), "joint_vel": slice(6, 12)}
    assert seen.ports == {"observation": (12,), "points": (2, 3)}
    assert ObservationSpec(terms=(TERM,)).remembered == ()


def test_a_policy_sees_each_term_once():
    with pytest.raises(ConfigError, match=re.escape("these occur more than once: ['joint_pos']")):
        ObservationSpec(terms=(TERM, TERM))


def test_a_policy_sees_a_vector_and_each_port_takes_one_term():
    with pytest.raises(ConfigError, match=re.escape("each of ['points'] must be the port of one term")):
        ObservationSpec(terms=(POINTS,))
    with pytest.raises(ConfigError, match=re.escape("each of ['points', 'points'] must be the port of one term")):
        ObservationSpec(terms=(TERM, POINTS, replace(POINTS, name="more_points")))


@pytest.mark.parametrize(("mode", "pose"), [("default", ()), ("relative", (0.1, 0.2)), ("absolute", (0.1, 0.2))])
def test_actions_have_a_default_pose_only_where_they_start_from_it(mode, pose):
    with pytest.raises(ConfigError, match=f"mode is {mode} with {len(pose)} numbers of default_pos_rad"):
        replace(ACTION, mode=mode, default_pos_rad=pose)
    assert replace(ACTION, mode="default", default_pos_rad=(0.1, 0.2)).default_pos_rad == (0.1, 0.2)


def test_the_scale_of_all_joints_is_the_largest_of_their_own():
    with pytest.raises(ConfigError, match=re.escape("scale_rad is 0.2, the largest of joint_scale_rad 0.3")):
        replace(ACTION, joint_scale_rad=(0.1, 0.3))
    with pytest.raises(ConfigError, match=re.escape("scale_rad is 0.2, the largest of joint_scale_rad 0.1")):
        replace(ACTION, joint_scale_rad=(0.1, 0.1))
    assert replace(ACTION, joint_scale_rad=(0.1, 0.2)).max_step_rad == 0.2
