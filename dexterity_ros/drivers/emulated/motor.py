"""One emulated Dynamixel motor: its control table, the rules of access, faults, heat and watchdog.

What is assumed about real motors, because no manual says it, carries the word ASSUMED and its number in
docs/assumptions.md, which says how each is settled on a real hand.
"""

from dataclasses import dataclass

from dexterity_ros.drivers.dynamixel.control_table import (
    BAUD_CODES,
    BUS_WATCHDOG_UNIT_S,
    CURRENT_BASED_POSITION_MODE,
    MULTI_TURN_TICKS,
    POSITION_UNIT_RAD,
    VELOCITY_UNIT_RAD_S,
    MotorModel,
    Register,
    x_series,
)
from dexterity_ros.drivers.dynamixel.protocol import StatusError

OVERHEATING, OVERLOAD, INPUT_VOLTAGE = 1 << 2, 1 << 5, 1 << 0
WATCHDOG_TRIPPED = -1
_GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
_TORQUE_PER_A = 0.93 / 1.80  # N.m/A, XC330-M288 stall at 5 V (ROBOTIS e-Manual)
_STIFFNESS_NM_RAD = 3.0  # what the simulated joint pulls with
_AMBIENT_C, _HEAT_C_PER_A2_S, _COOL_PER_S = 28.0, 1.5, 0.01  # ASSUMED A7: a small motor warms in minutes


@dataclass(frozen=True, kw_only=True)
class JointState:
    """What the joint behind the motor does: motor angle in rad (not joint angle) and speed."""

    pos_rad: float
    vel_rad_s: float


