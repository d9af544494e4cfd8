"""Whether a hand that was measured is one of those that a policy was trained for: stiffness, damping, delay."""

from collections.abc import Iterator

from dexterity_ros.contracts.drive import MotorGains
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.robot import Delay, Estimate, RobotSpec
from dexterity_ros.contracts.robot_hand import RobotHand

# Of a policy that does not say between which factors its hands differed: a quarter, as MuJoCo Playground's and
# DeXtreme's ranges begin (0.8 to 1.2, 0.75 to 1.5).
UNSAID_FACTOR = (0.75, 1.25)
_STIFFNESS, _DAMPING = "stiffness_nm_rad", "damping_nm_s_rad"


def misfits(manifest: PolicyManifest, hand: RobotHand) -> list[str]:
    """Returns what of a hand's robot.yaml lies outside what a policy was trained for, each in one line that names it.

    A stiffness goes with the P gain that its motor is given, where that is not the one it was measured with.
    """
    robot, trained = hand.robot, manifest.robot
    if robot is None:
        return []
    lines = [*_springs(manifest, hand, robot), *_dampers(manifest, hand, robot), *_lateness(manifest, robot)]
    if trained is not None and trained.digest != robot.digest:
        other = f"trained for the robot {trained.name} ({trained.digest[:12]})"
        return [f"{other}, this is {robot.label}", *lines]
    return lines


def unmeasured(hand: RobotHand) -> list[str]:
    """Returns what of stiffness, damping and delay is not known, so that nobody takes it for checked."""
    robot = hand.robot
    joints = {} if robot is None or robot.dynamics is None else robot.dynamics.joints
    if robot is None or not joints:
        missing = ["stiffness and damping of all joints"]
    else:
        springs, dampers = _measured(robot, _STIFFNESS), _measured(robot, _DAMPING)
        missing = [f"{_STIFFNESS} of {joint}" for joint in hand.joint_names if joint not in springs]
        missing += [f"{_DAMPING} of {joint}" for joint in hand.joint_names if joint not in dampers]
        missing += [
            f"{_DAMPING} of {joint} with D {now.d}, measured with {then.d}"
            for joint, now, then in _gains(hand, robot)
            if joint in dampers and now.d != then.d
        ]
    return missing + (["command_to_motion"] if _delays(robot).get("command_to_motion") is None else [])


def allowed(nominal: float, factor: tuple[float, float] | None) -> tuple[float, float]:
    """Returns between which values a policy was trained. factor: of its manifest."""
    low, high = factor or UNSAID_FACTOR
    return low * nominal, high * nominal


def _springs(manifest: PolicyManifest, hand: RobotHand, robot: RobotSpec) -> Iterator[str]:
    found = _measured(robot, _STIFFNESS)
    trained = dict(zip(manifest.joint_names, manifest.stiffness_nm_rad, strict=True))
    for joint, now, then in _gains(hand, robot):
        if joint not in found:
            continue
        stiffness = found[joint].nominal * now.p / max(then.p, 1)
        changed = "" if now.p == then.p else f" with P {now.p} (measured {found[joint].nominal:.4g} with P {then.p})"
        low, high = allowed(trained[joint], manifest.stiffness_factor)
        if not low <= stiffness <= high:
            yield f"{_STIFFNESS} of {joint} is {stiffness:.4g}{changed}, trained {low:.4g} to {high:.4g}"


def _dampers(manifest: PolicyManifest, hand: RobotHand, robot: RobotSpec) -> Iterator[str]:
    """Yields dampings that do not fit; those under another D gain are not known."""
    found = _measured(robot, _DAMPING)
    trained = dict(zip(manifest.joint_names, manifest.damping_nm_s_rad, strict=True))
    for joint, now, then in _gains(hand, robot):
        low, high = allowed(trained[joint], manifest.damping_factor)
        if joint in found and now.d == then.d and not low <= found[joint].nominal <= high:
            yield f"{_DAMPING} of {joint} is {found[joint].nominal:.4g}, trained {low:.4g} to {high:.4g}"


def _lateness(manifest: PolicyManifest, robot: RobotSpec) -> Iterator[str]:
    """Yields delays that do not fit. One that is not known adds something: only all together can be too short."""
    delays = _delays(robot)
    known = {name: delay for name, delay in delays.items() if delay is not None}
    low_s, high_s = manifest.latency_s
    median_s, most_s = (sum(getattr(delay, key) for delay in known.values()) for key in ("p50_s", "p99_s"))
    too_short = len(known) == len(delays) and median_s < low_s
    if known and (too_short or most_s > high_s):
        said = f"{' + '.join(known)} is {1e3 * median_s:.0f} ms (p50), {1e3 * most_s:.0f} ms (p99)"
        yield f"{said}; trained {1e3 * low_s:.0f} to {1e3 * high_s:.0f} ms"


def _gains(hand: RobotHand, robot: RobotSpec) -> Iterator[tuple[str, MotorGains, MotorGains]]:
    """Yields each joint with the gains that its motor is given, and those with which it was measured."""
    measured = None if robot.dynamics is None else robot.dynamics.gains
    for joint, motor in zip(hand.joint_names, hand.motors, strict=True):
        yield joint, motor.gains, hand.drive.motors[joint].gains if measured is None else measured[joint]


def _measured(robot: RobotSpec, name: str) -> dict[str, Estimate]:
    """Returns one parameter of the joints of which it is known."""
    joints = {} if robot.dynamics is None else robot.dynamics.joints
    found: dict[str, Estimate | None] = {joint: getattr(known, name) for joint, known in joints.items()}
    return {joint: value for joint, value in found.items() if value is not None}


def _delays(robot: RobotSpec | None) -> dict[str, Delay | None]:
    latency = None if robot is None else robot.latency
    names = ("command_to_motion", "motion_to_image", "image_to_pose")
    return {name: None if latency is None else getattr(latency, name) for name in names}
