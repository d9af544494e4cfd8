"""Faults of a bus and its motors, by name: what begins, what ends, and what a person has to do afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.drivers.emulated.bus import EmulatedBus, packets_of
from dexterity_ros.drivers.emulated.motor import OVERHEATING, OVERLOAD
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

Undo = Callable[[], None]
_LATE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What a fault may touch."""

    bus: EmulatedBus
    port: VirtualPort | ServedBus
    rng: np.random.Generator

    @property
    def victim(self) -> int:
        """Index of a random motor."""
        return int(self.rng.integers(0, len(self.bus.motors)))


def _on_packets(rig: Rig, change: Callable[[list[bytes]], bytes]) -> Undo:
    def disturb(delay_s: float, data: bytes) -> list[tuple[float, bytes]]:
        return [(delay_s, change(packets_of(data)))]

    return _disturb(rig, disturb)


def _disturb(rig: Rig, disturb: Callable[[float, bytes], list[tuple[float, bytes]]]) -> Undo:
    before = rig.port.disturb
    rig.port.disturb = disturb
    return lambda: setattr(rig.port, "disturb", before)


def _lost(rig: Rig) -> Undo:
    def drop_one(packets: list[bytes]) -> bytes:
        packets.pop(int(rig.rng.integers(0, len(packets))))
        return b"".join(packets)

    return _on_packets(rig, drop_one)


def _corrupted(rig: Rig) -> Undo:
    def flip_one(packets: list[bytes]) -> bytes:
        data = bytearray(b"".join(packets))
        data[int(rig.rng.integers(0, len(data)))] ^= 1 << int(rig.rng.integers(0, 8))
        return bytes(data)

    return _on_packets(rig, flip_one)


def _short(rig: Rig) -> Undo:
    def cut_one(packets: list[bytes]) -> bytes:
        i = int(rig.rng.integers(0, len(packets)))
        packets[i] = packets[i][: int(rig.rng.integers(1, len(packets[i])))]
        return b"".join(packets)

    return _on_packets(rig, cut_one)


def _late(rig: Rig) -> Undo:
    return _disturb(rig, lambda delay_s, data: [(delay_s + _LATE_S, data)])


def _duplicated(rig: Rig) -> Undo:
    def double_one(packets: list[bytes]) -> bytes:
        i = int(rig.rng.integers(0, len(packets)))
        return b"".join([*packets[: i + 1], packets[i], *packets[i + 1 :]])

    return _on_packets(rig, double_one)


def _foreign_bytes(rig: Rig) -> Undo:
    def insert(packets: list[bytes]) -> bytes:
        data = b"".join(packets)
        at = int(rig.rng.integers(1, len(data)))
        stray = packets[int(rig.rng.integers(0, len(packets)))]
        return data[:at] + stray[: int(rig.rng.integers(1, len(stray)))] + data[at:]

    return _on_packets(rig, insert)


def _latched(error: int) -> Callable[[Rig], Undo]:
    def begin(rig: Rig) -> Undo:
        rig.bus.motors[rig.victim].latch(error)
        return lambda: None

    return begin


def _overheat(rig: Rig) -> Undo:
    motor = rig.bus.motors[rig.victim]
    motor.temperature_c = float(motor.get("temperature_limit")) + 2.0
    return lambda: setattr(motor, "temperature_c", 35.0)


def _brown_out(rig: Rig) -> Undo:
    rig.bus.motors[rig.victim].reboot()
    return lambda: None


def _voltage_sag(rig: Rig) -> Undo:
    supplies = [motor.supply_v for motor in rig.bus.motors]
    for motor in rig.bus.motors:
        motor.supply_v = 3.0

    def restore() -> None:
        for motor, supply_v in zip(rig.bus.motors, supplies, strict=True):
            motor.supply_v = supply_v

    return restore


def _gone(rig: Rig) -> Undo:
    victim = rig.victim
    rig.bus.connected[victim] = False
    return lambda: rig.bus.connected.__setitem__(victim, True)


def _all_gone(rig: Rig) -> Undo:
    return _disturb(rig, lambda _delay_s, _data: [])


def _unplugged(rig: Rig) -> Undo:
    rig.port.unplugged = True
    return lambda: setattr(rig.port, "unplugged", False)


def _wrong_baud(rig: Rig) -> Undo:
    codes = [motor.get("baud_rate") for motor in rig.bus.motors]
    for motor in rig.bus.motors:
        motor.set("baud_rate", 1)

    def restore() -> None:
        for motor, code in zip(rig.bus.motors, codes, strict=True):
            motor.set("baud_rate", code)

    return restore


def _silent_host(rig: Rig) -> Undo:
    rig.port.sleep(0.3)
    rig.bus.update(rig.port.now_ns() * 1e-9)
    return lambda: None


def _slow_replies(rig: Rig) -> Undo:
    return _disturb(rig, lambda delay_s, data: [(10.0 * delay_s + 0.01, data)])


def _foreign_setting(rig: Rig) -> Undo:
    motor = rig.bus.motors[rig.victim]
    own = motor.get("homing_offset")
    motor.set("homing_offset", 100)
    return lambda: motor.set("homing_offset", own)


def _wrong_model(rig: Rig) -> Undo:
    motor = rig.bus.motors[rig.victim]
    own = motor.get("model_number")
    motor.set("model_number", 1020)
    return lambda: motor.set("model_number", own)


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """begin: starts the fault and returns what ends it. at_start: present when the hand is connected, not in motion.

    harmless: the bus answers well in spite of it, so that nothing needs to be noticed. restart: the host process ends.
    """

    begin: Callable[[Rig], Undo]
    at_start: bool = False
    harmless: bool = False
    restart: bool = False


KINDS: dict[str, FaultKind] = {
    "packet_lost": FaultKind(begin=_lost),
    "packet_corrupted": FaultKind(begin=_corrupted),
    "packet_short": FaultKind(begin=_short),
    "packet_late": FaultKind(begin=_late),
    "packet_duplicated": FaultKind(begin=_duplicated, harmless=True),
    "packet_inside_packet": FaultKind(begin=_foreign_bytes),
    "alert_overload": FaultKind(begin=_latched(OVERLOAD)),
    "alert_overheating": FaultKind(begin=_latched(OVERHEATING)),
    "overheat": FaultKind(begin=_overheat),
    "brown_out_silent": FaultKind(begin=_brown_out),
    "voltage_sag": FaultKind(begin=_voltage_sag),
    "motor_gone": FaultKind(begin=_gone),
    "all_motors_gone": FaultKind(begin=_all_gone),
    "cable_pulled": FaultKind(begin=_unplugged),
    "wrong_baud": FaultKind(begin=_wrong_baud),
    "watchdog_trip": FaultKind(begin=_silent_host),
    "slow_replies": FaultKind(begin=_slow_replies),
    "motor_missing_at_start": FaultKind(begin=_gone, at_start=True),
    "wrong_model_at_start": FaultKind(begin=_wrong_model, at_start=True),
    "foreign_setting_at_start": FaultKind(begin=_foreign_setting, at_start=True),
    "host_restart": FaultKind(begin=_silent_host, restart=True),
}
