"""Bad messages on every input of a running hand: no node dies, the gate keeps its limits, the fault is named, and the
hand follows again soon after the last of them."""

import contextlib
import os
import threading
import time

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

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.soak]
HOUR_NS = 3600 * 10**9
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
            if self.operator.hand_state == "following" and self.operator.policy_state == "acting":
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
        made.operator.wait_for("nodes", lambda: made.operator.policy_state == "acting", 60.0, made.alive)
        made.operator.arm(made.alive)
        assert made.following(20.0) is not None, made.said()
        yield made
        made.close()


def _spoil(key, field, value):
    def change(message):
        pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
        getattr(pose, field).x = value

    return lambda system: system.world.change.update({key: change})


def _frame(key, frame):
    return lambda system: system.world.change.update({key: lambda m: setattr(m.header, "frame_id", frame)})


def _shift(key, by_ns):
    def change(message):
        wire.header.fill_stamp(message.header, wire.stamp_ns(message.header) + by_ns)

    return lambda system: system.world.change.update({key: change})


SPOILED = {
    "pose not a number": (_spoil("object_pose", "position", float("nan")), "pose_invalid"),
    "pose infinite": (_spoil("object_pose", "position", float("inf")), "pose_invalid"),
    "pose no rotation": (_spoil("object_pose", "orientation", 5.0), "pose_invalid"),
    "pose in another frame": (_frame("object_pose", "camera_link"), "'camera_link', expected 'hand'"),
    "pose of a second ago": (_shift("object_pose", -(10**9)), "pose_stale"),
    "pose of the next hour": (_shift("object_pose", HOUR_NS), "stamp_ahead"),
    "goal not a number": (_spoil("goal", "orientation", float("nan")), "goal_invalid"),
    "goal in another frame": (_frame("goal", "map"), "'map', expected 'hand'"),
    "goal of a second ago": (_shift("goal", -(10**9)), "goal_stale"),
    "goal of the next hour": (_shift("goal", HOUR_NS), "stamp_ahead"),
}


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


@pytest.mark.parametrize("kind", SPOILED)
def test_spoiled_inputs_hold_the_hand_and_are_named(system, kind):
    spoil, said = SPOILED[kind]
    assert system.following(5.0) is not None, system.said()
    spoil(system)
    named = _bad_for_a_while(system, lambda: None, said)
    system.world.change.clear()
    assert named, system.said()
    _back(system)


def _joints(hand, names=None, value=0.0):
    names = hand.joint_names if names is None else names
    message = ros.message_class("joint_targets")()
    now = time.time_ns()
    position = np.resize(np.array(hand.home_pos_rad) + value, len(names))
    message = wire.fill_joint_state(message, names, now, position, np.zeros(len(names)))
    message.header.frame_id = "v2/abc/def/1/1"
    return message


def _text(key, text):
    return lambda hand: ros.message_class(key)(data=text)


FOREIGN = {
    "joint_targets": _joints,
    "joint_states": _joints,
    "supervisor": _text("supervisor", "armed | v2/abc/def/1/0"),
    "policy_reset": _text("policy_reset", "v2/abc/def/1/77"),
    "hand_state": _text("hand_state", "stopped: by a stranger"),
    "policy_state": _text("policy_state", "acting"),
}


@pytest.mark.parametrize("key", FOREIGN)
def test_a_strangers_messages_change_nothing_and_are_named(system, key):
    assert system.following(5.0) is not None, system.said()
    with contextlib.closing(Stranger("stranger")) as stranger:
        message = FOREIGN[key](system.hand)
        assert _bad_for_a_while(system, lambda: stranger.publish(key, message), "foreign_owner"), system.said()
        _back(system)


@pytest.mark.parametrize("key", ["joint_targets", "supervisor", "policy_reset"])
def test_a_second_process_of_the_same_system_is_refused_while_the_first_one_speaks(system, key):
    assert system.following(5.0) is not None, system.said()
    with contextlib.closing(Stranger("double")) as double:
        ros.publisher(double.node, "members")  # says that it belongs to the system
        message = FOREIGN[key](system.hand)
        assert _bad_for_a_while(system, lambda: double.publish(key, message), "two_owners"), system.said()
        _back(system)


def test_a_flood_of_foreign_resets_blocks_nothing_for_longer_than_it_lasts(system):
    assert system.following(5.0) is not None, system.said()
    with contextlib.closing(Stranger("flood")) as flood:
        message = FOREIGN["policy_reset"](system.hand)

        def thousand_a_second():
            for _ in range(20):
                flood.publish("policy_reset", message)

        _bad_for_a_while(system, thousand_a_second, "foreign_owner")
        _back(system)


@pytest.mark.parametrize("key", ["joint_targets", "leader"])
def test_a_million_names_do_not_stop_the_gates_output(system, key):
    assert system.following(5.0) is not None, system.said()
    with contextlib.closing(Stranger("huge")) as huge:
        message = _joints(system.hand, names=[f"j{i}" for i in range(10**6)])
        huge.publish(key, _joints(system.hand))
        system.operator.spin(0.5)
        system.gaps_s.clear()
        huge.publish(key, message)
        system.operator.spin(2.0)
        assert max(system.gaps_s) < 0.3
        assert system.following(5.0) is not None, system.said()


@pytest.mark.parametrize("text", ["abc", "", "-1", "v2/a/b/c/d", "9" * 5000])
def test_words_on_the_reset_topic_end_no_node(system, text):
    with contextlib.closing(Stranger("words")) as words:
        words.publish("policy_reset", _text("policy_reset", text)(system.hand))
        system.operator.spin(0.3)
        assert system.following(5.0) is not None, system.said()


@pytest.mark.parametrize("spoil", ["swapped", "not a number", "a stranger's joints"])
def test_a_leader_who_sends_what_no_hand_can_do_is_named(system, spoil):
    assert system.following(5.0) is not None, system.said()
    names = list(system.hand.joint_names)
    message = {
        "swapped": lambda: _joints(system.hand, names=[*names[:-1], "extra"]),
        "not a number": lambda: _joints(system.hand, value=float("nan")),
        "a stranger's joints": lambda: _joints(system.hand, names=[f"panda_{i}" for i in range(7)]),
    }[spoil]()
    with contextlib.closing(Stranger("leader")) as leader:
        assert _bad_for_a_while(system, lambda: leader.publish("leader", message), "target_invalid"), system.said()
        _back(system)


def test_foreign_diagnostics_keep_nobody_from_arming(system):
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

    with contextlib.closing(Stranger("diagnostics")) as stranger:
        values = [KeyValue(key="temperature", value="39 C"), KeyValue(key="lateness_ms", value="[1, {"), KeyValue()]
        status = [DiagnosticStatus(name=name, values=values) for name in ("imu: driver", "policy_node: loop", "")]
        stranger.publish("diagnostics", DiagnosticArray(status=status))
        system.operator.spin(0.3)
        system.operator.call("safety_node/disarm")
        system.operator.wait_for("limp", lambda: system.operator.hand_state == "limp", 5.0, system.alive)
        system.operator.arm(system.alive)
        assert system.following(20.0) is not None, system.said()
