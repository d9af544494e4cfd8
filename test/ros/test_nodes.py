"""Single nodes on a real graph: what they refuse, and what they do with bad messages."""

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from std_srvs.srv import Trigger

from dexterity_ros import (
    ros,
    wire,
)
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample

pytestmark = pytest.mark.ros
WATCH = ["joint_states", "object_pose", "policy_state"]
POLICY = "models/policies/leap_yaw"


@pytest.mark.parametrize(
    ("executable", "parameters", "said"),
    [
        ("policy_node", {"hand": "leap", "policy": POLICY, "workspace_radius_m": 0.1, "polcy": 1}, "polcy"),
        ("policy_node", {"hand": "leap", "policy": "models/policies/nope", "workspace_radius_m": 0.1}, "leap_yaw"),
        ("policy_node", {"hand": "leap", "policy": POLICY}, "workspace_radius_m is missing"),
        (
            "hand_node",
            {
                "hand": "leap",
                "policy": POLICY,
                "hardware": "usb",
                "port": "",
                "shadow": False,
                "max_reboots_per_hour": 0,
            },
            "one of ['dynamixel', 'direct']",
        ),
        (
            "hand_node",
            {
                "hand": "leap",
                "policy": POLICY,
                "hardware": "direct",
                "port": "",
                "shadow": False,
                "max_reboots_per_hour": 0,
                "max_step_rad": 9.0,
            },
            "may only tighten",
        ),
        (
            "goal_node",
            {"hand": "leap", "task": "yaw", "seed": 0, "margin_rad": 0.0, "goal_max_rad": 7.0},
            "goal_max_rad is 7.0, expected 0 to 3.14159",
        ),
        ("safety_node", {"hand": "paw", "lifecycle_nodes": ["hand_node"], "watch": WATCH}, "it has ['dclaw', 'leap']"),
    ],
)
def test_a_wrong_parameter_ends_the_node_with_one_line_that_says_what_is_wrong(start, executable, parameters, said):
    process = start(executable, **parameters)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said in output and "Traceback" not in output


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

    def send(self, *, names=None, pos_m=None, age_s=0.0):
        now = ros.now_ns(self.graph.node) - round(age_s * 1e9)
        names = self.hand.joint_names if names is None else names
        position = np.resize(np.array(self.hand.home_pos_rad), len(names))
        joints = JointSample(stamp_ns=now, pos_rad=position, vel_rad_s=np.zeros(len(names)))
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
        lambda: policy.until("acting", timeout_s=0.2) and policy.states[-1] == "acting", 10.0
    )
    assert not wire.tick_record(policy.ticks[-1]).led


