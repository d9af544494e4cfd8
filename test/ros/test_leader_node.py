"""leader_node: a second hand or a gamepad leads policy_node while it sends; its silence gives the lead back."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from dexterity_ros import ros, wire
from dexterity_ros.cli.lead import publish_keys
from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.samples import GoalSample, PoseSample
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.shown_joints import ShownJoints
from dexterity_ros.runtime.tick import LED

pytestmark = pytest.mark.ros
POLICY = "models/policies/leap_yaw"
SHIPPED = config.read_mapping(data_root() / "config/nodes/leader_node.yaml")["leader_node"]["ros__parameters"]
DEADMAN, NEXT = SHIPPED["deadman_button"], SHIPPED["next_button"]
OURS = {"nodes_bring": ["leader"]}


class Robot:
    """A hand that stands at home with an object in it, as policy_node and leader_node see it."""

    def __init__(self, graph, hand):
        self.graph, self.hand, self.home = graph, hand, np.array(hand.home_pos_rad)
        self.joints, self.pose, self.goal = (
            ros.publisher(graph.node, key) for key in ("joint_states", "object_pose", "goal")
        )
        self.led, self.states, self.targets, self.diagnostics = [], [], [], {}
        ros.observe(graph.node, "leader", self.led.append)
        ros.subscribe(graph.node, "policy_state", lambda m: self.states.append(m.data))
        ros.subscribe(graph.node, "joint_targets", self.targets.append)
        ros.subscribe(graph.node, "diagnostics", self._on_diagnostics)

    def _on_diagnostics(self, message):
        self.diagnostics.update({status.name: (status.level, status.message) for status in message.status})

    def send(self):
        now, upright = ros.now_ns(self.graph.node), np.array([1.0, 0.0, 0.0, 0.0])
        joints = ros.message_class("joint_states")()
        self.joints.publish(wire.fill_joint_state(joints, self.hand.joint_names, now, self.home, np.zeros(16)))
        pose = PoseSample(stamp_ns=now, pos_m=np.array(self.hand.grasp_centre_m), quat_wxyz=upright)
        self.pose.publish(wire.fill_pose(ros.message_class("object_pose")(), pose))
        goal = GoalSample(stamp_ns=now, quat_wxyz=upright)
        self.goal.publish(wire.fill_goal(ros.message_class("goal")(), goal))
        self.graph.spin(0.02)

    def until(self, condition, timeout_s=20.0, each=lambda: None):
        def arrived():
            each()
            self.send()
            return condition()

        return self.graph.spin_until(arrived, timeout_s)

    def said(self, state):
        """Whether the policy's state is this; how far its observations are outside its training may follow."""
        return lambda: bool(self.states) and self.states[-1].split(": outside_training")[0] == state

    def leader_says(self, text):
        return lambda: text in self.diagnostics.get("leader_node: loop", (b"", ""))[1]


@pytest.fixture
def robot(graph, start, leap):
    start("policy_node", hand="leap", policy=POLICY, workspace_radius_m=0.09, **OURS)
    robot = Robot(graph, leap)
    assert robot.until(robot.said("acting")), robot.states[-3:]
    return robot


@pytest.fixture
def second(leap, tmp_path):
    """A second hand, whose fingers a person moves."""
    served = ServedBus(EmulatedBus(leap, ShownJoints(leap), WireModel()), tmp_path / "leader.sock")
    yield served
    served.close()


def lead_by_hand(start, second):
    return start("leader_node", hand="leap", device="hand", port=second.path, **SHIPPED, **OURS)


def test_a_second_hand_leads_and_its_pulled_cable_gives_the_lead_back(robot, start, second, leap):
    lead_by_hand(start, second)
    assert robot.until(robot.said(LED)), robot.states[-3:]
    assert robot.until(robot.leader_says("leads"))
    assert np.abs(np.array(robot.led[-1].position) - robot.home).max() < 0.2
    assert list(robot.led[-1].name) == list(leap.joint_names)
    second.unplugged = True
    assert robot.until(robot.said("acting"), 2.0), robot.states[-3:]
    assert robot.until(robot.leader_says("does not lead: "), 5.0), robot.diagnostics
    assert int.from_bytes(robot.diagnostics["leader_node: loop"][0], "little") == 1
    second.unplugged = False
    assert robot.until(robot.said(LED)), robot.states[-3:]


def test_a_leader_that_is_killed_gives_the_lead_back(robot, start, second):
    process = lead_by_hand(start, second)
    assert robot.until(robot.said(LED)), robot.states[-3:]
    process.kill()
    assert robot.until(robot.said("acting"), 2.0), robot.states[-3:]


