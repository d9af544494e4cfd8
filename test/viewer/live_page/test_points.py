"""Points on the page: of object, hand and goal, where a policy sees such points."""

import numpy as np
import pytest

from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.viewer.panels import Snapshot

pytestmark = pytest.mark.realtime


def test_points_of_object_hand_and_goal_are_drawn_as_long_as_there_is_such_a_goal(draw, browser, leap):
    one = browser()
    cloud = CloudSample(stamp_ns=1, points_m=np.full((5, 3), 0.1))
    points = Snapshot(joints_rad=np.array(leap.home_pos_rad), cloud=cloud, goal_cloud=cloud)

    def drawn():
        return {m["name"]: m["props"]["colors"] for m in one.heard if m["type"] == "PointCloudMessage"}

    draw(points)
    names = {"/cloud", "/goal_points", "/hand_points"}
    assert one.listen(lambda: names <= drawn().keys()), drawn().keys()
    assert len({repr(colours) for colours in drawn().values()}) == 3
    draw(Snapshot(cloud=cloud))

    def hidden():
        return {m["name"] for m in one.heard if m["type"] == "SetSceneNodeVisibilityMessage" and not m["visible"]}

    assert one.listen(lambda: names - {"/cloud"} <= hidden()), hidden()
