"""What is plugged in: serial ports, their adapters' latency timers, and the motors behind them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.bus import BusLostError, DynamixelBus
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES, RETURN_DELAY_UNIT_S, x_series
from dexterity_ros.drivers.dynamixel.native_bus import open_native

_SCAN_TIMEOUT_S = 0.02


def find_ports(dev: Path = Path("/dev")) -> list[Path]:
    """Returns serial ports that an adapter may be behind; the stable names of serial/by-id where there are any."""
    by_id = sorted((dev / "serial" / "by-id").glob("*")) if (dev / "serial" / "by-id").is_dir() else []
    known = {path.resolve() for path in by_id}
    return by_id + [p for kind in ("ttyUSB*", "ttyACM*") for p in sorted(dev.glob(kind)) if p.resolve() not in known]


def latency_timer_ms(port: Path, sys: Path = Path("/sys")) -> int | None:
    """Returns how long the port's USB adapter holds bytes back, or None where it does not say."""
    setting = latency_timer_path(port, sys)
    return int(setting.read_text()) if setting.is_file() else None


def latency_timer_path(port: Path, sys: Path = Path("/sys")) -> Path:
    """Returns the file that sets the latency timer of a port's USB adapter."""
    return sys / "bus/usb-serial/devices" / port.resolve().name / "latency_timer"


def scan(path: str, bauds: Iterable[int] = tuple(BAUD_CODES.values())) -> dict[int, dict[int, int]]:
    """Returns {baud rate: {motor id: model number}} of all motors that answer. Raises BusLostError without a port."""
    found = {}
    for baud in bauds:
        try:
            bus = open_native(path, baud, timeout_s=_SCAN_TIMEOUT_S)
        except BusLostError as error:
            if "no baud rate" in str(error):
                continue
            raise
        try:
            if motors := bus.scan():
                found[baud] = motors
        finally:
            bus.close()
    return found


@dataclass(frozen=True, kw_only=True)
class BusFigures:
    """What a bus with a hand on it does.

    rate_hz: cycles of reading all motors and writing them a harmless register. round_trip_ms: of one ping, median.
    needed_ms: the least a cycle can take on the wire at the motors' return delay. failed: cycles that missed a motor.
    """

    rate_hz: float
    cycle_p99_ms: float
    round_trip_ms: float
    needed_ms: float
    failed: int
    return_delay_us: float
    temperature_c: tuple[int, ...]
    supply_v: tuple[float, ...]
    alerts: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures for a JSON file."""
        return dict(vars(self))


def measure_bus(
    bus: DynamixelBus, hand: RobotHand, cycles: int = 200, now_s: Callable[[], float] = time.perf_counter
) -> BusFigures:
    """Returns figures of a bus on which all motors of `hand` answer. Moves nothing: it writes the LED register.

    now_s: the clock by which it is timed; another than this machine's for a bus in virtual time.
    """
    registers, ids = x_series(), hand.motor_ids
    first, led = registers["realtime_tick"], registers["led"]
    length = registers["present_position"].end - first.address
    off = np.zeros((len(ids), led.size), dtype=np.uint8)
    walls, failed = [], 0
    for _ in range(cycles):
        began = now_s()
        failed += int(not bus.sync_read(ids, first.address, length).valid.all())
        bus.sync_write(ids, led.address, off)
        walls.append(now_s() - began)
    delays = _all(bus, ids, "return_delay_time")
    delay_s = RETURN_DELAY_UNIT_S * float(np.mean(delays)) if delays else 0.0
    wire_bytes = len(ids) * (11 + length) + 14 + len(ids) + 14 + len(ids) * (1 + led.size)
    status = registers["hardware_error_status"]
    alerts = bus.sync_read(ids, status.address, status.size).alerts
    return BusFigures(
        rate_hz=round(1.0 / float(np.mean(walls)), 1),
        cycle_p99_ms=round(float(np.quantile(walls, 0.99)) * 1e3, 2),
        round_trip_ms=round(_ping_ms(bus, ids[0], now_s), 2),
        needed_ms=round((wire_bytes * 10.0 / hand.drive.baud_rate + len(ids) * delay_s) * 1e3, 2),
        failed=failed,
        return_delay_us=round(delay_s * 1e6, 1),
        temperature_c=tuple(_all(bus, ids, "present_temperature")),
        supply_v=tuple(value / 10.0 for value in _all(bus, ids, "present_input_voltage")),
        alerts=tuple(ids[i] for i in np.flatnonzero(alerts)),
    )


def _all(bus: DynamixelBus, ids: Sequence[int], name: str) -> list[int]:
    """Returns a register of every motor that answers."""
    register = x_series()[name]
    reply = bus.sync_read(ids, register.address, register.size)
    return [register.decode(row.tobytes()) for row, valid in zip(reply.data, reply.valid, strict=True) if valid]


def _ping_ms(bus: DynamixelBus, motor_id: int, now_s: Callable[[], float]) -> float:
    walls = []
    for _ in range(30):
        began = now_s()
        bus.ping(motor_id)
        walls.append(now_s() - began)
    return float(np.median(walls)) * 1e3
