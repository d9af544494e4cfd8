"""What is done about each fault: the one table."""

import enum

from dexterity_ros.contracts.errors import FaultCode


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
    FaultCode.POSE_STALE: Reaction.HOLD,
    FaultCode.POSE_INVALID: Reaction.HOLD,
    FaultCode.GOAL_STALE: Reaction.HOLD,
    FaultCode.GOAL_INVALID: Reaction.HOLD,
    FaultCode.HEARTBEAT_LOST: Reaction.HOLD,
    FaultCode.NODE_SILENT: Reaction.HOLD,
    FaultCode.OVERRUN: Reaction.WARN,
    FaultCode.OBSERVATION_INVALID: Reaction.HOLD,
    FaultCode.ACTION_INVALID: Reaction.HOLD,
    FaultCode.HAND_READ_FAILED: Reaction.HOLD,
    FaultCode.HAND_WRITE_FAILED: Reaction.HOLD,
    FaultCode.HAND_NOT_READY: Reaction.STOP,
    FaultCode.MOTOR_ALERT: Reaction.STOP,
    FaultCode.MOTOR_RESET: Reaction.STOP,
    FaultCode.OUTSIDE_WORKSPACE: Reaction.HOLD,
    FaultCode.ESTOP: Reaction.STOP,
}
