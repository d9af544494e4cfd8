"""What a witness keeps is the truth of the first episodes while they last, in the order in which they are shown."""

import numpy as np
import pytest

from dexterity_ros.evaluation.witness import Witness

UP, TURNED = np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])


def see(witness, value, goals, live):
    n = len(goals)
    pose = np.tile(np.concatenate([[value, 0.0, 0.0], UP]), (n, 1))
    witness.keep(np.full((n, 16), value), pose, np.array(goals), np.array(live))


def test_episodes_follow_each_other_and_goals_are_counted_through():
    witness = Witness(0.05)
    see(witness, 1.0, [UP, UP], [True, True])
    see(witness, 2.0, [TURNED, UP], [True, False])
    see(witness, 3.0, [TURNED, UP], [True, False])
    shots = witness.shots()
    assert [shot.joints_rad[0] for shot in shots] == [1.0, 2.0, 3.0, 1.0]
    assert [shot.goal for shot in shots] == [1, 2, 2, 3]
    assert [shot.time_s for shot in shots] == pytest.approx([0.0, 0.05, 0.1, 0.15])
    assert shots[0].error_rad == pytest.approx(0.0) and shots[1].error_rad == pytest.approx(np.pi)


def test_what_is_kept_does_not_change_with_the_simulation():
    witness, goals, live = Witness(0.05), np.array([UP]), np.array([True])
    joints, pose = np.zeros((1, 16)), np.concatenate([np.zeros(3), UP])[None]
    witness.keep(joints, pose, goals, live)
    joints += 1.0
    goals[:] = TURNED
    assert witness.shots()[0].joints_rad[0] == 0.0 and witness.shots()[0].error_rad == pytest.approx(0.0)
