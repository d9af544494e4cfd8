"""A ROS graph of its own for every test."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

rclpy = pytest.importorskip("rclpy")

from std_srvs.srv import Trigger

from dexterity_ros import ros
from dexterity_ros.bench.stops.standing import NODES, SYSTEM
from dexterity_ros.ros.name_lock import NameLock
from dexterity_ros.systems.network import network_variables

for _name, _value in network_variables("localhost").items():  # as every system of ours runs
    os.environ.setdefault(_name, _value)


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

    def until(self, condition, exchange, timeout_s=20.0):
        """Waits for a condition; exchange: what the test sends and hears at every look."""
        return self.spin_until(lambda: (exchange(), condition())[1], timeout_s)

    def call(self, service, exchange=lambda: None):
        """Returns the answer of a Trigger service."""
        client = self.node.create_client(Trigger, service)
        assert self.until(client.service_is_ready, exchange)
        future = client.call_async(Trigger.Request())
        assert self.until(future.done, exchange)
        return future.result()


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
    left = [process for process in running if process.poll() is None]
    for process in left:
        process.send_signal(signal.SIGINT)
    for process in left:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


class Bench:
    """A system on the motors of the test, which outlive it."""

    nodes = NODES

    def __init__(self, graph, motors, file):
        self.graph, self.motors, self.file = graph, motors, file
        self.states = []
        ros.observe(graph.node, "hand_state", lambda m: self.states.append(m.data))

    def torques(self):
        return sum(motor.torque for motor in self.motors)

    def arm(self):
        """Arms, and waits until the hand has torque and moves."""
        assert self.graph.spin_until(lambda: self.states and self.states[-1] == "limp", 30.0)
        asked = ("safety_node/prepare", "safety_node/arm")
        assert self.graph.spin_until(lambda: all(self.graph.call(service).success for service in asked))
        assert self.graph.spin_until(lambda: self.states[-1] == "following", 30.0), self.states
        assert self.torques() == 16

    def end_in_order(self, timeout_s=10.0):
        """Waits for the end of all nodes; returns how long the torque lasted, and whether hand_node ended first."""
        began, lasted_s, in_order = time.monotonic(), None, True
        while held := {name for name in self.nodes if NameLock(name).held()}:
            in_order &= held == set(self.nodes) or "hand_node" not in held
            if lasted_s is None and not self.torques():
                lasted_s = time.monotonic() - began
            assert time.monotonic() - began < timeout_s, held
            time.sleep(0.002)
        assert self.torques() == 0
        return lasted_s or time.monotonic() - began, in_order

    def holder(self, name):
        """Returns the process id of a node."""
        pid = NameLock(name).holder()
        assert pid is not None
        return pid


@pytest.fixture
def bench(graph, pty, emulated, tmp_path):
    """A hand on emulated motors, as a system's file; nothing has been started."""
    path = tmp_path / "standing.yaml"
    path.write_text(SYSTEM.format(port=pty.path))
    return Bench(graph, emulated.motors, path)
