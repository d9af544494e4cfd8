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


def test_a_goal_waits_while_a_person_has_the_hand_stand_still(graph, start, leap):
    start("goal_node", hand="leap", task="so3", seed=0, margin_rad=0.02)
    events = []
    ros.subscribe(graph.node, "goal_event", lambda m: events.append(json.loads(m.data)["event"]))
    publishers = {key: ros.publisher(graph.node, key) for key in ("supervisor", "hand_state", "object_pose")}
    publishers["hand_state"].publish(ros.message_class("hand_state")(data="following"))

    def said(supervisor, event):
        publishers["supervisor"].publish(ros.message_class("supervisor")(data=supervisor))
        pose = PoseSample(
            stamp_ns=ros.now_ns(graph.node), pos_m=np.array(leap.grasp_centre_m), quat_wxyz=np.array([1.0, 0, 0, 0])
        )
        publishers["object_pose"].publish(wire.fill_pose(ros.message_class("object_pose")(), pose))
        graph.spin(0.03)
        return event in events

    assert graph.spin_until(lambda: said("armed", "issued"), 20.0), events
    waiting = "hold: held_by_person: a person asked it to stand still"
    assert not graph.spin_until(lambda: said(waiting, "timeout"), 12.0), "a goal has 8 s"
    assert graph.spin_until(lambda: said("armed", "timeout"), 12.0), events
