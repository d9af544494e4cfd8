"""Samples as messages of a bag, without ROS: what the nodes would have published."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts.samples import GoalSample, PoseSample
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic
from dexterity_ros.recording.types import encode, make

Floats = NDArray[np.float64]


def write_tick(
    writer: BagWriter, topics: dict[str, RecordedTopic], tick: wire.TickRecord, joint_names: Sequence[str]
) -> None:
    """Writes the samples that a tick consumed, the tick itself and its target."""
    inputs, now = tick.inputs, tick.now_ns
    joints = joint_message(joint_names, int(inputs.joints.stamp_ns), inputs.joints.pos_rad, inputs.joints.vel_rad_s)
    oldest = int(min(inputs.joints.stamp_ns, inputs.object_pose.stamp_ns))
    target = joint_message(joint_names, oldest, tick.target.pos_rad, np.empty(0), frame=str(tick.reset))
    messages = {
        "joint_states": (int(inputs.joints.stamp_ns), joints),
        "object_pose": (int(inputs.object_pose.stamp_ns), pose_message(inputs.object_pose)),
        "goal": (int(inputs.goal.stamp_ns), goal_message(inputs.goal)),
        "policy_tick": (now, tick_message(tick)),
        "joint_targets": (now, target),
    }
    for key, (stamp, value) in messages.items():
        topic = topics[key]
        writer.write(topic, stamp, stamp, encode(value, topic.message))


def header(stamp: int, frame: str = "") -> Any:
    """Returns a Header; stamp in ns."""
    sec, nanosec = divmod(stamp, 1_000_000_000)
    return make(
        "std_msgs/msg/Header", stamp=make("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec), frame_id=frame
    )


def joint_message(names: Sequence[str], stamp: int, pos: Floats, vel: Floats, frame: str = "") -> Any:
    """Returns a JointState. stamp in ns; pos rad and vel rad/s, (n,); frame: number of the reset a target follows."""
    return make(
        "sensor_msgs/msg/JointState",
        header=header(stamp, frame),
        name=list(names),
        position=pos,
        velocity=vel,
        effort=np.empty(0),
    )


def _blank_pose() -> Any:
    point = make("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0)
    turn = make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
    return make("geometry_msgs/msg/Pose", position=point, orientation=turn)


def pose_message(sample: PoseSample) -> Any:
    """Returns a PoseWithCovarianceStamped without covariance."""
    inner = make("geometry_msgs/msg/PoseWithCovariance", pose=_blank_pose(), covariance=np.zeros(36))
    message = make("geometry_msgs/msg/PoseWithCovarianceStamped", header=header(0), pose=inner)
    return wire.fill_pose(message, sample)


def goal_message(sample: GoalSample) -> Any:
    """Returns a PoseStamped."""
    return wire.fill_goal(make("geometry_msgs/msg/PoseStamped", header=header(0), pose=_blank_pose()), sample)


def image_message(stamp: int, encoding: str, pixels: NDArray[Any]) -> Any:
    """Returns an Image of pixels (height, width) or (height, width, channels)."""
    data = np.frombuffer(np.ascontiguousarray(pixels).tobytes(), np.uint8)
    return make(
        "sensor_msgs/msg/Image",
        header=header(stamp, wire.CAMERA_FRAME),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=len(data) // pixels.shape[0],
        data=data,
    )


def tick_message(tick: wire.TickRecord) -> Any:
    """Returns a Float64MultiArray that holds the tick."""
    layout, data = wire.pack_tick(tick)
    dims = [make("std_msgs/msg/MultiArrayDimension", label=name, size=size, stride=1) for name, size in layout]
    return make(
        "std_msgs/msg/Float64MultiArray",
        layout=make("std_msgs/msg/MultiArrayLayout", dim=dims, data_offset=0),
        data=data,
    )
