"""Samples to ROS messages and back. Messages are handed in, so that this module needs no ROS.

Joints are matched by name and permuted here and nowhere else. Quaternions are xyzw on the wire and wxyz inside.
"""

import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import (
    CloudSample,
    DepthSample,
    GoalSample,
    JointSample,
    JointTarget,
    ObservationInputs,
    PoseSample,
)

Floats = NDArray[np.float64]
HAND_FRAME, CAMERA_FRAME = "hand", "camera_color_optical_frame"


def stamp_ns(header: Any) -> int:
    """Returns the stamp of a message header in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def fill_stamp(header: Any, stamp: int) -> None:
    """Writes a stamp in nanoseconds into a message header."""
    header.stamp.sec, header.stamp.nanosec = divmod(int(stamp), 1_000_000_000)


def joint_order(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Returns where each wanted joint is in `names`. Raises WireError when the two sets differ."""
    missing, extra = sorted(set(wanted) - set(names)), sorted(set(names) - set(wanted))
    if missing or extra or len(names) != len(wanted):
        raise WireError(
            f"joints differ from the hand's: missing {missing}, unknown {extra}, {len(names)} of {len(wanted)}"
        )
    return [list(names).index(name) for name in wanted]


class JointReader:
    """Reads JointState messages into policy order; remembers the order of the last sender."""

    def __init__(self, joint_names: Sequence[str]) -> None:
        self._wanted = tuple(joint_names)
        self._names: list[str] | None = None
        self._order: list[int] = []

    def sample(self, message: Any) -> JointSample:
        """Returns measured joints. Raises WireError: wrong joints, or arrays of another length."""
        order = self._order_of(message)
        return JointSample(
            stamp_ns=stamp_ns(message.header),
            pos_rad=self._column(message.position, "position", order),
            vel_rad_s=self._column(message.velocity, "velocity", order),
        )

    def target(self, message: Any) -> JointTarget:
        """Returns wanted joints. Raises WireError: wrong joints, or arrays of another length."""
        order = self._order_of(message)
        return JointTarget(stamp_ns=stamp_ns(message.header), pos_rad=self._column(message.position, "position", order))

    def _order_of(self, message: Any) -> list[int]:
        if message.name != self._names:
            self._order = joint_order(message.name, self._wanted)
            self._names = list(message.name)
        return self._order

    def _column(self, values: Any, what: str, order: list[int]) -> Floats:
        if len(values) != len(order):
            raise WireError(f"{what} has {len(values)} values for {len(order)} joints")
        return np.frombuffer(values, dtype=np.float64)[order]


def fill_joint_state(
    message: Any, names: Sequence[str], stamp: int, pos_rad: Floats, vel_rad_s: Floats | None = None
) -> Any:
    """Returns `message` (JointState) with positions and, if given, velocities in the order of `names`."""
    fill_stamp(message.header, stamp)
    message.name = list(names)
    message.position = pos_rad.tolist()
    if vel_rad_s is not None:
        message.velocity = vel_rad_s.tolist()
    return message


def pose_sample(message: Any) -> PoseSample:
    """Returns the pose in a PoseStamped or PoseWithCovarianceStamped message."""
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    return PoseSample(stamp_ns=stamp_ns(message.header), pos_m=_position(pose), quat_wxyz=_quat(pose))


def fill_pose(message: Any, sample: PoseSample) -> Any:
    """Returns `message` (PoseStamped or PoseWithCovarianceStamped) with a pose in the hand frame."""
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    fill_stamp(message.header, sample.stamp_ns)
    message.header.frame_id = HAND_FRAME
    pose.position.x, pose.position.y, pose.position.z = (float(v) for v in sample.pos_m)
    _fill_quat(pose, sample.quat_wxyz)
    return message


def goal_sample(message: Any) -> GoalSample:
    """Returns the goal rotation in a PoseStamped message."""
    return GoalSample(stamp_ns=stamp_ns(message.header), quat_wxyz=_quat(message.pose))


def fill_goal(message: Any, goal: GoalSample) -> Any:
    """Returns `message` (PoseStamped) with a goal rotation."""
    fill_stamp(message.header, goal.stamp_ns)
    message.header.frame_id = HAND_FRAME
    _fill_quat(message.pose, goal.quat_wxyz)
    return message


