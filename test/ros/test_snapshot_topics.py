"""Whatever anybody publishes, what the page shows stays what can be shown, and the trouble is named."""

import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("viser")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from dexterity_ros import ros, wire
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.ros.snapshot_topics import SnapshotTopics
from dexterity_ros.viewer.panels import joints_html, state_html

pytestmark = pytest.mark.ros
NAN = float("nan")


@pytest.fixture
def topics(graph, leap):
    made = SnapshotTopics(graph.node, leap)
    yield made
    made.close()


@pytest.fixture
def send(graph, topics):
    """Publishes under a key of the topics table, and waits until the page's subscription is known."""
    publishers = {}

    def publish(key, message):
        if key not in publishers:
            publishers[key] = ros.publisher(graph.node, key)
            assert graph.spin_until(lambda: publishers[key].get_subscription_count() > 0)
        publishers[key].publish(message)

    return publish


def seen(graph, topics, condition):
    """Returns the first snapshot that fulfils the condition."""
    newest = []

    def look():
        newest[:] = [topics.snapshot()]
        return condition(newest[0])

    assert graph.spin_until(look), newest
    return newest[0]


def diagnostics(name, key, value):
    status = DiagnosticStatus(name=name, values=[KeyValue(key=key, value=value)])
    return DiagnosticArray(status=[status])


def joint_states(leap, positions):
    return wire.fill_joint_state(ros.message_class("joint_states")(), leap.joint_names, 1, positions, 0.0 * positions)


def pose(x=0.0, w=1.0):
    message = ros.message_class("object_pose")()
    message.pose.pose.position.x, message.pose.pose.orientation.w = x, w
    message.header.frame_id = "hand"
    return message


def goal(w):
    message = ros.message_class("goal")()
    message.pose.orientation.w = w
    message.header.frame_id = "hand"
    return message


@pytest.mark.parametrize(
    ("key", "make", "named"),
    [
        ("diagnostics", lambda: diagnostics("policy_node: loop", "lateness_ms", "abc"), "expected JSON"),
        ("diagnostics", lambda: diagnostics("hand_node: motors", "th_mcp", '{"current_a": "much"}'), "a number"),
        ("diagnostics", lambda: diagnostics("goal_node: goals", "reached", "[" * 3000), "expected JSON"),
        ("object_pose", lambda: pose(x=NAN), "not finite"),
        ("object_pose", lambda: pose(w=float("inf")), "not finite"),
        ("goal", lambda: goal(NAN), "not finite"),
        ("joint_states", lambda: ros.message_class("joint_states")(name=["a"] * 1000), "joints differ"),
        ("gated_targets", lambda: ros.message_class("gated_targets")(name=["a"], position=[NAN]), "joints differ"),
        ("object_cloud", lambda: ros.message_class("object_cloud")(data=[1, 2, 3]), "object_cloud: "),
    ],
)
def test_a_bad_message_is_named_in_one_line_and_changes_nothing(graph, topics, send, leap, key, make, named):
    before = topics.snapshot()
    send(key, make())
    now = seen(graph, topics, lambda snapshot: snapshot.faults)
    assert f" {key}: " in now.faults[0] and named in now.faults[0] and len(now.faults[0]) <= 300
    assert now.joints_rad is now.target_rad is now.object_pose is now.goal_quat_wxyz is now.cloud is None
    assert (now.motors, now.goals, now.late_p99_ms) == (before.motors, before.goals, before.late_p99_ms)
    assert state_html(now) and joints_html(leap, now)


def test_a_bad_image_is_named_and_none(graph, topics, send):
    send("colour", ros.message_class("colour")(encoding="rgb8", width=1000, height=1000, data=[1]))
    seen(graph, topics, lambda _: topics.image() is not None or "1000x1000" in "".join(topics.snapshot().faults))
    send("colour", ros.message_class("colour")(encoding="rgb8", width=2, height=1, data=[1, 2, 3, 4, 5, 6]))
    assert graph.spin_until(lambda: topics.snapshot() and topics.image() is not None)


