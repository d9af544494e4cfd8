"""Episodes begin in a settled grasp, or where the same hand was shortly before it dropped its object."""

import numpy as np
import pytest

from dexterity_ros.sim.starts import BeforeDrops, Starts

GRASP, KIND = -1.0, np.zeros(3, dtype=np.int64)
EACH, FIRST = np.ones(3, dtype=bool), np.array([True, False, False])


class Pools:
    """Every grasp is the same."""

    def draw(self, kind, rng):
        return np.full((len(kind), 2), GRASP)


@pytest.fixture
def starts():
    return made(share=1.0)


def made(share):
    before = BeforeDrops(share=share, back_s=0.2)
    return Starts(Pools(), before, envs=3, state_size=2, period_s=0.05)


def states(step):
    """Returns where three hands are after a step: the number of the hand in tenths, and of the step."""
    return np.stack([np.arange(3) / 10 + step, np.full(3, step)], axis=1).astype(float)


def play(starts, steps, dropped=FIRST):
    """Plays so many control steps; in the last one, hands drop their object."""
    for step in range(steps):
        starts.watch(states(step), dropped if step == steps - 1 else ~EACH)


def drawn(starts, seed=0):
    return starts.draw(EACH, KIND, np.random.default_rng(seed))


def test_a_hand_that_dropped_begins_where_it_was_so_long_before(starts):
    play(starts, 10)
    np.testing.assert_array_equal(drawn(starts), [states(5)[0], [GRASP] * 2, [GRASP] * 2])


def test_an_episode_shorter_than_that_tells_nothing(starts):
    play(starts, 4)
    assert (drawn(starts) == GRASP).all()


def test_what_was_before_the_present_episode_is_not_mixed_in(starts):
    play(starts, 10, dropped=~EACH)
    drawn(starts)
    play(starts, 4)
    assert (drawn(starts) == GRASP).all()


def test_only_a_share_of_the_episodes_begins_so():
    starts = made(share=0.3)
    play(starts, 10, dropped=EACH)
    again = np.mean([(drawn(starts, seed)[:, 0] != GRASP).mean() for seed in range(400)])
    assert 0.25 < again < 0.35


def test_it_goes_on_from_a_snapshot(starts):
    play(starts, 7, dropped=~EACH)
    other = made(share=1.0)
    other.restore(starts.snapshot())
    for one in (starts, other):
        one.watch(states(7), EACH)
    np.testing.assert_array_equal(drawn(other), drawn(starts))
    assert (drawn(starts) == states(3)).all()


def test_without_it_every_episode_begins_in_a_grasp_and_no_more_chance_is_used():
    usual = Starts(Pools(), None, envs=3, state_size=2, period_s=0.05)
    play(usual, 10, dropped=EACH)
    rng = np.random.default_rng(0)
    assert (usual.draw(EACH, KIND, rng) == GRASP).all() and usual.snapshot() == {}
    assert rng.random() == np.random.default_rng(0).random()
