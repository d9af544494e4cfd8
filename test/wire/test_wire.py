"""What goes over the wire comes back bit for bit; joints are matched by name or refused."""

from array import array
from types import SimpleNamespace as Message

import numpy as np
import pytest

from dexterity_ros import wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import CloudSample, GoalSample, JointSample, JointTarget, PoseSample
from dexterity_ros.contracts.sources import GOAL, GOAL_CLOUD, JOINTS, OBJECT_CLOUD, OBJECT_POSE, ObservationInputs
from dexterity_ros.contracts.topics import TOPICS

NAMES = ("a", "b", "c")


def header():
    return Message(stamp=Message(sec=0, nanosec=0), frame_id="")


def joint_state(names=NAMES, position=(1.0, 2.0, 3.0), velocity=(0.1, 0.2, 0.3)):
    return Message(header=header(), name=list(names), position=array("d", position), velocity=array("d", velocity))


def pose():
    return Message(
        header=header(),
        pose=Message(
            position=Message(x=0.0, y=0.0, z=0.0),
            orientation=Message(x=0.0, y=0.0, z=0.0, w=1.0),
        ),
    )


def test_joints_come_back_in_policy_order_whatever_order_they_were_sent_in():
    sample = wire.JointReader(NAMES).sample(joint_state(("c", "a", "b")))
    np.testing.assert_array_equal(sample.pos_rad, [2.0, 3.0, 1.0])
    np.testing.assert_array_equal(sample.vel_rad_s, [0.2, 0.3, 0.1])


def test_the_order_may_change_between_messages():
    reader = wire.JointReader(NAMES)
    reader.sample(joint_state())
    np.testing.assert_array_equal(reader.sample(joint_state(("b", "a", "c"))).pos_rad, [2.0, 1.0, 3.0])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (joint_state(("a", "b"), (1.0, 2.0), (0.0, 0.0)), r"missing \['c'\]"),
        (joint_state(("a", "b", "c", "d"), (1.0,) * 4, (0.0,) * 4), r"unknown \['d'\]"),
        (joint_state(("a", "b", "b")), r"missing \['c'\]"),
        (joint_state(position=(1.0, 2.0)), "position has 2 values for 3 joints"),
        (joint_state(velocity=()), "velocity has 0 values for 3 joints"),
    ],
)
def test_a_joint_state_that_does_not_fit_is_refused(message, said):
    with pytest.raises(WireError, match=said):
        wire.JointReader(NAMES).sample(message)


def test_joint_state_round_trip_is_exact():
    rng = np.random.default_rng(0)
    position, velocity, stamp = rng.normal(size=3), rng.normal(size=3), 1_767_225_600_123_456_789
    message = wire.fill_joint_state(joint_state(), NAMES, stamp, position, velocity)
    message.position, message.velocity = array("d", message.position), array("d", message.velocity)
    sample = wire.JointReader(NAMES).sample(message)
    assert sample.stamp_ns == stamp
    np.testing.assert_array_equal(sample.pos_rad, position)
    np.testing.assert_array_equal(sample.vel_rad_s, velocity)


def test_a_target_has_positions_only():
    message = wire.fill_joint_state(joint_state(velocity=()), NAMES, 7, np.array([1.0, 2.0, 3.0]))
    message.position = array("d", message.position)
    target = wire.JointReader(NAMES).target(message)
    assert target.stamp_ns == 7 and len(message.velocity) == 0
    np.testing.assert_array_equal(target.pos_rad, [1.0, 2.0, 3.0])


def test_pose_and_goal_round_trips_are_exact():
    rng = np.random.default_rng(0)
    sample = PoseSample(stamp_ns=5_000_000_007, pos_m=rng.normal(size=3), quat_wxyz=rng.normal(size=4))
    for message in (pose(), Message(header=header(), pose=pose())):
        again = wire.pose_sample(wire.fill_pose(message, sample))
        assert again.stamp_ns == sample.stamp_ns
        np.testing.assert_array_equal(again.pos_m, sample.pos_m)
        np.testing.assert_array_equal(again.quat_wxyz, sample.quat_wxyz)
    goal = wire.goal_sample(wire.fill_goal(pose(), GoalSample(stamp_ns=1, quat_wxyz=sample.quat_wxyz)))
    np.testing.assert_array_equal(goal.quat_wxyz, sample.quat_wxyz)


