"""Our methods on a standard environment: the same pendulum as gymnasium's, and students as good as their teacher."""

import numpy as np
import pytest

pytest.importorskip("torch")

from dexterity_ros.bench.pendulum import Pendulum, mean_return, returns, swing_up

pytestmark = pytest.mark.training


def test_it_moves_and_pays_as_gymnasiums_does():
    gymnasium = pytest.importorskip("gymnasium")
    theirs = gymnasium.make("Pendulum-v1").unwrapped
    theirs.reset(seed=0)
    ours, rng = Pendulum(1, 0), np.random.default_rng(0)
    ours.restart()
    theirs.state = np.array([ours.angle[0], ours.speed[0]])
    for _ in range(150):
        action = rng.uniform(-1, 1, size=(1, 1)).astype(np.float32)
        outcome = ours.step(action)
        seen, reward, *_ = theirs.step(2.0 * action[0])
        np.testing.assert_allclose(outcome.observation[0], seen, atol=1e-3)
        assert outcome.reward[0] == pytest.approx(reward, abs=1e-3)


def test_the_expert_swings_it_up_and_dagger_comes_close():
    expert = mean_return(Pendulum(200, 5), swing_up)
    assert expert > -200.0
    found = returns(seed=0, demonstrations=10, rounds=5)
    assert found["DAgger"] > expert - 60.0
