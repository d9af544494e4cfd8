"""Plays the excitation through the gate and keeps what was written and seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.identification.excitation import GainSet, fitted_way, held_out_way
from dexterity_ros.bringup.identification.plan import Excited
from dexterity_ros.bringup.manual import PERIOD_S, Clock, HandError, ManualHand
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.drive import GAIN, MotorGains
from dexterity_ros.contracts.robot_hand import RobotHand

_BETWEEN_RAD_S = 0.5
_SETTLE_S = 0.3
_MOST_LOST = 0.2  # share of the looks that may fail


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
        played.append(_play(manual, clock, gains, k, excited))
        _go(manual, excited.pose_rad, home)
    manual.let_go()
    return played


def _go(manual: ManualHand, start_rad: Floats, end_rad: Floats) -> None:
    steps = max(int(np.abs(end_rad - start_rad).max() / _BETWEEN_RAD_S / PERIOD_S), 1)
    for k in range(steps):
        manual.tick(start_rad + (k + 1) / steps * (end_rad - start_rad))
    for _ in range(round(_SETTLE_S / PERIOD_S)):
        manual.tick(end_rad)


def _play(manual: ManualHand, clock: Clock, gains: GainSet, group: int, excited: Excited) -> Played:
    way = (held_out_way if gains.held_out else fitted_way)(excited.reach_rad)
    moved = np.isin(np.arange(len(excited.pose_rad)), excited.joints)
    written, targets, looked, pos, current = [], [], [], [], []
    limit_a = 0.0
    origin_ns = clock.now_ns()
    for aside in way:
        tick = manual.tick(excited.pose_rad + aside * moved)
        if tick.output is not None:
            written.append((clock.now_ns() - origin_ns) * 1e-9)
            targets.append(tick.output.pos_rad)
            limit_a = tick.output.current_limit_a
        health = manual.driver.health()
        if tick.measured is not None and health is not None:
            looked.append((tick.measured.stamp_ns - origin_ns) * 1e-9)
            pos.append(tick.measured.pos_rad)
            current.append(health.current_a)
    if len(looked) < (1.0 - _MOST_LOST) * len(way):
        raise HandError(f"{len(way) - len(looked)} of {len(way)} readings failed: see `dexterity doctor`")
    return Played(
        gains=gains,
        group=group,
        origin_ns=origin_ns,
        written_s=np.array(written),
        targets_rad=np.array(targets),
        looked_s=np.array(looked),
        pos_rad=np.array(pos),
        current_a=np.array(current),
        limit_a=limit_a,
    )
