"""The one table of topics: publishers, subscribers, deadlines, the recorder and the documentation derive from it."""

from dataclasses import dataclass
from typing import Literal

Qos = Literal["sensor", "command", "latched", "event", "notice"]
Owner = Literal["system", "people", "one", "anyone"]

# Reliability, durability and history depth as ROS names them.
QOS: dict[Qos, tuple[str, str, int]] = {
    "sensor": ("best_effort", "volatile", 5),
    "command": ("reliable", "volatile", 1),
    "latched": ("reliable", "transient_local", 1),
    "event": ("reliable", "volatile", 100),
    "notice": ("reliable", "transient_local", 100),
}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic.

    qos: sensor = best effort, newest few; command = reliable, newest only; latched = reliable, kept for late joiners;
    event = reliable, none lost; notice = latched by many publishers, none lost.
    max_age_s: older than this is stale (None: no deadline); the silence of those that a system watches makes the
    supervisor hold. recorded: part of every bag.

    owner: who may publish, held by safety/ownership.py. system = one process of our own system, or of people where the
    system file declares that they bring it. people = only where it is declared. one = anybody, one at a time.
    anyone = not checked. max_bytes: a larger message is refused before it is read.
    """

    name: str
    message: str
    qos: Qos
    rate_hz: float
    max_age_s: float | None
    recorded: bool
    publisher: str
    about: str
    owner: Owner = "anyone"
    max_bytes: int = 65_536


TOPICS: dict[str, Topic] = {
    "joint_states": Topic(
        name="joint_states",
        message="sensor_msgs/msg/JointState",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=0.1,
        recorded=True,
        publisher="hand_node",
        about="measured joints, rad and rad/s; matched by name; stamp = time of measurement",
        owner="system",
    ),
    "object_pose": Topic(
        name="object_pose",
        message="geometry_msgs/msg/PoseWithCovarianceStamped",
        qos="sensor",
        rate_hz=60.0,
        max_age_s=0.15,
        recorded=True,
        publisher="pose_node or sim_node",
        about="T_hand_object as estimated; stamp = time of the image",
        owner="system",
    ),
    "goal": Topic(
        name="goal",
        message="geometry_msgs/msg/PoseStamped",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.08,
        recorded=True,
        publisher="goal_node",
        about="wanted rotation of the object in the hand frame; its position is not used; repeated while it is wanted",
        owner="system",
    ),
    "goal_event": Topic(
        name="goal_event",
        message="std_msgs/msg/String",
        qos="event",
        rate_hz=0.0,
        max_age_s=None,
        recorded=True,
        publisher="goal_node",
        about="JSON: event (issued, reached, timeout, dropped), trial, index, stamp_ns, angle_rad",
    ),
    "joint_targets": Topic(
        name="joint_targets",
        message="sensor_msgs/msg/JointState",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.2,
        recorded=True,
        publisher="policy_node",
        about="wanted joints, rad; stamp = oldest measurement behind them; frame_id = sender and the reset they follow",
        owner="system",
    ),
    "policy_tick": Topic(
        name="policy/tick",
        message="std_msgs/msg/Float64MultiArray",
        qos="event",
        rate_hz=20.0,
        max_age_s=None,
        recorded=True,
        publisher="policy_node",
        about="what one tick consumed and produced, with the layout named; enough to repeat it exactly",
        max_bytes=1_048_576,
    ),
    "policy_state": Topic(
        name="policy/state",
        message="std_msgs/msg/String",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.2,
        recorded=True,
        publisher="policy_node",
        about="acting, or the fault that keeps it from acting",
        owner="system",
    ),
    "policy_reached": Topic(
        name="policy/reached",
        message="std_msgs/msg/Float32",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.15,
        recorded=True,
        publisher="policy_node",
        about="how sure a policy with a stop head is that the goal is reached, 0 to 1; policy/tick says for which goal",
        owner="system",
    ),
    "leader": Topic(
        name="leader/joint_targets",
        message="sensor_msgs/msg/JointState",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.15,
        recorded=True,
        publisher="your glove, gamepad, leader hand or keyboard",
        about="an operator's wanted joints, rad; policy_node follows them as long as they arrive",
        owner="people",
    ),
    "policy_reset": Topic(
        name="policy/reset",
        message="std_msgs/msg/String",
        qos="latched",
        rate_hz=0.0,
        max_age_s=None,
        recorded=True,
        publisher="hand_node",
        about="who sent it and the number of a reset: the policy forgets and starts from the measured pose",
        owner="system",
    ),
    "gated_targets": Topic(
        name="gated_targets",
        message="sensor_msgs/msg/JointState",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=None,
        recorded=True,
        publisher="hand_node",
        about="what passed the gate, rad; in shadow mode it is not written to the hand",
    ),
    "hand_state": Topic(
        name="hand/state",
        message="std_msgs/msg/String",
        qos="latched",
        rate_hz=0.0,
        max_age_s=None,
        recorded=True,
        publisher="hand_node",
        about="limp, easing, following, easing_out, holding: reason, letting_go: reason, or stopped: reason",
        owner="system",
    ),
    "supervisor": Topic(
        name="supervisor/state",
        message="std_msgs/msg/String",
        qos="command",
        rate_hz=50.0,
        max_age_s=0.1,
        recorded=True,
        publisher="safety_node",
        about="heartbeat: disarmed, ready, armed, hold: reason, stopped: reason | sender and count of disarms",
        owner="system",
    ),
    "members": Topic(
        name="system/members",
        message="std_msgs/msg/String",
        qos="notice",
        rate_hz=0.0,
        max_age_s=None,
        recorded=False,
        publisher="every node",
        about="which system the process belongs to; the id of the message's publisher says which process",
    ),
    "deadman": Topic(
        name="deadman",
        message="std_msgs/msg/Bool",
        qos="command",
        rate_hz=20.0,
        max_age_s=0.25,
        recorded=True,
        publisher="your pedal or button",
        about="true while a person permits motion; watched where safety_node's `watch` names it",
        owner="one",
    ),
    "diagnostics": Topic(
        name="/diagnostics",
        message="diagnostic_msgs/msg/DiagnosticArray",
        qos="event",
        rate_hz=1.0,
        max_age_s=None,
        recorded=True,
        publisher="every node",
        about="loop lateness, overruns, ages, faults (REP-107)",
    ),
    "driver_joint_states": Topic(
        name="driver/joint_states",
        message="sensor_msgs/msg/JointState",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=0.05,
        recorded=False,
        publisher="sim_node or your driver",
        about="the motors' own measurement, read by hand_node with hardware: direct",
        owner="system",
    ),
    "driver_joint_command": Topic(
        name="driver/joint_command",
        message="sensor_msgs/msg/JointState",
        qos="command",
        rate_hz=100.0,
        max_age_s=0.2,
        recorded=False,
        publisher="hand_node",
        about="what hand_node writes with hardware: direct; no positions = torque off",
        owner="system",
    ),
    "depth": Topic(
        name="camera/camera/aligned_depth_to_color/image_raw",
        message="sensor_msgs/msg/Image",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=0.2,
        recorded=True,
        publisher="camera_node, realsense2_camera or sim_camera_node",
        about="depth in mm, 16UC1, pixel by pixel with the colour image; stamp = time of the exposure",
        owner="one",
        max_bytes=16_777_216,
    ),
    "colour": Topic(
        name="camera/camera/color/image_raw",
        message="sensor_msgs/msg/Image",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=0.2,
        recorded=True,
        publisher="camera_node, realsense2_camera or sim_camera_node",
        about="colour, rgb8",
        owner="one",
        max_bytes=16_777_216,
    ),
    "camera_info": Topic(
        name="camera/camera/color/camera_info",
        message="sensor_msgs/msg/CameraInfo",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=None,
        recorded=True,
        publisher="camera_node, realsense2_camera or sim_camera_node",
        about="intrinsics of both images",
        owner="one",
    ),
    "camera_pose": Topic(
        name="camera/pose",
        message="geometry_msgs/msg/TransformStamped",
        qos="latched",
        rate_hz=0.0,
        max_age_s=None,
        recorded=True,
        publisher="camera_node or sim_camera_node",
        about="T_hand_camera of the optical frame, from the camera's file",
        owner="one",
    ),
    "robot_description": Topic(
        name="robot_description",
        message="std_msgs/msg/String",
        qos="latched",
        rate_hz=0.0,
        max_age_s=None,
        recorded=True,
        publisher="hand_node",
        about="URDF of the hand, made from its HandSpec and its shape",
        max_bytes=4_194_304,
    ),
    "markers": Topic(
        name="markers",
        message="visualization_msgs/msg/MarkerArray",
        qos="sensor",
        rate_hz=10.0,
        max_age_s=None,
        recorded=False,
        publisher="viewer_node",
        about="hand, object and goal, for rviz and Foxglove; only while somebody listens",
        max_bytes=4_194_304,
    ),
    "cloud": Topic(
        name="object_cloud",
        message="sensor_msgs/msg/PointCloud2",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=None,
        recorded=False,
        publisher="pose_node",
        about="the points that the pose rests on, hand frame, with colours; for looking at",
        max_bytes=4_194_304,
    ),
    "pose_basis": Topic(
        name="object_pose/basis",
        message="std_msgs/msg/String",
        qos="sensor",
        rate_hz=15.0,
        max_age_s=None,
        recorded=True,
        publisher="pose_node",
        about="JSON, one per image: stamp_ns, basis (found, tracked, turned, or the fault), inliers, residual_mm ...",
    ),
    "sim_joint_states": Topic(
        name="sim/joint_states",
        message="sensor_msgs/msg/JointState",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=None,
        recorded=False,
        publisher="sim_node",
        about="the simulator's true joints, for the simulated camera",
    ),
    "sim_object_pose": Topic(
        name="sim/object_pose",
        message="geometry_msgs/msg/PoseStamped",
        qos="sensor",
        rate_hz=100.0,
        max_age_s=None,
        recorded=True,
        publisher="sim_node",
        about="the simulator's truth, for judging only",
    ),
}
