"""A simulation that nothing can be learned from ends the training, with the reason."""

import numpy as np
import pytest

from dexterity_ros.sim.env_health import EnvHealth, SimulationError

HANDS, PERIOD_S = 100, 0.05
NOBODY, ALL = np.zeros(HANDS, dtype=bool), np.ones(HANDS, dtype=bool)


def go_on(*, steps=150, unstable=NOBODY, lost=NOBODY, restarted=NOBODY, age_s=0.5):
    health = EnvHealth(HANDS, PERIOD_S)
    for _ in range(steps):
        health.take(unstable, lost, restarted, np.full(HANDS, round(age_s / PERIOD_S)))


def first(count):
    return np.arange(HANDS) < count


def test_one_hand_in_a_hundred_may_be_begun_anew_by_mujoco_in_every_step_and_no_more():
    go_on(unstable=first(1))
    with pytest.raises(SimulationError, match=r"unstable in 2\.0 % of the last 100 control steps"):
        go_on(unstable=first(2))


def test_one_bad_moment_ends_nothing():
    health = EnvHealth(HANDS, PERIOD_S)
    for k in range(1000):
        health.take(ALL if k == 500 else NOBODY, NOBODY, NOBODY, np.zeros(HANDS, dtype=int))


def test_grasps_that_are_lost_at_once_end_a_run_when_most_are():
    go_on(restarted=ALL, lost=first(80))
    with pytest.raises(SimulationError, match="81 % of the last 10000 grasps lost the object within 1 s"):
        go_on(restarted=ALL, lost=first(81))


def test_an_object_that_is_dropped_later_is_the_policys_affair():
    go_on(restarted=ALL, lost=ALL, age_s=1.05)


def test_hands_that_run_out_of_time_have_lost_nothing():
    go_on(restarted=ALL)
