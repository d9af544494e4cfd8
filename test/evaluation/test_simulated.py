"""What a policy does in simulation becomes the ticks that a robot would have recorded."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial
from dexterity_ros.evaluation.simulated import Recorded
from dexterity_ros.replay.offline import repeat
from dexterity_ros.runtime.policy_pipeline import Tick, load_pipeline

T = 50_000_000


def stacked(inputs, now, count=3):
    """Returns the samples of as many hands, each a little elsewhere."""
    offset = 0.01 * np.arange(count)[:, None]
    rows = {
        s.name: type(inputs[s])(
            **{
                name: np.full(count, now) if name == "stamp_ns" else np.stack([value] * count)
                for name, value in vars(inputs[s]).items()
            }
        )
        for s in inputs.sources
    }
    joints = rows[JOINTS.name]
    rows[JOINTS.name] = type(joints)(
        stamp_ns=joints.stamp_ns, pos_rad=joints.pos_rad + offset, vel_rad_s=joints.vel_rad_s
    )
    return type(inputs)(rows)


@pytest.fixture
def recorded(bundle, leap, inputs):
    controller = Recorded(load_pipeline(bundle, leap))
    controller.start(inputs)
    for k in range(1, 31):
        controller.targets(stacked(inputs, k * T), k * T)
    return controller


def goal(seconds, reached=True):
    return GoalOutcome(reached=reached, time_s=seconds, angle_rad=1.0)


def test_each_hand_is_an_episode_up_to_the_last_goal_that_it_reached(recorded):
    trials = [Trial(goals=[goal(0.5), goal(0.25), goal(0.3, reached=False)]), Trial(goals=[goal(0.1, reached=False)])]
    trials.append(Trial(goals=[goal(0.2)]))
    ticks = recorded.records(trials, period_s=0.05, begin_ns=10**18)
    assert [sum(tick.reset == number for tick in ticks) for number in (1, 2, 3)] == [15, 0, 4]
    assert ticks[0].now_ns == 10**18 and ticks[1].now_ns - ticks[0].now_ns == T
    assert ticks[15].now_ns - ticks[14].now_ns > 10**9
    assert all(tick.inputs[JOINTS].stamp_ns == tick.now_ns for tick in ticks)


def test_the_robots_pipeline_repeats_them_bit_by_bit(recorded, bundle, leap):
    ticks = recorded.records([Trial(goals=[goal(1.0)])] * 3, period_s=0.05, begin_ns=10**18)
    for tick, result, known in repeat(ticks, load_pipeline(bundle, leap)):
        assert known and isinstance(result, Tick)
        np.testing.assert_array_equal(result.observation, tick.observation)
        np.testing.assert_allclose(result.target.pos_rad, tick.target.pos_rad, atol=1e-6)


def test_samples_that_a_policy_refuses_end_the_recording(bundle, leap, inputs):
    controller = Recorded(load_pipeline(bundle, leap))
    controller.start(inputs)
    with pytest.raises(DexterityError, match="refused simulated samples"):
        controller.targets(stacked(inputs, T), 100 * T)
