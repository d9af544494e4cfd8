"""Errors that stop a start, and faults that a running stage returns as values."""

import enum
from dataclasses import dataclass


class DexterityError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(DexterityError):
    """A configuration file holds something other than what its dataclass asks for."""


class BundleError(DexterityError):
    """A policy bundle does not match its own manifest, the hand, or the machine."""


class FileError(DexterityError):
    """The system refuses to read or write a file or folder; the message names it."""


class WireError(DexterityError):
    """A message does not carry what the topic promises."""


class BagError(DexterityError):
    """A recording cannot be read, or does not hold what is asked of it."""


class FaultCode(enum.StrEnum):
    """Everything expected to go wrong while running; reactions are in safety/faults.py."""

    NOT_ARMED = enum.auto()
    TARGET_STALE = enum.auto()
    TARGET_INVALID = enum.auto()
    TARGET_CLAMPED = enum.auto()
    JOINTS_STALE = enum.auto()
    JOINTS_INVALID = enum.auto()
    DEPTH_INVALID = enum.auto()
    CLOUD_EMPTY = enum.auto()
    POSE_LOST = enum.auto()
    POSE_STALE = enum.auto()
    POSE_INVALID = enum.auto()
    GOAL_STALE = enum.auto()
    GOAL_INVALID = enum.auto()
    SOURCE_STALE = enum.auto()
    SOURCE_INVALID = enum.auto()
    HEARTBEAT_LOST = enum.auto()
    NODE_SILENT = enum.auto()
    OVERRUN = enum.auto()
    OBSERVATION_INVALID = enum.auto()
    ACTION_INVALID = enum.auto()
    QUEUE_EMPTY = enum.auto()
    INFERENCE_FAILED = enum.auto()
    HAND_READ_FAILED = enum.auto()
    HAND_WRITE_FAILED = enum.auto()
    HAND_NOT_READY = enum.auto()
    MOTOR_ALERT = enum.auto()
    MOTOR_RESET = enum.auto()
    MOTOR_WARM = enum.auto()
    MOTOR_HOT = enum.auto()
    MOTOR_OVERHEATED = enum.auto()
    CURRENT_HIGH = enum.auto()
    CURRENT_EXCESSIVE = enum.auto()
    OVERCURRENT = enum.auto()
    SUPPLY_DEVIATES = enum.auto()
    SUPPLY_POOR = enum.auto()
    SUPPLY_FAILED = enum.auto()
    STALLING = enum.auto()
    STALLED = enum.auto()
    STALLED_LONG = enum.auto()
    HEALTH_LATE = enum.auto()
    HEALTH_UNKNOWN = enum.auto()
    BUS_SLOW = enum.auto()
    LOOP_LATE = enum.auto()
    STAMP_AHEAD = enum.auto()
    FOREIGN_OWNER = enum.auto()
    TWO_OWNERS = enum.auto()
    MESSAGE_REFUSED = enum.auto()
    TORQUE_FOUND = enum.auto()
    TORQUE_REMAINS = enum.auto()
    DEADMAN_RELEASED = enum.auto()
    HELD_BY_PERSON = enum.auto()
    OUTSIDE_WORKSPACE = enum.auto()
    OUTSIDE_TRAINING = enum.auto()
    HELD_OUTSIDE_TRAINING = enum.auto()
    CAMERA_MOVED = enum.auto()
    ESTOP = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something expected went wrong: what, and the value that shows it."""

    code: FaultCode
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
