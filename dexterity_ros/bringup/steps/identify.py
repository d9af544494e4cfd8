"""Step identify: which spring, damper, friction and inertia each joint has; sets the gains that policies expect."""

from dataclasses import replace
from pathlib import Path

from dexterity_ros.bringup.identification.bag import write_bag
from dexterity_ros.bringup.identification.estimate import Estimates, estimate
from dexterity_ros.bringup.identification.excitation import GAIN_SETS
from dexterity_ros.bringup.identification.joint_model import PARAMETERS
from dexterity_ros.bringup.identification.outcome import (
    WRITTEN,
    dynamics_group,
    gains_group,
    left_over,
    not_identified,
    tuned,
)
from dexterity_ros.bringup.identification.picture import draw_held_out
from dexterity_ros.bringup.identification.plan import Excited, plan
from dexterity_ros.bringup.identification.record import Played, play_all, with_gains
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.walk import Measured, Walk
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.drive import MotorGains
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.robot import JointDynamics
from dexterity_ros.contracts.robot_hand import RobotHand, as_robot
from dexterity_ros.sim.joint_mechanics import HandMechanics

_FLOORS = 1.3  # a prediction is as good as the sensor up to so many noise floors
_UNITS = {
    "stiffness_nm_rad": "N.m/rad",
    "damping_nm_s_rad": "N.m.s/rad",
    "friction_loss_nm": "N.m",
    "armature_kg_m2": "kg.m2",
    "torque_limit_nm": "N.m",
    "backlash_rad": "rad",
    "load_friction": "share",
}


def identify(walk: Walk) -> Measured:
    """Moves all joints under several gains, fits what they are, and sets the gains that make them as modelled.

    Raises HandError, and ConfigError before signs and zeros are known.
    """
    need_places(walk)
    mechanics = HandMechanics(walk.hand)
    nominal, groups = mechanics.nominal(), plan(walk.hand, mechanics)
    fresh = as_robot(walk.hand, replace(walk.robot, gains=None, dynamics=None))
    estimates = estimate(groups, _play(walk, fresh, groups), nominal)
    names, today = walk.hand.joint_names, walk.today()
    setting = tuned(estimates, fresh.motors, nominal)
    gains = gains_group(setting, estimates, names, nominal, today)
    dynamics = dynamics_group(setting, estimates, names, today)
    return Measured(
        robot=replace(walk.robot, gains=gains, dynamics=dynamics),
        said=_said(estimates),
        warnings=(*left_over(setting, estimates, names, nominal), *not_identified(estimates, names)),
        tables=(_table(dynamics.joints), _gain_table(fresh, gains.motors), _error_table(names, estimates)),
        pictures=_pictures(walk, estimates),
    )


def need_places(walk: Walk) -> None:
    """Raises ConfigError when it is not known which motor moves which joint, and from where."""
    missing = [name for name in ("wiring", "zeros") if getattr(walk.robot, name) is None]
    if missing:
        raise ConfigError(f"{walk.file.path} has no {' and no '.join(missing)}; joints that may collide are not moved")


def _play(walk: Walk, fresh: RobotHand, groups: list[Excited]) -> list[Played]:
    played = []
    for number, gains in enumerate(GAIN_SETS):
        hand = with_gains(fresh, gains)
        with walk.moving(hand) as manual:
            new = play_all(manual, walk.clock, gains, groups, walk.say)
        write_bag(_bag_folder(walk, number), hand, new)
        played += new
    return played


def _bag_folder(walk: Walk, number: int) -> Path:
    """Returns a folder beside robot.yaml that is not there yet."""
    parent, k = walk.file.path.parent, 0
    while (parent / f"{walk.file.path.stem}_identify_{k}_{number}").exists():
        k += 1
    return parent / f"{walk.file.path.stem}_identify_{k}_{number}"


def _said(estimates: Estimates) -> str:
    error = 1e3 * float(estimates.held_out_rad.max())
    floors = float((estimates.held_out_rad / estimates.floor_rad).max())
    good = "as well as the sensor resolves it" if floors <= _FLOORS else f"{floors:.1f} noise floors"
    written = estimates.identified[:, [PARAMETERS.index(name) for name in WRITTEN]]
    known, parts = int(written.sum()), written.size
    predicted = f"a motion that was not fitted is predicted to {error:.2f} mrad, {good}"
    return f"{known} of {parts} parameters identified; {predicted}"


def _pictures(walk: Walk, estimates: Estimates) -> dict[str, str]:
    if not walk.drawing:
        return {}
    path = walk.file.pictures / "identify.png"
    draw_held_out(path, walk.hand.joint_names, estimates)
    return {path.name: "A motion under gains that were not fitted: seen (dots) and predicted (line), rad over s"}


def _table(joints: dict[str, JointDynamics]) -> Table:
    rows = tuple((name, *(_cell(known, key) for key in _UNITS)) for name, known in joints.items())
    header = ("joint", *(f"{key}, {unit}" for key, unit in _UNITS.items()))
    return Table(title="Joints under the gains that are set, with 95 % intervals", header=header, rows=rows)


def _cell(known: JointDynamics, key: str) -> str:
    value = getattr(known, key)
    return "not identified" if value is None else f"{value.nominal:.4g} ({value.low:.4g} to {value.high:.4g})"


def _gain_table(hand: RobotHand, motors: dict[str, MotorGains]) -> Table:
    rows = tuple(
        (name, f"{motor.gains.p}, {motor.gains.d}", f"{new.p}, {new.d}")
        for (name, new), motor in zip(motors.items(), hand.motors, strict=True)
    )
    return Table(title="Position gains P, D", header=("joint", "the hand's file", "set now"), rows=rows)


def _error_table(names: tuple[str, ...], estimates: Estimates) -> Table:
    columns: tuple[Floats, ...] = (estimates.fitted_rad, estimates.held_out_rad, estimates.floor_rad)
    rows = tuple((name, *(f"{1e3 * column[i]:.2f}" for column in columns)) for i, name in enumerate(names))
    return Table(
        title="Errors, mrad root mean square", header=("joint", "fitted", "held out", "noise floor"), rows=rows
    )
