"""Where the object is, by its pose or by no more than its points."""

from types import SimpleNamespace

import numpy as np
import pytest

from dexterity_ros import wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.runtime.object_sight import ObjectSight
from dexterity_ros.tasks.wanted import UNKNOWN

NOW = 5_000_000_000


def message(points, stamp=NOW):
    blank = SimpleNamespace(header=SimpleNamespace(stamp=SimpleNamespace(sec=0, nanosec=0), frame_id=""))
    return wire.fill_cloud(blank, SimpleNamespace, CloudSample(stamp_ns=stamp, points_m=points))


POINTS = np.array([[0.1, 0.0, 0.04], [0.12, 0.02, 0.06]])


def test_points_say_where_the_object_is_and_not_how_it_is_turned(leap):
    sight = ObjectSight("object_cloud", leap)
    pose = sight.pose(message(POINTS), 0.05, NOW + 50_000_000)
    np.testing.assert_allclose(pose.pos_m, [0.11, 0.01, 0.05], atol=1e-6)
    assert (pose.quat_wxyz == UNKNOWN).all() and not sight.turns
    assert ObjectSight("object_pose", leap).turns


def test_old_points_and_points_that_are_none_say_nothing(leap):
    sight = ObjectSight("object_cloud", leap)
    assert sight.pose(None, None, NOW) is None
    assert sight.pose(message(POINTS), 0.3, NOW) is None
    assert sight.pose(message(POINTS), 0.0, NOW + 300_000_000) is None
    assert sight.pose(message(POINTS, stamp=NOW + 10**9), 0.0, NOW) is None
    assert sight.pose(message(np.full((4, 3), np.nan)), 0.0, NOW) is None


def test_a_message_that_is_no_cloud_is_refused(leap):
    broken = message(POINTS)
    broken.point_step = 12
    with pytest.raises(WireError):
        ObjectSight("object_cloud", leap).pose(broken, 0.0, NOW)
