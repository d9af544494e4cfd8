"""What the page says of a policy that sees points."""

import numpy as np
import pytest

pytest.importorskip("viser")

from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.viewer.panels import Snapshot, state_html

CLOUD = CloudSample(stamp_ns=0, points_m=np.zeros((4, 3)))


def test_colours_of_points_are_explained_only_where_there_are_such_points():
    without, with_points = state_html(Snapshot(cloud=CLOUD)), state_html(Snapshot(cloud=CLOUD, goal_cloud=CLOUD))
    assert "seen points" in without and "of the goal" not in without
    for name in ("points of the object", "of the hand", "of the goal"):
        assert name in with_points
    assert "faint: goal" not in with_points


def test_the_guessed_distance_is_shown_where_a_policy_says_one():
    assert "rad off" not in state_html(Snapshot())
    assert "0.42 rad off" in state_html(Snapshot(distance_rad=0.4213))