def fill_transform(message: Any, stamp: int, pos_m: Floats, quat_wxyz: Floats) -> Any:
    """Returns `message` (TransformStamped) with a pose in the hand frame."""
    fill_stamp(message.header, stamp)
    message.header.frame_id = HAND_FRAME
    shift, transform = message.transform.translation, message.transform
    shift.x, shift.y, shift.z = (float(v) for v in pos_m)
    w, x, y, z = (float(v) for v in quat_wxyz)
    transform.rotation.w, transform.rotation.x, transform.rotation.y, transform.rotation.z = w, x, y, z
    return message


def depth_sample(depth: Any, colour: Any | None) -> DepthSample:
    """Returns the images in two messages of the same view. Raises WireError for one that is not what it must be."""
    rgb = None if colour is None else _pixels(colour, "rgb8", 3, np.dtype(np.uint8))
    image = _pixels(depth, "16UC1", 1, np.dtype("<u2"))
    if rgb is not None and rgb.shape[:2] != image.shape[:2]:
        raise WireError(f"depth is {image.shape[1]}x{image.shape[0]}, colour {rgb.shape[1]}x{rgb.shape[0]}")
    return DepthSample(stamp_ns=stamp_ns(depth.header), depth_mm=image[:, :, 0], rgb=rgb)


def fill_image(message: Any, stamp: int, encoding: str, pixels: NDArray[Any]) -> Any:
    """Returns `message` (Image) with pixels (height, width) or (height, width, channels)."""
    fill_stamp(message.header, stamp)
    message.header.frame_id = CAMERA_FRAME
    message.height, message.width = pixels.shape[:2]
    message.encoding, message.is_bigendian = encoding, 0
    message.step = pixels.strides[0]
    # An array.array is taken over as it is; a numpy array would be copied number by number.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).tobytes())
    message.data = data
    return message


def fill_cloud(message: Any, field_class: Any, cloud: CloudSample) -> Any:
    """Returns `message` (PointCloud2) with points in the hand frame and colours packed as rviz and PCL expect them."""
    fill_stamp(message.header, cloud.stamp_ns)
    message.header.frame_id = HAND_FRAME
    points = np.zeros((len(cloud.points_m), 4), dtype=np.float32)
    points[:, :3] = cloud.points_m
    rgb = np.zeros((len(points), 3)) if cloud.rgb is None else cloud.rgb
    red, green, blue = (rgb[:, k].astype(np.uint32) for k in range(3))
    points[:, 3] = (red << 16 | green << 8 | blue).view(np.float32)
    message.fields = [
        field_class(name=n, offset=4 * k, datatype=7, count=1) for k, n in enumerate(("x", "y", "z", "rgb"))
    ]
    message.height, message.width = 1, len(points)
    message.is_bigendian, message.is_dense = False, True
    message.point_step, message.row_step = 16, 16 * len(points)
    message.data = array.array("B", points.tobytes())
    return message


def cloud_sample(message: Any) -> CloudSample:
    """Returns the points and colours in a PointCloud2 that `fill_cloud` made."""
    points = np.frombuffer(message.data, dtype=np.float32).reshape(-1, 4)
    packed = np.ascontiguousarray(points[:, 3]).view(np.uint32)
    rgb = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    return CloudSample(stamp_ns=stamp_ns(message.header), points_m=points[:, :3].astype(np.float64), rgb=rgb)


