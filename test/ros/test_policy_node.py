"""policy_node on a real graph: what it refuses, what its ticks hold, and how an operator leads."""

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")


from dexterity_ros import (
    ros,
    wire,
)
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample

pytestmark = pytest.mark.ros
POLICY = "models/policies/leap_yaw"


class Inputs:
    """Publishes what policy_node listens to."""

    def __init__(self, graph, hand):
        self.graph, self.hand = graph, hand
        self.joints, self.pose, self.goal = (
            ros.publisher(graph.node, key) for key in ("joint_states", "object_pose", "goal")
        )
        self.states, self.targets, self.ticks = [], [], []
        ros.subscribe(graph.node, "policy_state", lambda m: self.states.append(m.data))
        ros.subscribe(graph.node, "joint_targets", self.targets.append)
        ros.subscribe(graph.node, "policy_tick", self.ticks.append)

    def send(self, *, names=None, pos_m=None, age_s=0.0, speed_rad_s=0.0):
        now = ros.now_ns(self.graph.node) - round(age_s * 1e9)
        names = self.hand.joint_names if names is None else names
        position = np.resize(np.array(self.hand.home_pos_rad), len(names))
        joints = JointSample(stamp_ns=now, pos_rad=position, vel_rad_s=np.full(len(names), speed_rad_s))
        message = ros.message_class("joint_states")()
        self.joints.publish(wire.fill_joint_state(message, names, now, joints.pos_rad, joints.vel_rad_s))
        centre = np.array(self.hand.grasp_centre_m if pos_m is None else pos_m)
        upright = np.array([1.0, 0.0, 0.0, 0.0])
        pose = PoseSample(stamp_ns=now, pos_m=centre, quat_wxyz=upright)
        self.pose.publish(wire.fill_pose(ros.message_class("object_pose")(), pose))
        goal = GoalSample(stamp_ns=ros.now_ns(self.graph.node), quat_wxyz=upright)
        self.goal.publish(wire.fill_goal(ros.message_class("goal")(), goal))

    def until(self, state, timeout_s=20.0, **what):
        """Sends until the policy's state begins with `state`."""

        def arrived():
            self.send(**what)
            self.graph.spin(0.02)
            return bool(self.states) and self.states[-1].startswith(state)

        return self.graph.spin_until(arrived, timeout_s)


@pytest.fixture
def policy(graph, start, leap):
    start("policy_node", hand="leap", policy=POLICY, workspace_radius_m=0.09, brings=["leader"])
    inputs = Inputs(graph, leap)
    assert inputs.until("acting"), inputs.states[-3:]
    return inputs


def test_policy_node_acts_refuses_and_recovers(policy, leap):
    swapped = (*leap.joint_names[:-1], "extra")
    for expected, what in (
        ("joints_invalid", {"names": swapped}),
        ("joints_invalid", {"names": leap.joint_names[:-1]}),
        ("joints_invalid", {"names": (*leap.joint_names, "extra")}),
        ("pose_invalid", {"pos_m": [np.nan, 0.0, 0.0]}),
        ("outside_workspace", {"pos_m": [0.5, 0.0, 0.0]}),
        ("joints_stale", {"age_s": 0.5}),
    ):
        assert policy.until(expected, **what), (expected, policy.states[-3:])
        policy.targets.clear()
        policy.until("never", timeout_s=0.3, **what)
        assert policy.targets == [], expected
        assert policy.until("acting"), policy.states[-3:]


def test_the_policy_matches_joints_by_name_whatever_their_order(policy, leap):
    assert policy.until("acting", names=leap.joint_names[::-1])


def test_a_published_tick_repeats_exactly_in_the_pipeline(policy, leap, bundle):
    from dexterity_ros.runtime.policy_pipeline import load_pipeline

    policy.until("never", timeout_s=0.5)
    layout = [(dim.label, dim.size) for dim in policy.ticks[0].layout.dim]
    record = wire.unpack_tick(layout, policy.ticks[0].data)
    pipeline = load_pipeline(bundle, leap)
    tick = pipeline.step(record.inputs, record.now_ns)
    np.testing.assert_array_equal(tick.observation, record.observation)
    np.testing.assert_array_equal(tick.raw_action, record.raw_action)
    np.testing.assert_array_equal(tick.target.pos_rad, record.target.pos_rad)


def test_an_operator_leads_while_they_send_and_the_policy_acts_again_after(policy, leap):
    leader = ros.publisher(policy.graph.node, "leader")
    wanted = np.array(leap.home_pos_rad) + 0.03

    def lead(value=wanted):
        now = ros.now_ns(policy.graph.node) + 3600 * 10**9  # a device whose clock is an hour ahead
        leader.publish(wire.fill_joint_state(ros.message_class("leader")(), leap.joint_names, now, value))
        policy.send()
        policy.graph.spin(0.02)
        return policy.states[-1]

    assert policy.graph.spin_until(lambda: lead().endswith("operator leads"), 10.0), policy.states[-3:]
    for _ in range(20):
        lead()
    np.testing.assert_allclose(policy.targets[-1].position, wanted, atol=1e-6)
    record = wire.tick_record(policy.ticks[-1])
    assert record.led
    assert policy.graph.spin_until(lambda: lead(wanted * np.nan).startswith("target_invalid"), 10.0)
    assert policy.until("acting") and policy.graph.spin_until(
        lambda: policy.until("acting", timeout_s=0.2) and policy.states[-1].startswith("acting"), 10.0
    )
    assert not wire.tick_record(policy.ticks[-1]).led


def test_a_policy_that_sees_what_training_never_saw_holds_until_a_reset_and_until_it_knows_what_it_sees(
    graph, start, leap
):
    start("policy_node", hand="leap", policy=POLICY, workspace_radius_m=0.09, outside_training="hold")
    policy = Inputs(graph, leap)
    assert policy.until("acting"), policy.states[-3:]
    assert policy.until("held_outside_training: joint_vel of ", speed_rad_s=50.0), policy.states[-3:]
    policy.targets.clear()
    assert not policy.until("acting", timeout_s=1.0)
    resets, sender = ros.publisher(graph.node, "policy_reset"), ros.Sender()
    resets.publish(ros.message_class("policy_reset")(data=str(sender.origin(7))))
    assert not policy.until("acting", timeout_s=1.0, speed_rad_s=50.0) and policy.targets == []
    assert policy.until("acting"), policy.states[-3:]
    assert wire.origin(policy.targets[-1].header.frame_id).number == 7
