"""dexterity hand read, hold, home, jog"""

from collections.abc import Callable

import numpy as np

from dexterity_ros.bringup.manual import ManualHand, RealClock
from dexterity_ros.cli.hand_port import hand_spec, joint_index, port_path
from dexterity_ros.cli.options.hand import (
    HandHoldOptions,
    HandHomeOptions,
    HandJogOptions,
    HandMotionOptions,
    HandReadOptions,
)
from dexterity_ros.cli.output import console, joint_table, write_json
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.open import bus_on_port
from dexterity_ros.runtime.ending import interrupt_once

_TO_THE_END = 1e9


def read(options: HandReadOptions) -> int:
    """Prints what every motor measures."""
    asked_to_end = interrupt_once()
    spec = hand_spec(options)
    manual = connected(spec, port_path(options.port), None, asked_to_end)
    try:
        rows = _measured(manual)
    finally:
        manual.close()
    console.print(joint_table(spec.name, rows, spec))
    write_json(options.json, {"joints": rows})
    return 0


def hold(options: HandHoldOptions) -> int:
    """Holds the hand where it stands, then lets go."""
    return _move(options, lambda _spec, measured: measured)


def home(options: HandHomeOptions) -> int:
    """Eases to the home pose, holds it, lets go."""
    return _move(options, lambda spec, _measured: np.array(spec.home_pos_rad))


def jog(options: HandJogOptions) -> int:
    """Eases one joint from where the hand stands, holds, lets go."""
    joint_index(hand_spec(options), options.joint)  # a wrong name is told before any port is opened

    def moved(spec: RobotHand, measured: Floats) -> Floats:
        i = joint_index(spec, options.joint)
        asked = measured[i] + options.by_rad
        measured[i] = np.clip(asked, spec.lower_rad[i], spec.upper_rad[i])
        limit = ", its limit" if measured[i] != asked else ""
        console.print(f"{options.joint}: to {measured[i]:.3f} rad{limit}")
        return measured

    return _move(options, moved)


def connected(spec: RobotHand, path: str, current_a: float | None, asked_to_end: Callable[[], bool]) -> ManualHand:
    """Returns a hand on a port. current_a: at most. Raises HandError with all that is wrong with it."""
    manual = ManualHand(
        spec,
        bus_on_port(spec, path),
        RealClock(),
        current_limit_a=current_a,
        asked_to_end=asked_to_end,
    )
    manual.connect()
    return manual


def _measured(manual: ManualHand) -> dict[str, dict[str, float]]:
    """Returns what every motor measures, by joint, rounded."""
    sample, health = manual.look(), manual.driver.health()
    assert health is not None
    return {
        joint.name: {
            "motor": manual.spec.motor_ids[i],
            "pos_rad": round(float(sample.pos_rad[i]), 4),
            "vel_rad_s": round(float(sample.vel_rad_s[i]), 3),
            "current_a": round(float(health.current_a[i]), 3),
            "temperature_c": float(health.temperature_c[i]),
            "supply_v": round(float(health.supply_v[i]), 1),
        }
        for i, joint in enumerate(manual.spec.joints)
    }


def _move(options: HandMotionOptions, pose_of: Callable[[RobotHand, Floats], Floats]) -> int:
    """Eases to a pose, holds it, lets go. pose_of: of a hand and where it stands, rad."""
    asked_to_end = interrupt_once()
    spec = hand_spec(options)
    manual = connected(spec, port_path(options.port), options.current_a, asked_to_end)
    try:
        _ease_and_hold(manual, pose_of(spec, manual.look().pos_rad), options.seconds or _TO_THE_END)
    finally:
        manual.close()
    return 0


def _ease_and_hold(manual: ManualHand, pose_rad: Floats, seconds: float) -> None:
    try:
        manual.ease_to(pose_rad)
        console.print("holding; Ctrl-C lets go" if seconds >= _TO_THE_END else f"holding for {seconds:g} s")
        manual.hold(seconds)
    except KeyboardInterrupt:
        manual.let_go()  # before a word about it: the terminal may be gone
        console.print("let go")
    else:
        manual.let_go()
