"""A running hand, its world, and strangers on its graph."""

import contextlib
import os
import threading
import time
from functools import partial

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("mujoco")

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.bench.kills import GateWatch
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import GoalSample, PoseSample
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.systems.operator import Operator
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment
from dexterity_ros.systems.spec import load_system, resolve

BAD_S, BACK_S = 0.5, 1.0
HEARD_S = 20.0  # on a busy machine discovery takes a while


class Stranger:
    """A process of its own on the graph: the middleware sees another participant."""

    def __init__(self, name):
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = Node(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._publishers = {}

    def publish(self, key, message):
        """Publishes without saying which system it belongs to."""
        if key not in self._publishers:
            kind = ros.message_class(key)
            made = self.node.create_publisher(kind, TOPICS[key].name, ros.qos_profile(key))
            self._publishers[key] = made
            end = time.monotonic() + 2.0
            while made.get_subscription_count() == 0 and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.5)  # the nodes find it one after the other
        self._publishers[key].publish(message)

    def close(self):
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


class World(Stranger):
    """The object's pose and a goal that turns for ever, brought by people; `change` spoils what is sent."""

    def __init__(self):
        super().__init__("world")
        self.change, self._centre = {}, np.array(load_hand("leap").grasp_centre_m)
        self._truth = None
        ros.observe(self.node, "sim_object_pose", lambda m: setattr(self, "_truth", wire.pose_sample(m)))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        turn = 0.0
        while not self._ended.is_set():
            self.executor.spin_once(timeout_sec=0.02)
            if self._truth is None:
                continue
            now = ros.now_ns(self.node)
            turn += 0.01
            goal = GoalSample(stamp_ns=now, quat_wxyz=np.array([np.cos(turn), 0.0, 0.0, np.sin(turn)]))
            # Somebody holds the object: whatever the hand does, it stays where it is.
            pose = PoseSample(stamp_ns=now, pos_m=self._centre, quat_wxyz=self._truth.quat_wxyz)
            self._send("object_pose", wire.fill_pose(ros.message_class("object_pose")(), pose))
            self._send("goal", wire.fill_goal(ros.message_class("goal")(), goal))

    def _send(self, key, message):
        change = self.change.get(key)
        if change is not None:
            change(message)
        self.publish(key, message)

    def close(self):
        self._ended.set()
        self._thread.join()
        super().close()


class System:
    """The robot's nodes on an emulated bus, with a person who arms."""

    def __init__(self, log, port):
        starts = resolve(
            load_system("sim"),
            {"port": str(port), "policy": "models/policies/leap_yaw"},
            {
                "sim_node": {"pose_rate_hz": 0.0},
                "policy_node": {"brings": ["object_pose", "goal", "leader"]},
                "safety_node": {"brings": ["object_pose"]},
            },
        )
        environment = ros_environment(domain_id=own_domain())
        os.environ.update(environment)
        rclpy.init()
        self.hand, self.operator, self.world = load_hand("leap"), Operator(), World()
        self.watch = GateWatch(self.operator, self.hand)
        starts = [start for start in starts if start.executable != "goal_node"]
        self.processes = Processes(starts, environment, log=log)
        self.gaps_s, self._last_ns = [], None
        ros.observe(self.operator.node, "gated_targets", self._note_gap, keep=1000)  # none lost while nobody runs us

    def _note_gap(self, message):
        stamp_ns = wire.stamp_ns(message.header)
        if self._last_ns is not None:
            self.gaps_s.append((stamp_ns - self._last_ns) * 1e-9)
        self._last_ns = stamp_ns

    def alive(self):
        assert self.processes.ended() == {}

    def following(self, timeout_s):
        """Returns after how long the hand followed, or None."""
        began = time.monotonic()
        while time.monotonic() - began < timeout_s:
            self.alive()
            if self.operator.hand_state == "following" and self.operator.policy_state.startswith("acting"):
                return time.monotonic() - began
            self.operator.spin(0.02)
        return None

    def said(self):
        return " ; ".join((self.operator.hand_state, self.operator.policy_state, self.operator.supervisor))

    def close(self):
        self.processes.stop()
        self.world.close()
        self.operator.close()


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    with (folder / "nodes.log").open("w") as log:
        made = System(log, folder / "bus.sock")
        made.operator.wait_for("nodes", lambda: made.operator.policy_state.startswith("acting"), 60.0, made.alive)
        made.operator.arm(made.alive)
        assert made.following(20.0) is not None, made.said()
        yield made
        made.close()


def _bad_for_a_while(system, send, said, *, every_s=0.02):
    """Sends bad messages for BAD_S, longer where nobody has heard them yet. Returns whether a state named the fault."""
    named, began = False, time.monotonic()
    while time.monotonic() < began + BAD_S or not (named or time.monotonic() > began + HEARD_S):
        send()
        system.operator.spin(every_s)
        system.alive()
        named |= said in system.said()
    return named


def _back(system):
    back_s = system.following(5.0)
    assert back_s is not None, system.said()
    assert back_s <= BACK_S, system.said()
    assert system.watch.violations == []


@pytest.fixture
def bad_for_a_while(system):
    """Sends bad messages for BAD_S, longer where nobody has heard them yet; says whether a state named the fault."""
    return partial(_bad_for_a_while, system)


@pytest.fixture
def back(system):
    """Waits until the hand follows again, and claims that the gate kept its limits."""
    return partial(_back, system)


@pytest.fixture
def stranger():
    """Gives processes of others by their names, each ended with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda name: stack.enter_context(contextlib.closing(Stranger(name)))
