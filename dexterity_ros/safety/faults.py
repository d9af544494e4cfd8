"""What is done about each fault: the one table."""

import enum
from collections.abc import Iterable

from dexterity_ros.contracts.errors import Fault, FaultCode


class Reaction(enum.IntEnum):
    """In order of severity.

    WARN: reported, motion goes on. HOLD: the last gated target stays until the cause is gone.
    STOP: torque off until a person disarms and arms again.
    """

    WARN = 0
    HOLD = 1
    STOP = 2


REACTIONS: dict[FaultCode, Reaction] = {
    FaultCode.NOT_ARMED: Reaction.HOLD,
    FaultCode.TARGET_STALE: Reaction.HOLD,
    FaultCode.TARGET_INVALID: Reaction.HOLD,
    FaultCode.TARGET_CLAMPED: Reaction.WARN,
    FaultCode.JOINTS_STALE: Reaction.HOLD,
    FaultCode.JOINTS_INVALID: Reaction.HOLD,
    FaultCode.DEPTH_INVALID: Reaction.HOLD,
    FaultCode.CLOUD_EMPTY: Reaction.HOLD,
    FaultCode.POSE_LOST: Reaction.HOLD,
    FaultCode.POSE_STALE: Reaction.HOLD,
    FaultCode.POSE_INVALID: Reaction.HOLD,
    FaultCode.GOAL_STALE: Reaction.HOLD,
    FaultCode.GOAL_INVALID: Reaction.HOLD,
    FaultCode.SOURCE_STALE: Reaction.HOLD,
    FaultCode.SOURCE_INVALID: Reaction.HOLD,
    FaultCode.HEARTBEAT_LOST: Reaction.HOLD,
    FaultCode.NODE_SILENT: Reaction.HOLD,
    FaultCode.OVERRUN: Reaction.WARN,
    FaultCode.OBSERVATION_INVALID: Reaction.HOLD,
    FaultCode.ACTION_INVALID: Reaction.HOLD,
    FaultCode.QUEUE_EMPTY: Reaction.HOLD,
    FaultCode.INFERENCE_FAILED: Reaction.HOLD,
    FaultCode.HAND_READ_FAILED: Reaction.HOLD,
    FaultCode.HAND_WRITE_FAILED: Reaction.HOLD,
    FaultCode.HAND_NOT_READY: Reaction.STOP,
    FaultCode.MOTOR_ALERT: Reaction.STOP,
    FaultCode.MOTOR_RESET: Reaction.STOP,
    FaultCode.MOTOR_WARM: Reaction.WARN,
    FaultCode.MOTOR_HOT: Reaction.HOLD,
    FaultCode.MOTOR_OVERHEATED: Reaction.STOP,
    FaultCode.CURRENT_HIGH: Reaction.WARN,
    FaultCode.CURRENT_EXCESSIVE: Reaction.HOLD,
    FaultCode.OVERCURRENT: Reaction.STOP,
    FaultCode.SUPPLY_DEVIATES: Reaction.WARN,
    FaultCode.SUPPLY_POOR: Reaction.HOLD,
    FaultCode.SUPPLY_FAILED: Reaction.STOP,
    FaultCode.STALLING: Reaction.WARN,
    FaultCode.STALLED: Reaction.HOLD,
    FaultCode.STALLED_LONG: Reaction.STOP,
    FaultCode.HEALTH_LATE: Reaction.WARN,
    FaultCode.HEALTH_UNKNOWN: Reaction.HOLD,
    FaultCode.BUS_SLOW: Reaction.WARN,
    FaultCode.LOOP_LATE: Reaction.HOLD,
    FaultCode.STAMP_AHEAD: Reaction.HOLD,
    FaultCode.FOREIGN_OWNER: Reaction.HOLD,
    FaultCode.TWO_OWNERS: Reaction.HOLD,
    FaultCode.MESSAGE_REFUSED: Reaction.HOLD,
    FaultCode.TORQUE_FOUND: Reaction.STOP,
    FaultCode.TORQUE_REMAINS: Reaction.STOP,
    FaultCode.DEADMAN_RELEASED: Reaction.HOLD,
    FaultCode.HELD_BY_PERSON: Reaction.HOLD,
    FaultCode.OUTSIDE_WORKSPACE: Reaction.HOLD,
    FaultCode.OUTSIDE_TRAINING: Reaction.WARN,
    FaultCode.HELD_OUTSIDE_TRAINING: Reaction.HOLD,
    FaultCode.CAMERA_MOVED: Reaction.WARN,
    FaultCode.ESTOP: Reaction.STOP,
}

# About what was asked of the hand, not about the hand.
GATE_FAULTS = frozenset(
    {
        FaultCode.NOT_ARMED,
        FaultCode.TARGET_STALE,
        FaultCode.TARGET_INVALID,
        FaultCode.TARGET_CLAMPED,
        FaultCode.HEARTBEAT_LOST,
        FaultCode.STAMP_AHEAD,
        FaultCode.FOREIGN_OWNER,
        FaultCode.TWO_OWNERS,
        FaultCode.MESSAGE_REFUSED,
    }
)


def first_holding(faults: Iterable[Fault]) -> Fault | None:
    """Returns the first fault that forbids motion, or None."""
    return next((fault for fault in faults if REACTIONS[fault.code] >= Reaction.HOLD), None)


def first_stopping(faults: Iterable[Fault]) -> Fault | None:
    """Returns the first fault that switches the torque off, or None."""
    return next((fault for fault in faults if REACTIONS[fault.code] is Reaction.STOP), None)
