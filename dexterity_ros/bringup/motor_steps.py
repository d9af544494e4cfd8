"""Steps of an acceptance about the motors: who answers, how fast, and what stops them."""

import numpy as np

from dexterity_ros.bringup.acceptance_rig import Rig, must, registers
from dexterity_ros.drivers.dynamixel.control_table import x_series
from dexterity_ros.drivers.dynamixel.discovery import measure_bus
from dexterity_ros.drivers.dynamixel.torque import WATCHDOG_S

_PROFILE_VELOCITY = 123  # any value that a reboot must forget


def motors(rig: Rig) -> str:
    """All motors answer, with the settings of the hand's file."""
    rig.manual.connect()
    return (
        f"{len(rig.manual.spec.joints)} motors answer; model, firmware, drive mode, offsets, current limits as expected"
    )


def strangers(rig: Rig) -> str:
    """No other motor is on the bus."""
    rig.manual.close()
    bus = rig.open_bus()
    try:
        strangers = sorted(set(bus.scan()) - set(rig.manual.spec.motor_ids))
    finally:
        bus.close()
    must(not strangers, f"motors {strangers} are on the bus and not in the hand's file")
    return "no other motor on the bus"


def rates(rig: Rig) -> str:
    """The bus is fast enough, and every motor answers."""
    bus = rig.open_bus()
    try:
        figures = measure_bus(bus, rig.manual.spec, now_s=lambda: rig.clock.now_ns() * 1e-9)
    finally:
        bus.close()
    must(figures.rate_hz >= 100.0, f"{figures.rate_hz} Hz, at least 100 are needed: dexterity doctor")
    must(figures.failed <= 1, f"{figures.failed} of 200 cycles missed a motor: cables, power, termination")
    return (
        f"{figures.rate_hz:.0f} Hz read and write, p99 {figures.cycle_p99_ms} ms, ping {figures.round_trip_ms} ms, "
        f"{max(figures.temperature_c)} C, {min(figures.supply_v)}-{max(figures.supply_v)} V"
    )


def stop_time(rig: Rig) -> str:
    """Torque off is confirmed by every motor, soon."""
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    began = rig.clock.now_ns()
    fault = rig.manual.driver.set_torque(False)
    elapsed_ms = (rig.clock.now_ns() - began) * 1e-6
    must(fault is None, str(fault))
    must(not any(registers(rig, "torque_enable")), "a motor has torque after torque off")
    must(elapsed_ms < 200.0, f"torque off took {elapsed_ms:.0f} ms")
    rig.manual.let_go()
    return f"torque off, confirmed by every motor after {elapsed_ms:.0f} ms"


def watchdog(rig: Rig) -> str:
    """Silence trips every motor."""
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    rig.clock.sleep(WATCHDOG_S + 0.1)
    tripped, torque = registers(rig, "bus_watchdog"), registers(rig, "torque_enable")
    must(all(value < 0 for value in tripped), f"after silence the watchdogs read {tripped}, expected -1 of every motor")
    said = "torque stays on" if all(torque) else "torque goes off" if not any(torque) else f"torque differs: {torque}"
    rig.manual.driver.set_torque(False)
    rig.manual.let_go()
    return f"all motors tripped after {WATCHDOG_S * 1e3:.0f} ms of silence; {said}"


def killed(rig: Rig) -> str:
    """Every motor stops itself when the process that holds the hand is killed."""
    rig.manual.close()
    rig.kill_holding()
    rig.clock.sleep(WATCHDOG_S + 0.1)
    rig.manual.connect()
    tripped = registers(rig, "bus_watchdog")
    must(all(value < 0 for value in tripped), f"after kill -9 the watchdogs read {tripped}, expected -1 of every motor")
    before = rig.manual.look().pos_rad
    rig.manual.ease_to(before)
    rig.manual.let_go()
    return "kill -9 of the holding process: every motor stopped itself; arms cleanly afterwards"


def reboot(rig: Rig) -> str:
    """A motor that reboots comes back with its defaults."""
    motor_id = rig.manual.spec.motor_ids[0]
    rig.manual.close()
    bus, register = rig.open_bus(), x_series()["profile_velocity"]
    try:
        bus.write(motor_id, register.address, register.encode(_PROFILE_VELOCITY))
        bus.reboot(motor_id)
        rig.clock.sleep(1.0)
        answer = bus.read(motor_id, register.address, register.size)
    finally:
        bus.close()
    must(answer is not None and answer.ok, f"motor {motor_id} did not come back within 1 s of a reboot")
    assert answer is not None
    value = register.decode(answer.data)
    must(value == 0, f"a reboot kept profile_velocity = {value}: RAM is not reset")
    rig.manual.connect()
    return f"motor {motor_id} rebooted, RAM back to defaults, answers again"
