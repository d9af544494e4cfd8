"""A ROS graph of its own for every test."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

rclpy = pytest.importorskip("rclpy")

os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


@pytest.fixture
def graph():
    """A node in a fresh context of a ROS domain of its own; processes started by the test share the domain."""
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node

    os.environ["ROS_DOMAIN_ID"] = str(20 + (os.getpid() + int(time.time())) % 80)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    node = Node("test")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    yield Graph(node, executor)
    node.destroy_node()
    rclpy.shutdown()
    os.environ.pop("ROS_DOMAIN_ID")


class Graph:
    """The test's own node."""

    def __init__(self, node, executor):
        self.node, self._executor = node, executor

    def spin_until(self, condition, timeout_s=20.0):
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.02)
        return True

    def spin(self, duration_s):
        self.spin_until(lambda: False, duration_s)


@pytest.fixture
def start(tmp_path):
    """Starts a node of this package with parameters; ended with the test."""
    running = []

    def start_node(executable, **parameters):
        path = tmp_path / f"{executable}.yaml"
        path.write_text(yaml.safe_dump({executable: {"ros__parameters": parameters}}))
        command = [sys.executable, "-m", f"dexterity_ros.nodes.{executable}", "--ros-args", "--params-file", str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        running.append(process)
        return process

    yield start_node
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
