"""Poses, goals and transforms. Quaternions are xyzw on the wire and wxyz inside."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import GoalSample, PoseSample
from dexterity_ros.wire.header import HAND_FRAME, fill_stamp, stamp_ns


def pose_sample(message: Any) -> PoseSample:
    """Returns the pose in a PoseStamped or PoseWithCovarianceStamped message. Raises WireError: in another frame."""
    _check_frame(message)
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
    """Returns the goal rotation in a PoseStamped message. Raises WireError: in another frame."""
    _check_frame(message)
    return GoalSample(stamp_ns=stamp_ns(message.header), quat_wxyz=_quat(message.pose))


def fill_goal(message: Any, goal: GoalSample) -> Any:
    """Returns `message` (PoseStamped) with a goal rotation."""
    fill_stamp(message.header, goal.stamp_ns)
    message.header.frame_id = HAND_FRAME
    _fill_quat(message.pose, goal.quat_wxyz)
    return message


def fill_transform(message: Any, stamp: int, pos_m: Floats, quat_wxyz: Floats) -> Any:
    """Returns `message` (TransformStamped) with a pose, (3,) m and (4,), in the hand frame."""
    fill_stamp(message.header, stamp)
    message.header.frame_id = HAND_FRAME
    shift, transform = message.transform.translation, message.transform
    shift.x, shift.y, shift.z = (float(v) for v in pos_m)
    w, x, y, z = (float(v) for v in quat_wxyz)
    transform.rotation.w, transform.rotation.x, transform.rotation.y, transform.rotation.z = w, x, y, z
    return message


def _check_frame(message: Any) -> None:
    frame = message.header.frame_id
    if frame != HAND_FRAME:
        raise WireError(f"it is in frame {frame[:60]!r}, expected {HAND_FRAME!r}")


def _position(pose: Any) -> Floats:
    return np.array([pose.position.x, pose.position.y, pose.position.z])


def _quat(pose: Any) -> Floats:
    rotation = pose.orientation
    return np.array([rotation.w, rotation.x, rotation.y, rotation.z])


def _fill_quat(pose: Any, quat_wxyz: Floats) -> None:
    rotation = pose.orientation
    rotation.w, rotation.x, rotation.y, rotation.z = (float(v) for v in quat_wxyz)