def test_a_tick_record_round_trip_is_exact(inputs):
    rng = np.random.default_rng(0)
    tick = wire.TickRecord(
        now_ns=1_767_225_600_123_456_789,
        reset=3,
        inputs=inputs,
        observation=rng.normal(size=88).astype(np.float32),
        outputs={name: rng.normal(size=n).astype(np.float32) for name, n in (("action", 16), ("reached", 1))},
        target=JointTarget(stamp_ns=1_767_225_600_123_456_789, pos_rad=rng.normal(size=16)),
        led=True,
    )
    again = wire.unpack_tick(*wire.pack_tick(tick))
    assert (again.now_ns, again.reset, again.target.stamp_ns) == (tick.now_ns, 3, tick.now_ns)
    assert again.led and again.inputs[JOINTS].stamp_ns == inputs[JOINTS].stamp_ns
    for mine, theirs in (
        (again.observation, tick.observation),
        (again.raw_action, tick.raw_action),
        (again.outputs["reached"], tick.outputs["reached"]),
        (again.target.pos_rad, tick.target.pos_rad),
        (again.inputs[JOINTS].pos_rad, inputs[JOINTS].pos_rad),
        (again.inputs[OBJECT_POSE].quat_wxyz, inputs[OBJECT_POSE].quat_wxyz),
        (again.inputs[GOAL].quat_wxyz, inputs[GOAL].quat_wxyz),
    ):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_a_tick_from_before_operators_could_lead_was_the_policys_own(inputs):
    zero = np.zeros(16, np.float32)
    tick = wire.TickRecord(
        now_ns=1,
        reset=0,
        inputs=inputs,
        observation=zero,
        outputs={"action": zero},
        target=JointTarget(stamp_ns=1, pos_rad=zero),
    )
    layout, data = wire.pack_tick(tick)
    assert layout[-1] == ("led", 1)
    assert not wire.unpack_tick(layout[:-1], data[:-1]).led


def version_1(raw_action):
    """The layout and numbers of a tick before version 2: three sources by their short names, outputs side by side."""
    sections = [
        ("now", [1, 50]), ("reset", [4]), ("joints_stamp", [1, 10]), ("joints_pos_rad", [0.1, 0.2]),
        ("joints_vel_rad_s", [0.3, 0.4]), ("pose_stamp", [1, 5]), ("pose_pos_m", [1, 2, 3]),
        ("pose_quat_wxyz", [1, 0, 0, 0]), ("goal_stamp", [1, 20]), ("goal_quat_wxyz", [0, 1, 0, 0]),
        ("observation", [7, 8, 9]), ("raw_action", raw_action), ("target_pos_rad", [0.5, 0.6]), ("led", [1]),
    ]  # fmt: skip
    return [(name, len(values)) for name, values in sections], [v for _, values in sections for v in values]


def test_a_tick_of_version_1_is_read_as_one_of_today():
    tick = wire.unpack_tick(*version_1([0.25, -0.5]))
    assert tick.inputs.sources == (JOINTS, OBJECT_POSE, GOAL) and tick.inputs.oldest_ns == 1_000_000_005
    np.testing.assert_array_equal(tick.inputs[JOINTS].vel_rad_s, [0.3, 0.4])
    np.testing.assert_array_equal(tick.inputs[GOAL].quat_wxyz, [0, 1, 0, 0])
    assert list(tick.outputs) == ["action"] and tick.led


def test_what_a_stop_head_said_in_version_1_is_an_output_of_its_own():
    tick = wire.unpack_tick(*version_1([0.25, -0.5, 0.75]))
    np.testing.assert_array_equal(tick.raw_action, [0.25, -0.5])
    np.testing.assert_array_equal(tick.outputs["reached"], [0.75])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "version"}, "of version 3, known are 1 and 2"),
        ({"goal.stamp": "smell.stamp"}, r"consumed \['smell'\]; known sources are \['goal'"),
        ({"output.action": "output.other"}, "no section 'output.action'"),
        ({"goal.quat_wxyz": "goal.other"}, "no section 'goal.quat_wxyz'"),
    ],
)
def test_a_tick_of_another_time_is_refused_with_what_it_holds(inputs, change, said):
    zero = np.zeros(16, np.float32)
    tick = wire.TickRecord(
        now_ns=1, reset=0, inputs=inputs, observation=zero, outputs={"action": zero},
        target=JointTarget(stamp_ns=1, pos_rad=zero),
    )  # fmt: skip
    layout, data = wire.pack_tick(tick)
    assert layout[0] == ("version", 1) and data[0] == 2
    data[0] += "version" in change
    with pytest.raises(WireError, match=said):
        wire.unpack_tick([(change.get(name, name), size) for name, size in layout], data)


@pytest.mark.parametrize(("layout", "data"), [([], []), ([("now", 2)], [1.0]), ([("now", 2)], [1.0, 2.0])])
def test_a_record_that_is_no_tick_is_refused(layout, data):
    with pytest.raises(WireError):
        wire.unpack_tick(layout, data)


def test_every_topic_with_a_deadline_is_fast_enough_to_meet_it():
    for topic in TOPICS.values():
        if topic.max_age_s is not None:
            assert topic.rate_hz * topic.max_age_s >= 1.5, topic.name


def test_messages_with_the_same_order_are_read_alike():
    reader = wire.JointReader(NAMES)
    first, second = (reader.sample(joint_state()) for _ in range(2))
    np.testing.assert_array_equal(first.pos_rad, second.pos_rad)


