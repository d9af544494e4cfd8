"""Samples to ROS messages and back, one codec per sample. Messages are handed in, so that nothing here needs ROS."""

from dexterity_ros.wire.clouds import cloud_sample, fill_cloud
from dexterity_ros.wire.gamepads import fill_gamepad, gamepad_sample
from dexterity_ros.wire.header import CAMERA_FRAME, HAND_FRAME, fill_stamp, stamp_ns
from dexterity_ros.wire.images import depth_sample, fill_image
from dexterity_ros.wire.joints import JointReader, fill_joint_state, joint_order
from dexterity_ros.wire.origin import Origin, heartbeat, heartbeat_text, origin, state_text
from dexterity_ros.wire.poses import fill_goal, fill_pose, fill_transform, goal_sample, pose_sample
from dexterity_ros.wire.sources import SourceReaders, fill_sample
from dexterity_ros.wire.ticks import Outputs, TickRecord, pack_tick, split_action, tick_record, unpack_tick

__all__ = [
    "CAMERA_FRAME",
    "HAND_FRAME",
    "JointReader",
    "Origin",
    "Outputs",
    "SourceReaders",
    "TickRecord",
    "cloud_sample",
    "depth_sample",
    "fill_cloud",
    "fill_gamepad",
    "fill_goal",
    "fill_image",
    "fill_joint_state",
    "fill_pose",
    "fill_sample",
    "fill_stamp",
    "fill_transform",
    "gamepad_sample",
    "goal_sample",
    "heartbeat",
    "heartbeat_text",
    "joint_order",
    "origin",
    "pack_tick",
    "pose_sample",
    "split_action",
    "stamp_ns",
    "state_text",
    "tick_record",
    "unpack_tick",
]