class EmulatedMotor:
    """Control table and behaviour of one motor; `update` advances it, the bus reads and writes it."""

    def __init__(self, model: MotorModel, motor_id: int, *, baud_code: int) -> None:
        """Starts with factory defaults, except id and baud rate."""
        self.model, self._registers = model, x_series()
        size = max(register.end for register in self._registers.values())
        self._memory = bytearray(size)
        self._owner: list[str | None] = [None] * size
        for name, register in self._registers.items():
            self._owner[register.address : register.end] = [name] * register.size
            self.set(name, register.default)
        self.set("model_number", model.model_number)
        self.set("id", motor_id)
        self.set("baud_rate", baud_code)
        self.set("current_limit", model.current_limit)
        self.set("temperature_limit", model.temperature_limit_c)
        low, high = model.voltage_range_v
        self.set("min_voltage_limit", round(low * 10))
        self.set("max_voltage_limit", round(high * 10))
        self._reset_ram()
        self.temperature_c, self.supply_v = _AMBIENT_C + 2.0, 5.0 if low < 6.0 else 12.0
        self._last_heard_s = 0.0
        self._hold_rad: float | None = None
        self.tripped_after_s: float | None = None
        self.eeprom_locked = False

    @property
    def id(self) -> int:
        """Present id."""
        return self.get("id")

    @property
    def baud(self) -> int:
        """Baud rate it listens at. ASSUMED A5: a new one counts from the next packet on, its answer has the old one."""
        return BAUD_CODES[self.get("baud_rate")]

    @property
    def torque(self) -> bool:
        """Whether torque is on."""
        return bool(self.get("torque_enable"))

    @property
    def alert(self) -> bool:
        """Whether a hardware error is latched."""
        return self.get("hardware_error_status") != 0

    def get(self, name: str) -> int:
        """Returns a register's value."""
        register = self._registers[name]
        return register.decode(bytes(self._memory[register.address : register.end]))

    def set(self, name: str, value: int) -> None:
        """Sets a register from the inside, past all rules; values beyond its range saturate."""
        register = self._registers[name]
        bits = 8 * register.size
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if register.signed else (0, (1 << bits) - 1)
        self._memory[register.address : register.end] = register.encode(min(max(value, low), high))

    def read(self, address: int, length: int) -> tuple[int, bytes]:
        """Returns (error, data); gaps between registers read as zero."""
        if length < 1 or address + length > len(self._memory):
            return StatusError.DATA_RANGE, b""
        return StatusError.OK, bytes(self._memory[address : address + length])

    def write(self, address: int, data: bytes) -> int:
        """Writes whole registers, all or none. Returns the error code."""
        if not data or address + len(data) > len(self._memory):
            return StatusError.DATA_RANGE
        names = list(dict.fromkeys(self._owner[address : address + len(data)]))
        parts: dict[str, int] = {}
        for name in names:
            if name is None:
                return StatusError.DATA_RANGE
            register = self._registers[name]
            offset = register.address - address
            if offset < 0 or offset + register.size > len(data):
                return StatusError.DATA_LENGTH
            parts[name] = register.decode(data[offset : offset + register.size])
        for name, value in parts.items():
            error = self._refusal(name, self._registers[name], value)
            if error:
                return error
        for name, value in parts.items():
            self._apply(name, value)
        return StatusError.OK

    def reboot(self) -> None:
        """RAM back to defaults, latched errors cleared, torque off. ASSUMED A8."""
        self._reset_ram()

    def heard(self, now_s: float) -> None:
        """Any instruction packet on the bus feeds the watchdog. ASSUMED A4."""
        self._last_heard_s = now_s

    def update(self, joint: JointState, now_s: float, elapsed_s: float) -> None:
        """Advances heat, current, watchdog and present values."""
        self.set("present_position", round(joint.pos_rad / POSITION_UNIT_RAD))
        self.set("present_velocity", round(joint.vel_rad_s / VELOCITY_UNIT_RAD_S))
        current_a = self._current_a(joint.pos_rad)
        self.set("present_current", round(current_a / self.model.current_unit_a))
        self.temperature_c += elapsed_s * (
            _HEAT_C_PER_A2_S * current_a**2 - _COOL_PER_S * (self.temperature_c - _AMBIENT_C)
        )
        self.set("present_temperature", round(self.temperature_c))
        self.set("present_input_voltage", round(self.supply_v * 10))
        self.set("realtime_tick", round(now_s * 1000) % 32768)
        self._check_limits()
        self._check_watchdog(joint, now_s)

    def pull_rad(self) -> float | None:
        """Returns the motor angle that it pulls towards, or None without torque."""
        if not self.torque:
            return None
        if self._hold_rad is not None:
            return self._hold_rad
        return self.get("goal_position") * POSITION_UNIT_RAD

    def latch(self, error: int) -> None:
        """Latches hardware errors; those in the shutdown mask take the torque."""
        self.set("hardware_error_status", self.get("hardware_error_status") | error)
        if error & self.get("shutdown"):
            self.set("torque_enable", 0)

    def _refusal(self, name: str, register: Register, value: int) -> int:
        if register.access == "r" or (register.area == "eeprom" and (self.torque or self.eeprom_locked)):
            return StatusError.ACCESS
        if name == "torque_enable" and value and self.get("hardware_error_status") & self.get("shutdown"):
            return StatusError.ACCESS
        if name in _GOALS and self.get("bus_watchdog") == WATCHDOG_TRIPPED:
            return StatusError.DATA_RANGE
        if name == "goal_position" and not self._goal_in_range(value):
            return StatusError.DATA_LIMIT
        if name == "goal_current" and abs(value) > self.get("current_limit"):
            return StatusError.DATA_LIMIT
        if name == "operating_mode" and value not in (0, 1, 3, 4, 5, 16):
            return StatusError.DATA_LIMIT
        return StatusError.OK

    def _goal_in_range(self, value: int) -> bool:
        if self.get("operating_mode") == CURRENT_BASED_POSITION_MODE:
            return abs(value) <= MULTI_TURN_TICKS
        return self.get("min_position_limit") <= value <= self.get("max_position_limit")

    def _apply(self, name: str, value: int) -> None:
        if name == "torque_enable" and value and not self.torque:
            # ASSUMED A1: with torque the goal starts at the present position, so that nothing jumps by itself.
            self.set("goal_position", self.get("present_position"))
        if name == "operating_mode" and value != self.get("operating_mode"):
            # ASSUMED A2 (e-Manual for XM430): a mode change resets the gains and goals of that mode.
            self._default_gains()
        if name == "bus_watchdog":
            self._hold_rad = None
        self.set(name, value)

    def _reset_ram(self) -> None:
        for name, register in self._registers.items():
            if register.area == "ram" and not name.startswith("present_"):
                self.set(name, register.default)
        self._default_gains()
        self._hold_rad = None

    def _default_gains(self) -> None:
        self.set("position_p_gain", self.model.position_gains.p)
        self.set("position_i_gain", self.model.position_gains.i)
        self.set("position_d_gain", self.model.position_gains.d)
        self.set("goal_current", self.get("current_limit"))

    def _current_a(self, pos_rad: float) -> float:
        wanted = self.pull_rad()
        if wanted is None:
            return 0.0
        limit_a = self.get("current_limit") * self.model.current_unit_a
        if self.get("operating_mode") == CURRENT_BASED_POSITION_MODE:
            limit_a = min(limit_a, abs(self.get("goal_current")) * self.model.current_unit_a)
        demand_a = _STIFFNESS_NM_RAD / _TORQUE_PER_A * (wanted - pos_rad)
        return min(max(demand_a, -limit_a), limit_a)

    def _check_limits(self) -> None:
        if self.temperature_c > self.get("temperature_limit"):
            self.latch(OVERHEATING)
        if not self.get("min_voltage_limit") <= round(self.supply_v * 10) <= self.get("max_voltage_limit"):
            self.latch(INPUT_VOLTAGE)

    def _check_watchdog(self, joint: JointState, now_s: float) -> None:
        units = self.get("bus_watchdog")
        if units > 0 and self.torque and now_s - self._last_heard_s > units * BUS_WATCHDOG_UNIT_S:
            self.set("bus_watchdog", WATCHDOG_TRIPPED)
            self.tripped_after_s = now_s - self._last_heard_s
            # ASSUMED A3: in mode 5 a trip stops the motor where it is, with torque on.
            self._hold_rad = joint.pos_rad
