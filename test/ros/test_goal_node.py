"""goal_node with a policy that says itself when its goal is reached."""

import json

import numpy as np
import pytest

pytest.importorskip("rclpy")

from dexterity_ros import ros, wire
from dexterity_ros.contracts.samples import PoseSample

pytestmark = pytest.mark.ros


def test_a_policy_that_died_while_it_was_sure_reaches_no_more_goals(graph, start, leap):
    start("goal_node", hand="leap", task="so3", seed=0, margin_rad=0.02, reached_by="policy")
    events = []
    ros.subscribe(graph.node, "goal_event", lambda m: events.append(json.loads(m.data)["event"]))
    keys = ("supervisor", "hand_state", "object_pose", "policy_reached")
    publishers = {key: ros.publisher(graph.node, key) for key in keys}
    publishers["hand_state"].publish(ros.message_class("hand_state")(data="following"))

    def send(sure=None):
        publishers["supervisor"].publish(ros.message_class("supervisor")(data="armed"))
        pose = PoseSample(
            stamp_ns=ros.now_ns(graph.node), pos_m=np.array(leap.grasp_centre_m), quat_wxyz=np.array([1.0, 0, 0, 0])
        )
        publishers["object_pose"].publish(wire.fill_pose(ros.message_class("object_pose")(), pose))
        if sure is not None:
            publishers["policy_reached"].publish(ros.message_class("policy_reached")(data=sure))
        graph.spin(0.03)

    def reached():
        send(0.9)
        return events.count("reached") >= 2

    assert graph.spin_until(reached, 20.0), events
    for _ in range(10):
        send()
    before = events.count("reached")
    for _ in range(40):
        send()
    assert events.count("reached") == before and "issued" in events
