"""docs/own_driver.md: its node, as printed there, between hand_node and a made-up controller."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from dexterity_ros import ros
from dexterity_ros.contracts.resources import data_root

pytestmark = pytest.mark.ros
PAGE = data_root() / "docs" / "own_driver.md"


class Controller:
    """A forward_command_controller and a joint_state_broadcaster whose joints go where they are told, at once."""

    def __init__(self, graph, hand):
        self.graph, self.names = graph, list(hand.joint_names)
        self.pos = np.array(hand.home_pos_rad) + 0.05
        self.commands, self.states = [], []
        self.publisher = graph.node.create_publisher(JointState, "robot/joint_states", qos_profile_sensor_data)
        graph.node.create_subscription(Float64MultiArray, "robot/hand_controller/commands", self.on_command, 1)
        ros.observe(graph.node, "hand_state", lambda m: self.states.append(m.data))
        self.heartbeat = ros.publisher(graph.node, "policy_state")

    def on_command(self, message):
        self.commands.append(np.array(message.data))
        self.pos = self.commands[-1]

    def exchange(self):
        message = JointState(name=["wrist", *reversed(self.names)])
        message.header.stamp = self.graph.node.get_clock().now().to_msg()
        message.position = [0.0, *self.pos[::-1].tolist()]
        message.velocity = [0.0] * (len(self.names) + 1)
        self.publisher.publish(message)
        self.heartbeat.publish(ros.message_class("policy_state")(data="acting"))
        self.graph.spin(0.01)

    def until(self, condition, timeout_s=20.0):
        return self.graph.until(condition, self.exchange, timeout_s)

    def call(self, service):
        return self.graph.call(service, self.exchange)


@pytest.fixture
def driver(tmp_path, leap):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL).group(1)
    (tmp_path / "ros2_control_driver.py").write_text(code)
    joints = ", ".join(leap.joint_names)
    command = [sys.executable, str(tmp_path / "ros2_control_driver.py"), "--ros-args", "-p", f"joints:=[{joints}]"]
    process = subprocess.Popen(command)
    yield process
    process.send_signal(signal.SIGINT)
    process.wait(timeout=10)


def test_the_pages_driver_moves_a_hand_under_a_controller_and_stands_still_when_hand_node_dies(
    graph, start, leap, driver
):
    brought = ["driver_joint_states", "policy_state"]
    given = {"policy": "none", "hardware": "direct", "port": "", "shadow": False, "max_reboots_per_hour": 0}
    node = start("hand_node", hand="leap", brings=brought, **given)
    start(
        "safety_node", hand="leap", lifecycle_nodes=["hand_node"], watch=["joint_states", "policy_state"],
        brings=brought,
    )  # fmt: skip
    controller = Controller(graph, leap)
    assert controller.until(lambda: controller.states and controller.states[-1].startswith("limp"))
    assert controller.commands == []
    assert controller.until(lambda: controller.call("safety_node/prepare").success)
    assert controller.call("safety_node/arm").success
    assert controller.until(lambda: np.allclose(controller.pos, leap.home_pos_rad, atol=0.01)), controller.states[-5:]
    node.kill()
    assert node.wait(timeout=10) is not None
    controller.until(lambda: False, 0.5)
    seen = len(controller.commands)
    controller.until(lambda: False, 0.5)
    assert len(controller.commands) == seen, "nobody commands any more"
    np.testing.assert_allclose(controller.commands[-1], leap.home_pos_rad, atol=0.01)