def test_a_long_state_is_cut_and_can_be_drawn(graph, topics, send):
    send("supervisor", ros.message_class("supervisor")(data="<script>: " + "x" * 60_000))
    now = seen(graph, topics, lambda snapshot: snapshot.supervisor)
    assert len(now.supervisor) == 300 and "<script>" not in state_html(now) and len(state_html(now)) < 5000


@pytest.mark.parametrize("key", ["supervisor", "diagnostics", "joint_states"])
def test_a_message_larger_than_any_of_ours_is_not_read_and_said(graph, topics, send, key):
    huge = "x" * 1_000_000
    messages = {
        "supervisor": lambda: ros.message_class("supervisor")(data=huge),
        "diagnostics": lambda: diagnostics("policy_node: loop", "lateness_ms", huge),
        "joint_states": lambda: ros.message_class("joint_states")(name=["joint"] * 100_000),
    }
    send(key, messages[key]())
    now = seen(graph, topics, lambda snapshot: snapshot.faults)
    assert f"{key}: a message of 1" in now.faults[0] and now.supervisor == ""


def test_bytes_that_are_no_message_are_named(graph, topics, send):
    send("supervisor", b"\x00\x01\x00\x00\xff\xff\xff\x7f")
    now = seen(graph, topics, lambda snapshot: snapshot.faults)
    assert "supervisor: 8 bytes are no std_msgs/msg/String" in now.faults[0] and now.supervisor == ""


def test_the_same_trouble_again_and_again_is_one_line_and_the_next_good_message_is_shown(graph, topics, send, leap):
    home = np.array(leap.home_pos_rad)
    for _ in range(30):
        send("joint_states", joint_states(leap, np.full(len(home), NAN)))
        topics.snapshot()
    send("joint_states", joint_states(leap, home))
    now = seen(graph, topics, lambda snapshot: snapshot.joints_rad is not None)
    assert np.array_equal(now.joints_rad, home)
    assert len(now.faults) == 1 and "not finite" in now.faults[0]


def test_a_cloud_of_a_hundred_thousand_points_is_thinned_and_loses_what_is_not_finite(graph, topics, send, leap):
    points = np.ones((100_000, 3))
    points[::2] = NAN
    message = ros.message_class("object_cloud")()
    send(
        "object_cloud",
        wire.fill_cloud(message, ros.message_field("object_cloud"), CloudSample(stamp_ns=1, points_m=points)),
    )
    now = seen(graph, topics, lambda snapshot: snapshot.cloud is not None)
    assert 2000 < len(now.cloud.points_m) <= 5000 and np.isfinite(now.cloud.points_m).all()
    assert len(now.cloud.rgb) == len(now.cloud.points_m)


def test_a_flood_on_diagnostics_keeps_no_look_waiting(graph, topics, send):
    status = [
        DiagnosticStatus(name="policy_node: loop", values=[KeyValue(key="lateness_ms", value='{"p99": 1.0}')] * 20)
    ] * 20
    message, taken = DiagnosticArray(status=status), []
    send("diagnostics", message)
    for _ in range(20):
        for _ in range(200):
            send("diagnostics", message)
        start = time.monotonic()
        topics.snapshot()
        taken.append(time.monotonic() - start)
    print(f"longest look {1e3 * max(taken):.0f} ms")
    assert max(taken) < 2.0


def test_a_goal_of_points_and_the_guessed_distance_are_shown_as_long_as_they_are_repeated(graph, topics, send):
    field = ros.message_field("goal_cloud")
    cloud = CloudSample(stamp_ns=1, points_m=np.ones((50, 3)))
    send("goal_cloud", wire.fill_cloud(ros.message_class("goal_cloud")(), field, cloud))
    send("policy_distance", ros.message_class("policy_distance")(data=0.7))
    now = seen(graph, topics, lambda snapshot: snapshot.goal_cloud is not None and snapshot.distance_rad is not None)
    assert len(now.goal_cloud.points_m) == 50 and "0.70 rad off" in state_html(now)
    seen(graph, topics, lambda snapshot: snapshot.goal_cloud is snapshot.distance_rad is None)
    send("policy_distance", ros.message_class("policy_distance")(data=NAN))
    assert "policy_distance" in seen(graph, topics, lambda snapshot: snapshot.faults).faults[-1]
