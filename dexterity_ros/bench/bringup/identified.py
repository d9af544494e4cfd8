"""How far identified joints and delays are from the hidden truth, under the gains that the walk set."""

from collections.abc import Callable, Iterator

from dexterity_ros.bench.bringup.errors import Errors, covers, half_width
from dexterity_ros.bringup.identification.joint_model import D_PART
from dexterity_ros.bringup.identification.stages import POS_FLOOR_RAD
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Estimate, JointDynamics, RobotSpec


def stiffness(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns errors of the stiffness of each joint in percent."""
    return _of(hidden, robot, "stiffness_nm_rad", lambda p_share, _d_share: p_share)


def damping(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns errors of the damping of each joint in percent; a part of it goes with the D gain."""
    return _of(hidden, robot, "damping_nm_s_rad", lambda _p_share, d_share: 1.0 - D_PART + D_PART * d_share)


def friction(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns errors of the friction loss of each joint in percent."""
    return _of(hidden, robot, "friction_loss_nm", lambda _p_share, _d_share: 1.0)


def delay(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns the error of the delay from command to motion in ms; robot.yaml has no interval of its median."""
    true = None if hidden.latency is None else hidden.latency.command_to_motion
    found = None if robot.latency is None else robot.latency.command_to_motion
    if true is None:
        return None
    if found is None:
        return Errors(missing=1)
    return Errors(errors=(1e3 * abs(found.p50_s - true.p50_s),))


def held_out(hidden: RobotSpec, robot: RobotSpec) -> Errors | None:
    """Returns the error of the motion that was not fitted, of the worst joint, over the noise floor of the sensor."""
    if hidden.dynamics is None:
        return None
    if robot.dynamics is None:
        return Errors(missing=1)
    return Errors(errors=(robot.dynamics.residual_rad / POS_FLOOR_RAD,))


def _of(hidden: RobotSpec, robot: RobotSpec, name: str, of_gains: Callable[[float, float], float]) -> Errors | None:
    """Returns errors of one parameter in percent, and which truths are covered; joints without it are missing."""
    if hidden.dynamics is None:
        return None
    pairs = list(_pairs(hidden, robot, name, of_gains))
    return Errors(
        errors=tuple(100.0 * abs(found.nominal / true - 1.0) for found, true in pairs),
        covered=tuple(inside for found, true in pairs if (inside := covers(found, true)) is not None),
        half_widths=tuple(100.0 * half / true for found, true in pairs if (half := half_width(found)) is not None),
        missing=len(hidden.dynamics.joints) - len(pairs),
    )


def _pairs(
    hidden: RobotSpec, robot: RobotSpec, name: str, of_gains: Callable[[float, float], float]
) -> Iterator[tuple[Estimate, float]]:
    """Yields what was found of each joint, and the truth under the gains that were set."""
    if hidden.dynamics is None or robot.dynamics is None:
        return
    motors = load_hand(hidden.hand).drive.motors
    for joint, known in robot.dynamics.joints.items():
        found, true = _named(known, name), _named(hidden.dynamics.joints[joint], name)
        if found is None or true is None:
            continue
        before = motors[joint].gains
        now = before if robot.gains is None else robot.gains.motors[joint]
        yield found, true.nominal * of_gains(now.p / before.p, now.d / before.d)


def _named(joint: JointDynamics, name: str) -> Estimate | None:
    value: Estimate | None = getattr(joint, name)
    return value
