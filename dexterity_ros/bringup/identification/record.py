"""Plays the excitation through the gate and keeps what was written and seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.identification.excitation import GainSet, fitted_way, held_out_way
from dexterity_ros.bringup.identification.plan import Excited
from dexterity_ros.bringup.manual import PERIOD_S, Clock, HandError, ManualHand
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.drive import GAIN, MotorGains
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import JointSample

_BETWEEN_RAD_S = 0.5
_SETTLE_S = 0.3
_MOST_LOST = 0.2  # share of the looks that may fail
_PACES = (1.0, 0.7, 0.5)  # of a motion that is played again because a joint moved too fast
_MOST_SPEED = 0.9  # share of the speed that the walk allows at which a motion is ended


class TooFastError(DexterityError):
    """A joint moves nearly as fast as the walk allows; the motion has ended."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """One motion of the joints of one group under one set of gains; times in s from origin_ns, just before the first
    target.

    written_s: (k,), when each target had been written. targets_rad: (k, n), as they left the gate. looked_s: (t,).
    pos_rad, current_a: (t, n). limit_a: the gate's.
    """

    gains: GainSet
    group: int
    origin_ns: int
    written_s: Floats
    targets_rad: Floats
    looked_s: Floats
    pos_rad: Floats
    current_a: Floats
    limit_a: float


@dataclass(frozen=True, kw_only=True)
class Part:
    """A motion to be played: of which group of joints, counted from 0, under which gains."""

    gains: GainSet
    group: int
    excited: Excited


def with_gains(hand: RobotHand, gains: GainSet) -> RobotHand:
    """Returns a hand whose motors are given other position gains."""
    most = int(GAIN.high)
    changed = {
        name: MotorGains(
            p=min(round(motor.gains.p * gains.p_share), most),
            i=motor.gains.i,
            d=min(round(motor.gains.d * gains.d_share), most),
        )
        for name, motor in hand.drive.motors.items()
    }
    motors = {name: replace(motor, gains=changed[name]) for name, motor in hand.drive.motors.items()}
    return replace(hand, drive=replace(hand.drive, motors=motors))


def play_all(
    manual: ManualHand, clock: Clock, gains: GainSet, groups: Sequence[Excited], say: Callable[[str], None]
) -> list[Played]:
    """Returns what was seen of every group under one set of gains. Raises HandError; then torque is off."""
    home = np.array(manual.spec.home_pos_rad)
    manual.ease_to(home)
    played = []
    for k, excited in enumerate(groups):
        names = ", ".join(manual.spec.joint_names[j] for j in excited.joints)
        say(f"P x {gains.p_share:g}, D x {gains.d_share:g}: {names}")
        _go(manual, home, excited.pose_rad)
        played.append(_play_gently(manual, clock, Part(gains=gains, group=k, excited=excited), say))
        _go(manual, excited.pose_rad, home)
    manual.let_go()
    return played


def _go(manual: ManualHand, start_rad: Floats, end_rad: Floats) -> None:
    steps = max(int(np.abs(end_rad - start_rad).max() / _BETWEEN_RAD_S / PERIOD_S), 1)
    for k in range(steps):
        manual.tick(start_rad + (k + 1) / steps * (end_rad - start_rad))
    for _ in range(round(_SETTLE_S / PERIOD_S)):
        manual.tick(end_rad)


def _play_gently(manual: ManualHand, clock: Clock, part: Part, say: Callable[[str], None]) -> Played:
    """Returns what was seen of a motion, played slower when a joint moves too fast. Raises HandError; torque is off."""
    way = (held_out_way if part.gains.held_out else fitted_way)(part.excited.reach_rad)
    for pace in _PACES:
        try:
            return _play(manual, clock, part, _slowed(way, pace))
        except TooFastError as error:
            said = f"{error} at {pace:g} of the speed"
            say(f"{said}: stopped")
    manual.let_go()
    raise HandError(f"{said} that is meant: is a gain in the hand's file too high, does something pull at the hand?")


def _slowed(way: Floats, pace: float) -> Floats:
    """Returns the same way, (k,), at a share of its speed."""
    return np.interp(np.arange(round(len(way) / pace)) * pace, np.arange(len(way)), way)


def _play(manual: ManualHand, clock: Clock, part: Part, way: Floats) -> Played:
    """Raises TooFastError, and has gone back to the middle then."""
    pose = part.excited.pose_rad
    moved = np.isin(np.arange(len(pose)), part.excited.joints)
    written, targets, looked, pos, current = [], [], [], [], []
    limit_a = 0.0
    origin_ns = clock.now_ns()
    for aside in way:
        tick = manual.tick(pose + aside * moved)
        if tick.output is not None:
            written.append((clock.now_ns() - origin_ns) * 1e-9)
            targets.append(tick.output.pos_rad)
            limit_a = tick.output.current_limit_a
        health = manual.driver.health()
        if tick.measured is not None and health is not None:
            looked.append((tick.measured.stamp_ns - origin_ns) * 1e-9)
            pos.append(tick.measured.pos_rad)
            current.append(health.current_a)
            _check_speed(manual, tick.measured, pose + aside * moved, pose)
    if len(looked) < (1.0 - _MOST_LOST) * len(way):
        raise HandError(f"{len(way) - len(looked)} of {len(way)} readings failed: see `dexterity doctor`")
    return Played(
        gains=part.gains,
        group=part.group,
        origin_ns=origin_ns,
        written_s=np.array(written),
        targets_rad=np.array(targets),
        looked_s=np.array(looked),
        pos_rad=np.array(pos),
        current_a=np.array(current),
        limit_a=limit_a,
    )


def _check_speed(manual: ManualHand, measured: JointSample, goal_rad: Floats, middle_rad: Floats) -> None:
    """Raises TooFastError when a joint moves nearly as fast as the hand may, and goes back to the middle first."""
    fastest = int(np.abs(measured.vel_rad_s).argmax())
    speed = float(np.abs(measured.vel_rad_s[fastest]))
    if speed > _MOST_SPEED * manual.max_velocity_rad_s:
        _go(manual, goal_rad, middle_rad)
        name = manual.spec.joint_names[fastest]
        raise TooFastError(f"{name} moved at {speed:.2f} rad/s, where {manual.max_velocity_rad_s:g} are allowed,")