class Robot:
    """Motors, pose and policy of a robot that stands still, for hand_node and safety_node."""

    def __init__(self, graph, hand):
        self.graph, self.names, self.home = graph, hand.joint_names, np.array(hand.home_pos_rad)
        self.centre = np.array(hand.grasp_centre_m)
        self.written, self.states, self.supervisor = [], [], []
        ros.subscribe(graph.node, "driver_joint_command", self.written.append)
        ros.subscribe(graph.node, "hand_state", lambda m: self.states.append(m.data))
        ros.subscribe(graph.node, "supervisor", lambda m: self.supervisor.append(wire.state_text(m.data)))
        keys = ("driver_joint_states", "joint_targets", "object_pose", "policy_state")
        self.publishers = {key: ros.publisher(graph.node, key) for key in keys}

    def exchange(self):
        now = ros.now_ns(self.graph.node)
        make = ros.message_class("joint_states")
        state = wire.fill_joint_state(make(), self.names, now, self.home, np.zeros(16))
        wanted = wire.fill_joint_state(make(), self.names, now, self.home + 0.1)
        wanted.header.frame_id = "0"
        pose = PoseSample(stamp_ns=now, pos_m=self.centre, quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
        messages = {
            "driver_joint_states": state,
            "joint_targets": wanted,
            "object_pose": wire.fill_pose(ros.message_class("object_pose")(), pose),
            "policy_state": ros.message_class("policy_state")(data="acting"),
        }
        for key, message in messages.items():
            self.publishers[key].publish(message)
        self.graph.spin(0.01)

    def until(self, condition, timeout_s=20.0):
        def exchanged():
            self.exchange()
            return condition()

        return self.graph.spin_until(exchanged, timeout_s)

    def call(self, service):
        client = self.graph.node.create_client(Trigger, service)
        assert client.wait_for_service(timeout_sec=10.0)
        future = client.call_async(Trigger.Request())
        assert self.until(future.done)
        return future.result()

    def state_is(self, state):
        return lambda: bool(self.states) and self.states[-1].startswith(state)


@pytest.fixture
def robot(graph, start, leap):
    start("hand_node", hand="leap", policy=POLICY, hardware="direct", port="", shadow=False, max_reboots_per_hour=0)
    start("safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=WATCH)
    made = Robot(graph, leap)
    assert made.until(made.state_is("limp")), "hand_node was never configured"
    return made


def test_nothing_moves_before_arming_and_estop_takes_the_torque(robot):
    for _ in range(50):
        robot.exchange()
    assert [m for m in robot.written if len(m.position)] == []
    refused = robot.call("safety_node/arm")
    assert not refused.success and "prepare first" in refused.message
    assert robot.until(lambda: robot.call("safety_node/prepare").success)
    assert [m for m in robot.written if len(m.position)] == []
    assert robot.call("safety_node/arm").success
    assert robot.until(robot.state_is("holding")), robot.states
    assert "easing" in robot.states
    assert robot.call("hand_node/estop").success
    assert robot.until(lambda: len(robot.written[-1].position) == 0)
    assert robot.until(lambda: robot.supervisor[-1].startswith("stopped")), robot.supervisor[-1]
    refused = robot.call("safety_node/prepare")
    assert not refused.success and "disarm first" in refused.message


def test_disarming_eases_out_before_the_torque_goes(robot):
    assert robot.until(lambda: robot.call("safety_node/prepare").success)
    assert robot.call("safety_node/arm").success
    assert robot.until(robot.state_is("holding")), robot.states
    assert robot.call("safety_node/disarm").success
    assert robot.until(robot.state_is("limp")), robot.states
    assert robot.states[-2] == "easing_out"
    assert len(robot.written[-1].position) == 0


def test_a_deadman_must_be_kept_pressed(graph, start, leap):
    start("hand_node", hand="leap", policy=POLICY, hardware="direct", port="", shadow=False, max_reboots_per_hour=0)
    start("safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=[*WATCH, "deadman"])
    robot, pedal = Robot(graph, leap), ros.publisher(graph.node, "deadman")
    pressed = ros.message_class("deadman")(data=True)
    assert robot.until(robot.state_is("limp"))
    assert "deadman never arrived" in robot.call("safety_node/prepare").message

    def hold_down(condition):
        return robot.until(lambda: (pedal.publish(pressed), condition())[1])

    def granted():
        pedal.publish(pressed)
        return robot.call("safety_node/prepare").success and robot.call("safety_node/arm").success

    assert hold_down(granted)
    assert hold_down(lambda: robot.supervisor[-1] == "armed"), robot.supervisor[-1]
    pedal.publish(ros.message_class("deadman")(data=False))
    assert robot.until(lambda: robot.supervisor[-1].startswith("hold: deadman_released")), robot.supervisor[-1]


def test_arming_without_a_pose_is_refused_with_the_topic_named(graph, start, leap):
    start("safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=WATCH)
    client = graph.node.create_client(Trigger, "safety_node/arm")
    assert client.wait_for_service(timeout_sec=10.0)
    future = client.call_async(Trigger.Request())
    assert graph.spin_until(future.done)
    message = future.result().message
    assert not future.result().success
    assert "object_pose never arrived" in message and "hand_node is not there" in message


def test_a_hand_that_is_plugged_in_late_is_armed_and_its_stop_is_survived(graph, start, leap, tmp_path):
    from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
    from dexterity_ros.drivers.emulated.served_bus import ServedBus

    port = tmp_path / "port"
    start(
        "hand_node",
        hand="leap",
        policy=POLICY,
        hardware="dynamixel",
        port=str(port),
        shadow=False,
        max_reboots_per_hour=0,
    )
    start("safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=WATCH)
    robot = Robot(graph, leap)
    assert not robot.until(robot.state_is("limp"), timeout_s=3.0)
    bus = ServedBus(EmulatedBus(leap, StillJoints(leap.joint_names, np.array(leap.home_pos_rad)), WireModel()), port)
    assert robot.until(robot.state_is("limp"))
    assert robot.until(lambda: robot.call("safety_node/prepare").success)
    assert robot.call("safety_node/arm").success
    assert robot.until(robot.state_is("holding")), robot.states
    assert robot.call("hand_node/estop").success
    assert robot.until(lambda: robot.supervisor[-1].startswith("stopped")), robot.supervisor[-1]
    bus.close()
