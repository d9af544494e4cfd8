"""Spoiled poses and goals hold a running hand, the fault is named, and the hand follows again soon after."""

import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("mujoco")


from dexterity_ros import wire

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.soak]
HOUR_NS = 3600 * 10**9


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


@pytest.mark.parametrize("kind", SPOILED)
def test_spoiled_inputs_hold_the_hand_and_are_named(system, kind, bad_for_a_while, back):
    spoil, said = SPOILED[kind]
    assert system.following(5.0) is not None, system.said()
    spoil(system)
    named = bad_for_a_while(lambda: None, said)
    system.world.change.clear()
    assert named, system.said()
    back()