def _pixels(message: Any, encoding: str, channels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    if message.encoding != encoding:
        raise WireError(f"image is {message.encoding or 'without encoding'}, expected {encoding}")
    if message.is_bigendian and dtype.itemsize > 1:
        raise WireError("image is big-endian, expected little-endian")
    row = message.width * channels * dtype.itemsize
    if message.step != row or len(message.data) != row * message.height or not message.height:
        size = f"{message.width}x{message.height} {encoding}"
        raise WireError(f"image of {size} has {len(message.data)} bytes in rows of {message.step}")
    return np.frombuffer(message.data, dtype=dtype).reshape(message.height, message.width, channels)


@dataclass(frozen=True, kw_only=True)
class TickRecord:
    """One policy tick as published: enough to repeat it exactly.

    reset: number of the reset it follows. led: an operator acted, not the network.
    """

    now_ns: int
    reset: int
    inputs: ObservationInputs
    observation: NDArray[np.float32]
    raw_action: NDArray[np.float32]
    target: JointTarget
    led: bool = False


def pack_tick(tick: TickRecord) -> tuple[list[tuple[str, int]], Floats]:
    """Returns (layout, data): named sections with their lengths, and all numbers as float64.

    A stamp is two numbers, seconds and nanoseconds, because float64 cannot hold 19 digits. float32 fits exactly.
    """
    inputs = tick.inputs
    sections: list[tuple[str, Any]] = [
        ("now", _split(tick.now_ns)),
        ("reset", [tick.reset]),
        ("joints_stamp", _split(inputs.joints.stamp_ns)),
        ("joints_pos_rad", inputs.joints.pos_rad),
        ("joints_vel_rad_s", inputs.joints.vel_rad_s),
        ("pose_stamp", _split(inputs.object_pose.stamp_ns)),
        ("pose_pos_m", inputs.object_pose.pos_m),
        ("pose_quat_wxyz", inputs.object_pose.quat_wxyz),
        ("goal_stamp", _split(inputs.goal.stamp_ns)),
        ("goal_quat_wxyz", inputs.goal.quat_wxyz),
        ("observation", tick.observation),
        ("raw_action", tick.raw_action),
        ("target_pos_rad", tick.target.pos_rad),
        ("led", [tick.led]),
    ]
    arrays = [np.asarray(values, dtype=np.float64).ravel() for _, values in sections]
    return [(name, a.size) for (name, _), a in zip(sections, arrays, strict=True)], np.concatenate(arrays)


def unpack_tick(layout: Sequence[tuple[str, int]], data: Sequence[float] | Floats) -> TickRecord:
    """Returns the tick in a published record. Raises WireError when the layout is not a tick's."""
    values = np.asarray(data, dtype=np.float64)
    ends = np.cumsum([size for _, size in layout])
    if len(ends) == 0 or ends[-1] != values.size:
        raise WireError(f"a tick of {values.size} numbers does not have the layout {list(layout)}")
    part = {name: values[end - size : end] for (name, size), end in zip(layout, ends, strict=True)}
    try:
        return TickRecord(
            now_ns=_join(part["now"]),
            reset=int(part["reset"][0]),
            inputs=ObservationInputs(
                joints=JointSample(
                    stamp_ns=_join(part["joints_stamp"]),
                    pos_rad=part["joints_pos_rad"],
                    vel_rad_s=part["joints_vel_rad_s"],
                ),
                object_pose=PoseSample(
                    stamp_ns=_join(part["pose_stamp"]),
                    pos_m=part["pose_pos_m"],
                    quat_wxyz=part["pose_quat_wxyz"],
                ),
                goal=GoalSample(stamp_ns=_join(part["goal_stamp"]), quat_wxyz=part["goal_quat_wxyz"]),
            ),
            observation=part["observation"].astype(np.float32),
            raw_action=part["raw_action"].astype(np.float32),
            target=JointTarget(stamp_ns=_join(part["now"]), pos_rad=part["target_pos_rad"]),
            led=bool(part.get("led", np.zeros(1))[0]),  # bags from before operators could lead do not say
        )
    except KeyError as error:
        raise WireError(f"the tick has no section {error}; there are {sorted(part)}") from error


def tick_record(message: Any) -> TickRecord:
    """Returns the tick in a Float64MultiArray message. Raises WireError when it is not one."""
    return unpack_tick([(dim.label, dim.size) for dim in message.layout.dim], message.data)


def _split(stamp: int) -> tuple[int, int]:
    return divmod(int(stamp), 1_000_000_000)


def _join(pair: Floats) -> int:
    return int(pair[0]) * 1_000_000_000 + int(pair[1])


def _position(pose: Any) -> Floats:
    return np.array([pose.position.x, pose.position.y, pose.position.z])


def _quat(pose: Any) -> Floats:
    rotation = pose.orientation
    return np.array([rotation.w, rotation.x, rotation.y, rotation.z])


def _fill_quat(pose: Any, quat_wxyz: Floats) -> None:
    rotation = pose.orientation
    rotation.w, rotation.x, rotation.y, rotation.z = (float(v) for v in quat_wxyz)
