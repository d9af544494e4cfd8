"""goal_node with a policy that says itself when its goal is reached."""

import json

import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy")

from dexterity_ros import ros, wire
from dexterity_ros.contracts import config
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.samples import CloudSample, PoseSample

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


def test_a_policy_of_points_is_shown_goals_of_an_object_whose_turn_nobody_knows(graph, start, leap, tmp_path):
    prism = next(item.spec for item in load_catalogue().objects if item.name == "prism_01")
    (tmp_path / "object.yaml").write_text(yaml.safe_dump(config.to_mapping(prism)))
    start("goal_node", hand="leap", task="so3", seed=0, margin_rad=0.02, object=str(tmp_path), sight="object_cloud")
    events, goals, clouds = [], [], []
    ros.subscribe(graph.node, "goal_event", lambda m: events.append(json.loads(m.data)))
    ros.subscribe(graph.node, "goal", goals.append)
    ros.subscribe(graph.node, "goal_cloud", clouds.append)
    keys = ("supervisor", "hand_state", "object_cloud", "policy_reached")
    publishers = {key: ros.publisher(graph.node, key) for key in keys}
    publishers["hand_state"].publish(ros.message_class("hand_state")(data="following"))
    centre = np.array(leap.grasp_centre_m)
    seen = centre + 0.02 * np.random.default_rng(0).normal(size=(100, 3))

    def send(points, sure):
        publishers["supervisor"].publish(ros.message_class("supervisor")(data="armed"))
        cloud = CloudSample(stamp_ns=ros.now_ns(graph.node), points_m=points)
        message = wire.fill_cloud(ros.message_class("object_cloud")(), ros.message_field("object_cloud"), cloud)
        publishers["object_cloud"].publish(message)
        publishers["policy_reached"].publish(ros.message_class("policy_reached")(data=sure))
        graph.spin(0.03)

    def reached():
        send(seen, 0.9)
        return [event["event"] for event in events].count("reached") >= 2

    assert graph.spin_until(reached, 20.0), events
    assert goals and clouds
    shown = wire.cloud_sample(clouds[-1]).points_m
    assert shown.shape == (512, 3) and np.linalg.norm(shown.mean(axis=0) - centre) < 0.005

    def dropped():
        send(seen - np.array([0.0, 0.0, 0.3]), 0.0)
        return events[-1]["event"] == "dropped"

    assert graph.spin_until(dropped, 20.0), events
