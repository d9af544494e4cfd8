"""A movement primitive goes where it was shown, ends where it is told, from anywhere, and never leaves the limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros.action.primitive import FREQUENCY, Rollout, advance, begin
from dexterity_ros.action.primitive_fit import fit
from dexterity_ros.contracts.errors import ConfigError

PERIOD_S = 0.05


def gait(hand, seconds=6.0, rate_hz=20.0, seed=0):
    """Returns joints that go to and fro at 0.5 to 1.5 Hz inside their limits, (T, n), and end elsewhere."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz) + 1)[:, None] / rate_hz
    n = len(hand.joints)
    middle, reach = 0.5 * (hand.lower_rad + hand.upper_rad), 0.5 * (hand.upper_rad - hand.lower_rad)
    wave = 0.5 * np.sin(2.0 * np.pi * rng.uniform(0.5, 1.5, n) * t + rng.uniform(0.0, 6.0, n))
    return middle + reach * (wave + 0.3 * rng.uniform(-1.0, 1.0, n) * t / seconds)


def rolled(primitive, hand, start, *, goal=None, duration_s=None, settle=1.0):
    rollout = Rollout(primitive, start, lower_rad=hand.lower_rad, upper_rad=hand.upper_rad)
    rollout.towards(goal, duration_s)
    steps = round(settle * rollout.duration_s / PERIOD_S)
    return np.stack([start, *(rollout.step(PERIOD_S) for _ in range(steps))])


@pytest.mark.parametrize("seed", range(3))
def test_at_its_own_goal_it_repeats_the_demonstration(leap, seed):
    path = gait(leap, seed=seed)
    again = rolled(fit([path], PERIOD_S), leap, path[0])
    assert np.sqrt(((again - path) ** 2).mean()) <= 0.05


def test_from_100_starts_and_20_goals_it_ends_at_the_goal_and_stays_inside(leap):
    primitive, rng = fit([gait(leap)], PERIOD_S), np.random.default_rng(1)
    goals = rng.uniform(leap.lower_rad, leap.upper_rad, (20, 16))
    for k in range(100):
        start = rng.uniform(leap.lower_rad, leap.upper_rad)
        path = rolled(primitive, leap, start, goal=goals[k % 20])
        assert np.abs(path[-1] - goals[k % 20]).max() <= 0.02
        assert ((path >= leap.lower_rad) & (path <= leap.upper_rad)).all()


def test_slower_and_faster_is_the_same_way(leap):
    path = gait(leap)
    primitive = fit([path], PERIOD_S)
    slow = rolled(primitive, leap, path[0], duration_s=2.0 * primitive.duration_s)
    assert np.sqrt(((slow[::2] - path) ** 2).mean()) <= 0.05


def test_a_goal_that_moves_on_the_way_is_reached_without_a_jump(leap):
    path = gait(leap)
    primitive = fit([path], PERIOD_S)
    rollout = Rollout(primitive, path[0], lower_rad=leap.lower_rad, upper_rad=leap.upper_rad)
    goal, before, largest = np.array(leap.home_pos_rad), path[0], 0.0
    for k in range(round(2.0 * primitive.duration_s / PERIOD_S)):
        if k == 70:
            rollout.towards(goal)
        after = rollout.step(PERIOD_S)
        largest, before = max(largest, np.abs(after - before).max()), after
    assert np.abs(before - goal).max() <= 0.02
    assert largest < 0.5 and rollout.phase > 1.0


def test_several_demonstrations_are_averaged(leap):
    paths = [gait(leap, seed=0) + offset for offset in (-0.02, 0.0, 0.02)]
    primitive = fit(paths, PERIOD_S)
    again = rolled(primitive, leap, paths[1][0])
    assert np.sqrt(((again - paths[1]) ** 2).mean()) <= 0.05
    np.testing.assert_allclose(primitive.goal_rad, paths[1][-1])


@settings(max_examples=60, deadline=None)
@given(pos=st.floats(-3.0, 3.0), vel=st.floats(-50.0, 50.0), force=st.floats(-500.0, 500.0), share=st.floats(1e-4, 5.0))
def test_one_long_step_is_two_short_ones(pos, vel, force, share):
    one = np.array([1.0])
    state = begin(pos * one)
    state = advance(state, vel * one, 0.0 * one, 0.1)  # any speed
    whole = advance(state, force * one, one, share)
    half = advance(advance(state, force * one, one, 0.5 * share), force * one, one, 0.5 * share)
    np.testing.assert_allclose(whole.pos_rad, half.pos_rad, atol=1e-9 * (1.0 + abs(force) + abs(pos)))
    assert FREQUENCY > 0.0


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ([], "there are 0 demonstrations"),
        ([np.zeros((3, 16))], "demonstration 0 has the shape"),
        ([np.zeros((40, 16)), np.zeros((40, 15))], "demonstration 1 has the shape"),
        ([np.full((40, 16), np.nan)], "demonstration 0 holds numbers that are not finite"),
    ],
)
def test_demonstrations_that_are_none_are_refused(paths, said):
    with pytest.raises(ConfigError, match=said):
        fit(paths, PERIOD_S)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"goal_rad": np.full(16, np.nan)}, "the goal is"),
        ({"goal_rad": np.zeros(3)}, "expected 16 finite numbers"),
        ({"duration_s": 0.0}, "the duration is 0.0 s"),
    ],
)
def test_what_cannot_be_is_refused_on_the_way(leap, change, said):
    path = gait(leap)
    rollout = Rollout(fit([path], PERIOD_S), path[0], lower_rad=leap.lower_rad, upper_rad=leap.upper_rad)
    with pytest.raises(ConfigError, match=said):
        rollout.towards(**change)
