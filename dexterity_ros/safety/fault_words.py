"""What people are told about each fault: what to look at."""

from dexterity_ros.contracts.errors import FaultCode

_BUS = "cable, adapter and power of the motors; `dexterity doctor` asks every motor"
_BUSY = "what else runs on this machine; `dexterity doctor` says whether real time is allowed"
_MOTOR = "the motor that is named, and what its joint pushes against"
_SUPPLY = "the power supply and its cable"
_PUBLISHER = "what else publishes on this topic; what people bring is declared with brings:="
_POLICY = "policy_node and the bundle; `dexterity check` tries the bundle"
_EYES = "camera, light and whether a finger hides the object"
_STRANGE = "the joint or number that is named: its sensor, its zero and gain, or an object and goals of another kind"

LOOK_AT: dict[FaultCode, str] = {
    FaultCode.NOT_ARMED: "the supervisor: prepare, then arm",
    FaultCode.TARGET_STALE: "policy_node: it sends no targets, or late ones",
    FaultCode.TARGET_INVALID: _POLICY,
    FaultCode.TARGET_CLAMPED: "the limits in the hand's file and in hand_node's parameters",
    FaultCode.JOINTS_STALE: "hand_node and the network between it and the others",
    FaultCode.JOINTS_INVALID: "hand_node, or whoever publishes joint_states",
    FaultCode.DEPTH_INVALID: "the camera's cable and its settings",
    FaultCode.CLOUD_EMPTY: _EYES,
    FaultCode.POSE_LOST: _EYES,
    FaultCode.POSE_STALE: "the camera, and whether pose_node keeps up with it",
    FaultCode.POSE_INVALID: "pose_node, or whoever publishes object_pose",
    FaultCode.GOAL_STALE: "goal_node, or whoever publishes goals",
    FaultCode.GOAL_INVALID: "goal_node, or whoever publishes goals",
    FaultCode.SOURCE_STALE: "the sensor that is named",
    FaultCode.SOURCE_INVALID: "the sensor that is named",
    FaultCode.HEARTBEAT_LOST: "safety_node: it is gone or late",
    FaultCode.NODE_SILENT: "the node that is named: it is gone or late",
    FaultCode.OVERRUN: _BUSY,
    FaultCode.OBSERVATION_INVALID: _POLICY,
    FaultCode.ACTION_INVALID: _POLICY,
    FaultCode.QUEUE_EMPTY: "how long the network takes; `dexterity bench chunks` measures it",
    FaultCode.INFERENCE_FAILED: _POLICY,
    FaultCode.HAND_READ_FAILED: _BUS,
    FaultCode.HAND_WRITE_FAILED: _BUS,
    FaultCode.HAND_NOT_READY: "what is said of the motors; disarm, then arm again",
    FaultCode.MOTOR_ALERT: _MOTOR,
    FaultCode.MOTOR_RESET: _BUS,
    FaultCode.MOTOR_WARM: "the motor that is named: a pause, or less load",
    FaultCode.MOTOR_HOT: "the motor that is named: let it cool",
    FaultCode.MOTOR_OVERHEATED: "the motor that is named: let it cool, and find what it pushes against",
    FaultCode.CURRENT_HIGH: _MOTOR,
    FaultCode.CURRENT_EXCESSIVE: _MOTOR,
    FaultCode.OVERCURRENT: _MOTOR,
    FaultCode.SUPPLY_DEVIATES: _SUPPLY,
    FaultCode.SUPPLY_POOR: _SUPPLY,
    FaultCode.SUPPLY_FAILED: _SUPPLY,
    FaultCode.STALLING: _MOTOR,
    FaultCode.STALLED: _MOTOR,
    FaultCode.STALLED_LONG: _MOTOR,
    FaultCode.HEALTH_LATE: _BUS,
    FaultCode.HEALTH_UNKNOWN: _BUS,
    FaultCode.BUS_SLOW: "the adapter's latency timer; `dexterity doctor` reads it",
    FaultCode.LOOP_LATE: _BUSY,
    FaultCode.STAMP_AHEAD: "the clocks of the machines",
    FaultCode.FOREIGN_OWNER: _PUBLISHER,
    FaultCode.TWO_OWNERS: _PUBLISHER,
    FaultCode.MESSAGE_REFUSED: _PUBLISHER,
    FaultCode.TORQUE_FOUND: "who else drives the motors",
    FaultCode.TORQUE_REMAINS: "the power switch: motors keep torque",
    FaultCode.DEADMAN_RELEASED: "the pedal: motion needs a person who presses it",
    FaultCode.HELD_BY_PERSON: "who asked it to stand still: `safety_node/resume` lets it go on, disarm ends it",
    FaultCode.OUTSIDE_WORKSPACE: "where the object is: put it back into the hand",
    FaultCode.OUTSIDE_TRAINING: _STRANGE,
    FaultCode.HELD_OUTSIDE_TRAINING: _STRANGE,
    FaultCode.CAMERA_MOVED: "where the camera stands; `dexterity bringup` measures it again",
    FaultCode.ESTOP: "why a person stopped it",
}

_CODES = {str(code): code for code in FaultCode}


def fault_code(text: str) -> FaultCode | None:
    """Returns the first fault that a state's text names, such as "hold: pose_stale: ..."; None for none."""
    known = (word.strip() for word in text.replace("hand_node ", "").split(":"))
    return next((_CODES[word] for word in known if word in _CODES), None)


def fault_detail(text: str) -> str:
    """Returns what a state's text says behind its first fault; the whole text where it names none."""
    code = fault_code(text)
    return text if code is None else text.partition(f"{code}")[2].lstrip(": ")


def fault_name(code: FaultCode) -> str:
    """Returns a fault as people say it."""
    return str(code).replace("_", " ")
