"""Samples as messages of a bag, without ROS: what the nodes would have published."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dexterity_ros import wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.samples import Sample
from dexterity_ros.contracts.sources import Source
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic
from dexterity_ros.recording.types import blank, encode, make

S = TypeVar("S", bound=Sample)


def write_tick(
    writer: BagWriter, topics: dict[str, RecordedTopic], tick: wire.TickRecord, joint_names: Sequence[str]
) -> None:
    """Writes the samples that a tick consumed, the tick itself and its target."""
    inputs, now = tick.inputs, tick.now_ns
    frame = str(tick.reset)
    target = joint_message(joint_names, inputs.oldest_ns, tick.target.pos_rad, np.empty(0), frame=frame)
    messages = {
        source.name: (int(inputs[source].stamp_ns), sample_message(source, inputs[source], joint_names))
        for source in inputs.sources
    }
    messages |= {"policy_tick": (now, tick_message(tick)), "joint_targets": (now, target)}
    for key, (stamp, value) in messages.items():
        topic = topics[key]
        writer.write(topic, stamp, stamp, encode(value, topic.message))


def sample_message(source: Source[S], sample: S, joint_names: Sequence[str] = ()) -> Any:
    """Returns a sample as a message of its source's topic. joint_names: of the hand, for its joints."""
    return wire.fill_sample(source, blank(source.topic.message), sample, joint_names)


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
