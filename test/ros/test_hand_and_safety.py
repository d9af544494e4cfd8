"""hand_node and safety_node on a real graph: nothing moves before arming, and everything stops."""

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from std_srvs.srv import Trigger

from dexterity_ros import (
    ros,
    wire,
)
from dexterity_ros.contracts.samples import PoseSample

pytestmark = pytest.mark.ros
WATCH = ["joint_states", "object_pose", "policy_state"]
POLICY = "models/policies/leap_yaw"


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
        return self.graph.until(condition, self.exchange, timeout_s)

    def call(self, service):
        return self.graph.call(service, self.exchange)

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


def test_a_hand_that_was_asked_to_stand_still_does_so_until_resume_and_a_disarm_ends_it_too(robot):
    assert not robot.call("safety_node/hold").success, "nothing holds a limp hand"
    assert robot.until(lambda: robot.call("safety_node/prepare").success)
    assert robot.call("safety_node/arm").success
    assert robot.until(lambda: robot.supervisor[-1] == "armed"), robot.supervisor[-1]
    assert robot.call("safety_node/hold").success
    robot.supervisor.clear()
    for _ in range(100):
        robot.exchange()
    assert robot.supervisor and all(said.startswith("hold: held_by_person") for said in robot.supervisor)
    assert robot.call("safety_node/resume").success
    assert robot.until(lambda: robot.supervisor[-1] == "armed"), robot.supervisor[-1]
    assert robot.call("safety_node/hold").success
    assert robot.call("safety_node/disarm").success
    assert robot.until(robot.state_is("limp")), robot.states


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