def test_who_leads_beside_our_own_leader_makes_the_hand_hold_and_is_named(robot, start, second):
    lead_by_hand(start, second)
    assert robot.until(robot.said(LED)), robot.states[-3:]
    double = ros.publisher(robot.graph.node, "leader")
    message = wire.fill_joint_state(ros.message_class("leader")(), robot.hand.joint_names, 0, robot.home)
    assert robot.until(lambda: robot.states[-1].startswith("two_owners"), each=lambda: double.publish(message)), (
        robot.states[-3:]
    )
    assert robot.until(robot.said(LED)), robot.states[-3:]


class Pad:
    """A gamepad."""

    def __init__(self, graph):
        self._publisher, self._make = ros.publisher(graph.node, "joy"), ros.message_class("joy")

    def press(self, *buttons, axes=(0.0,) * 6):
        return lambda: self._publisher.publish(
            self._make(axes=list(axes), buttons=[int(i in buttons) for i in range(21)])
        )


@pytest.fixture
def pad(graph, robot, start):
    start("leader_node", hand="leap", device="joy", port="", **SHIPPED, **OURS)
    pad = Pad(graph)
    assert robot.until(robot.leader_says("dead-man button is not held"), each=pad.press()), robot.diagnostics
    return pad


def test_a_gamepad_leads_while_its_deadman_button_is_held(robot, pad):
    robot.led.clear()
    stick = [0.0] * 6
    stick[SHIPPED["joint_axis"]] = 1.0
    robot.until(lambda: False, 0.5, pad.press(axes=stick))
    assert robot.led == []
    assert robot.until(robot.said(LED), each=pad.press(DEADMAN, axes=stick)), robot.states[-3:]
    assert robot.until(lambda: robot.led[-1].position[0] > robot.home[0], 2.0, pad.press(DEADMAN, axes=stick))
    moved = np.array(robot.led[-1].position) - robot.home
    assert moved[0] > 0.0 and not moved[1:].any()
    assert robot.until(robot.said("acting"), 2.0, pad.press(axes=stick)), robot.states[-3:]


def test_a_gamepad_that_falls_silent_or_sends_nonsense_leads_nobody(robot, pad):
    assert robot.until(robot.said(LED), each=pad.press(DEADMAN)), robot.states[-3:]
    assert robot.until(robot.said("acting"), 2.0), robot.states[-3:]
    assert robot.until(robot.leader_says("joy: nothing for 0.25 s"), 5.0), robot.diagnostics
    assert robot.until(robot.said(LED), each=pad.press(DEADMAN)), robot.states[-3:]
    bad = pad.press(DEADMAN, axes=[float("nan")] * 6)
    assert robot.until(robot.said("acting"), 2.0, bad), robot.states[-3:]
    assert robot.until(robot.leader_says("axis 0 is nan"), 5.0, bad), robot.diagnostics


def test_a_button_chooses_the_joint_that_the_stick_moves(robot, pad):
    stick = [0.0] * 6
    stick[SHIPPED["joint_axis"]] = -1.0
    for pressed in ((), (NEXT,), ()):
        robot.until(lambda: False, 0.3, pad.press(*pressed))
    robot.led.clear()
    assert robot.until(lambda: len(robot.led) > 20, each=pad.press(DEADMAN, axes=stick))
    moved = np.array(robot.led[-1].position) - robot.home
    assert moved[1] < 0.0 and not moved[[0, *range(2, 16)]].any()


def test_keys_lead_as_a_gamepad_does_and_the_space_bar_gives_the_lead_back(robot, start):
    start("leader_node", hand="leap", device="joy", port="", **SHIPPED, **OURS)
    person = SimpleNamespace(node=robot.graph.node, spin=lambda seconds: robot.until(lambda: False, seconds))
    moved, end = [], time.monotonic() + 30.0

    def key():
        if time.monotonic() > end or (moved and robot.said("acting")()):
            return "q"
        if robot.led and robot.led[-1].position[0] > robot.home[0] + 0.05:
            moved.append(np.array(robot.led[-1].position) - robot.home)
        return " " if moved else "w"

    publish_keys(person, key, lambda: None)
    assert moved and not moved[0][1:].any(), robot.diagnostics
    assert robot.until(robot.said("acting"), 2.0), robot.states[-3:]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"device": "hand"}, "name the port of the hand that leads"),
        ({"device": "glove"}, "one of ['hand', 'joy']"),
        ({"device": "joy", "deadman_button": 14}, "one button is for two things"),
        ({"device": "joy", "synergies": "paw"}, "dclaw"),
    ],
)
def test_a_wrong_parameter_ends_leader_node_with_one_line(start, changed, said):
    process = start("leader_node", **(SHIPPED | {"hand": "leap", "port": ""} | changed))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said in output and "Traceback" not in output