def image(pixels, kind, **change):
    message = wire.fill_image(Message(header=header()), 7, kind, pixels)
    for name, value in change.items():
        setattr(message, name, value)
    return message


def test_images_come_back_as_they_were_sent():
    rng = np.random.default_rng(0)
    depth, rgb = rng.integers(0, 2000, (6, 8)).astype(np.uint16), rng.integers(0, 255, (6, 8, 3)).astype(np.uint8)
    sample = wire.depth_sample(image(depth, "16UC1"), image(rgb, "rgb8"))
    assert sample.stamp_ns == 7
    np.testing.assert_array_equal(sample.depth_mm, depth)
    np.testing.assert_array_equal(sample.rgb, rgb)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoding": "32FC1"}, "image is 32FC1, expected 16UC1"),
        ({"encoding": ""}, "without encoding"),
        ({"is_bigendian": 1}, "big-endian"),
        ({"step": 10}, "in rows of 10"),
        ({"height": 7}, "image of 8x7 16UC1 has 96 bytes"),
        ({"height": 0}, "image of 8x0"),
    ],
)
def test_an_image_that_is_not_what_it_says_is_refused(change, said):
    with pytest.raises(WireError, match=said):
        wire.depth_sample(image(np.zeros((6, 8), dtype=np.uint16), "16UC1", **change), None)


def test_images_of_different_sizes_are_refused():
    colour = image(np.zeros((3, 4, 3), dtype=np.uint8), "rgb8")
    with pytest.raises(WireError, match="depth is 8x6, colour 4x3"):
        wire.depth_sample(image(np.zeros((6, 8), dtype=np.uint16), "16UC1"), colour)


def cloud_message():
    return Message(
        header=header(), fields=[], height=0, width=0, is_bigendian=False, is_dense=False, point_step=0, row_step=0,
        data=array("B"),
    )  # fmt: skip


@pytest.mark.parametrize("source", [OBJECT_CLOUD, GOAL_CLOUD], ids=lambda source: source.name)
def test_points_come_back_bit_for_bit(source):
    points = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32).astype(np.float64)
    message = wire.fill_sample(source, cloud_message(), CloudSample(stamp_ns=5, points_m=points), NAMES)
    back = wire.SourceReaders((source,), NAMES).sample(source, message)
    np.testing.assert_array_equal(back.points_m, points)
    assert back.stamp_ns == 5


@pytest.mark.parametrize(
    "change", [{"point_step": 12}, {"width": 3}, {"data": array("B", [1, 2])}, {"is_bigendian": True}]
)
def test_a_cloud_of_another_layout_is_refused(change):
    message = wire.fill_sample(OBJECT_CLOUD, cloud_message(), CloudSample(stamp_ns=5, points_m=np.zeros((2, 3))), NAMES)
    message.__dict__.update(change)
    with pytest.raises(WireError, match="a cloud of"):
        wire.SourceReaders((OBJECT_CLOUD,), NAMES).sample(OBJECT_CLOUD, message)


def tick_of(points):
    """A tick that consumed joints and points."""
    joints = JointSample(stamp_ns=1, pos_rad=np.zeros(2), vel_rad_s=np.zeros(2))
    return wire.TickRecord(
        now_ns=9, reset=0, observation=np.zeros(2, dtype=np.float32), outputs={"action": np.zeros(2, dtype=np.float32)},
        inputs=ObservationInputs.of(joint_states=joints, object_cloud=CloudSample(stamp_ns=7, points_m=points)),
        target=JointTarget(stamp_ns=9, pos_rad=np.zeros(2)),
    )  # fmt: skip


def test_a_tick_holds_the_points_that_a_policy_saw():
    points = np.random.default_rng(0).normal(size=(5, 3))
    back = wire.unpack_tick(*wire.pack_tick(tick_of(points))).inputs[OBJECT_CLOUD]
    np.testing.assert_array_equal(back.points_m, points)
    assert back.stamp_ns == 7


@pytest.mark.parametrize("count", [1, 2, 511, 512])
def test_points_take_half_the_room_in_a_tick_and_come_back_to_the_bit(count):
    points = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
    points[0] = [-0.0, np.float32(1e-45), np.finfo(np.float32).max]
    tick = tick_of(points.astype(np.float64))
    layout, data = wire.pack_tick(tick)
    sizes = dict(layout)
    assert sizes["object_cloud.points_m:f4"] == -(-3 * count // 2) and "object_cloud.points_m" not in sizes
    back = wire.unpack_tick(layout, data.tolist()).inputs[OBJECT_CLOUD]
    assert back.points_m.astype(np.float32).tobytes() == points.tobytes()


def test_points_that_are_no_float32_are_kept_as_they_are():
    points = np.array([[0.1, 0.2, 0.3], [np.nan, 0.0, 1.0]])
    layout, data = wire.pack_tick(tick_of(points))
    assert ("object_cloud.points_m", 6) in layout
    np.testing.assert_array_equal(wire.unpack_tick(layout, data).inputs[OBJECT_CLOUD].points_m, points)
