"""One emulated Dynamixel motor: its registers, the rules that depend on its state, and what happens to it.

What is assumed about real motors, because no manual says it, carries the word ASSUMED and its number in
docs/assumptions.md, which says how each is settled on a real hand.
"""

from dexterity_ros.drivers.dynamixel.control_table import (
    BAUD_CODES,
    BUS_WATCHDOG_UNIT_S,
    CURRENT_BASED_POSITION_MODE,
    EXTENDED_POSITION_MODE,
    POSITION_MODE,
    MotorModel,
)
from dexterity_ros.drivers.dynamixel.protocol import StatusError
from dexterity_ros.drivers.emulated.control_memory import ControlMemory
from dexterity_ros.drivers.emulated.drive import Drive, JointState

OVERHEATING, OVERLOAD, INPUT_VOLTAGE = 1 << 2, 1 << 5, 1 << 0
WATCHDOG_TRIPPED = -1
EMULATED_MODES = (POSITION_MODE, EXTENDED_POSITION_MODE, CURRENT_BASED_POSITION_MODE)
_TORQUE_BY_GOAL = 8  # bit of drive_mode: a goal switches torque on (e-Manual, Drive Mode)
_TORQUE_AT_START, _RESTORE_AT_START = 1, 2  # bits of startup_configuration (e-Manual, Startup Configuration)
_PROTOCOL_1 = 1  # value of protocol_type (e-Manual, Protocol Type)
_GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
_OF_A_MODE = (  # what a new operating mode resets (e-Manual, Operating Mode, note), and what a backup holds of the RAM
    "velocity_i_gain",
    "velocity_p_gain",
    "position_d_gain",
    "position_i_gain",
    "position_p_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)
_AMBIENT_C, _HEAT_C_PER_A2_S, _COOL_PER_S = 28.0, 1.5, 0.01  # ASSUMED A7: a small motor warms in minutes


class EmulatedMotor:
    """One motor; `update` advances it, the bus reads and writes its registers.

    torque_on_writes: accepted writes of torque_enable = 1. moved_goals: accepted goals that differ from the one before;
    moved_at_s: when the last of these came. torque_since_s: when torque last went on or off. silent_until_s: it neither
    hears nor answers before.
    """

    def __init__(self, model: MotorModel, motor_id: int, *, baud_code: int) -> None:
        """Starts with factory defaults, except id and baud rate."""
        self.model = model
        self.memory = ControlMemory(model.table, model.indirect)
        self.drive = Drive(self.memory, model)
        self.temperature_c = _AMBIENT_C + 2.0
        self.supply_v = 5.0 if model.voltage_range_v[0] < 6.0 else 12.0
        self.writes = self.torque_on_writes = self.moved_goals = 0
        self.moved_at_s = self.torque_since_s = self.silent_until_s = 0.0
        self.tripped_after_s: float | None = None
        self.registered: dict[str, int] | None = None
        self.backup: dict[str, int] | None = None
        self.eeprom_locked = False
        self._last_heard_s = self._now_s = self._booted_s = 0.0
        self.restore_factory()
        self.memory.put("id", motor_id)
        self.memory.put("baud_rate", baud_code)
        self.reboot()

    @property
    def id(self) -> int:
        """Present id."""
        return self.get("id")

    @property
    def baud(self) -> int:
        """Baud rate it listens at. ASSUMED A5: a new one counts from the next packet on, its answer has the old one."""
        return BAUD_CODES.get(self.get("baud_rate"), 0)

    def speaks(self, now_s: float) -> bool:
        """Whether it hears Protocol 2.0 at all: not while it starts, and not as a motor of Protocol 1.0.

        Without an RC receiver the RC protocols of XC330 and XL330 fall back to Protocol 2.0 (e-Manual, Protocol Type).
        """
        return now_s >= self.silent_until_s and self.get("protocol_type") != _PROTOCOL_1

    @property
    def torque(self) -> bool:
        """Whether torque is on."""
        return bool(self.get("torque_enable"))

    @property
    def alert(self) -> bool:
        """Whether a hardware error is latched."""
        return self.get("hardware_error_status") != 0

    @property
    def _shut_down(self) -> bool:
        """Whether an error denies torque until a reboot (e-Manual, Shutdown)."""
        return bool(self.get("hardware_error_status") & self.get("shutdown"))

    def get(self, name: str) -> int:
        """Returns a register's value."""
        return self.memory.get(name)

    def set(self, name: str, value: int) -> None:
        """Sets a register from the inside, past all rules; values beyond its size saturate."""
        self.memory.put(name, value)
        self.drive.refresh()

    def read(self, address: int, length: int) -> tuple[int, bytes]:
        """Returns (error, data)."""
        return self.memory.read(address, length)

    def write(self, address: int, data: bytes, *, as_group: bool = False) -> int:
        """Writes whole registers, all or none. as_group: by its secondary id. Returns the error code."""
        error, values = self.check(address, data, as_group=as_group)
        if not error:
            self.apply(values)
        return error

    def check(self, address: int, data: bytes, *, as_group: bool = False) -> tuple[int, dict[str, int]]:
        """Returns (error, {register: value}) of what a write would do. Nothing is written."""
        error, values = self.memory.parse(address, data)
        for name, value in values.items():
            error = error or self._refusal(name, value, as_group=as_group)
        return error, values

    def apply(self, values: dict[str, int]) -> None:
        """Does what `check` has permitted."""
        self.writes += 1
        for name, value in values.items():
            self._apply(name, value)

    def heard(self, now_s: float) -> None:
        """Any instruction packet on the bus feeds the watchdog. ASSUMED A4."""
        self._last_heard_s = now_s

    def forgive(self, duration_s: float) -> None:
        """Does not count time in which nothing could be heard, because the emulator did not run. ASSUMED A15."""
        self._last_heard_s += duration_s

    def update(self, joint: JointState, now_s: float, elapsed_s: float) -> None:
        """Advances profile, heat, current, watchdog and present values."""
        self._now_s = now_s
        drawn_a = self.drive.advance(joint, elapsed_s)
        current_a = drawn_a if self.torque else 0.0
        self.temperature_c += elapsed_s * (
            _HEAT_C_PER_A2_S * current_a**2 - _COOL_PER_S * (self.temperature_c - _AMBIENT_C)
        )
        self.drive.show(now_s - self._booted_s, current_a, self.supply_v, self.temperature_c)
        self._check_limits()
        self._check_watchdog(now_s)

    def goal_rad(self) -> float | None:
        """Returns the motor angle that it was told to go to, or holds after a watchdog trip; None without torque."""
        return self.drive.goal_rad() if self.torque else None

    def pull_rad(self) -> float | None:
        """Returns the motor angle that it pulls the joint towards now, or None without torque."""
        return self.drive.pull_rad() if self.torque else None

    def latch(self, error: int) -> None:
        """Latches hardware errors; those in the shutdown mask switch the torque off."""
        self.memory.put("hardware_error_status", self.get("hardware_error_status") | error)
        if error & self.get("shutdown"):
            self._switch_torque(False)

    def reboot(self, silent_until_s: float = 0.0) -> None:
        """Starts as after power-up: RAM at its defaults, latched errors cleared, torque off, clock at 0. ASSUMED A8."""
        self.silent_until_s = silent_until_s
        self._switch_torque(False)
        for name, register in self.memory.registers.items():
            if register.area == "ram":
                self.memory.put(name, register.default)
        self._limit_goals()
        self.registered, self.drive.hold_rad = None, None
        self._booted_s = self._now_s
        self.memory.put("backup_ready", int(self.backup is not None))
        startup = self.get("startup_configuration")
        if startup & _RESTORE_AT_START:
            self.restore_backup("ram")
        self.drive.refresh()
        self.drive.forget_turns()
        self.drive.stand()
        self.drive.show(0.0, 0.0, self.supply_v, self.temperature_c)
        if startup & _TORQUE_AT_START:
            self._switch_torque(True)

    def restore_factory(self, keep: tuple[str, ...] = ()) -> None:
        """Sets the stored registers to their factory defaults, all but those in `keep`."""
        kept = {name: self.get(name) for name in keep}
        for name, register in self.memory.registers.items():
            if register.area == "eeprom":
                self.memory.put(name, kept.get(name, register.default))
        self.memory.put("model_number", self.model.model_number)

    def back_up(self) -> None:
        """Stores what the manual lists: EEPROM, gains, feed-forward, profile, indirect addresses."""
        self.backup = {
            name: self.get(name)
            for name, register in self.memory.registers.items()
            if register.area == "eeprom" or name in _OF_A_MODE or name.startswith("indirect_address_")
        }
        self.memory.put("backup_ready", 1)

    def restore_backup(self, area: str) -> None:
        """Sets the registers of an area to what was backed up."""
        for name, value in (self.backup or {}).items():
            if self.memory.registers[name].area == area:
                self.memory.put(name, value)

    def clear_turns(self) -> None:
        """Shows the present position within one turn; the goal becomes the present position."""
        self.drive.forget_turns()
        self.drive.stand()

    def _refusal(self, name: str, value: int, *, as_group: bool) -> int:
        register = self.memory.registers[name]
        closed = register.area == "eeprom" and (self.torque or self.eeprom_locked or as_group)
        if closed or (name == "torque_enable" and value and self._shut_down):
            return StatusError.ACCESS
        if name in _GOALS and self.get("bus_watchdog") == WATCHDOG_TRIPPED:
            return StatusError.DATA_RANGE
        if name == "operating_mode" and value not in EMULATED_MODES:
            return StatusError.DATA_RANGE
        if register.limit is not None and abs(value) > self.get(register.limit):
            return StatusError.DATA_LIMIT
        if name == "goal_position" and self.get("operating_mode") == POSITION_MODE:
            inside = self.get("min_position_limit") <= value <= self.get("max_position_limit")
            return StatusError.OK if inside else StatusError.DATA_LIMIT
        return StatusError.OK

    def _apply(self, name: str, value: int) -> None:
        if name in _GOALS and self.get("drive_mode") & _TORQUE_BY_GOAL:
            self._switch_torque(True)
        if name == "goal_position":
            if value != self.get(name):
                self.moved_goals, self.moved_at_s = self.moved_goals + 1, self._now_s
            self.drive.go_to(value)
        elif name == "torque_enable":
            self.torque_on_writes += value
            self._switch_torque(bool(value))
        elif value != self.get(name) or name == "bus_watchdog":
            self.memory.put(name, value)
            self._take_effect(name, value)

    def _take_effect(self, name: str, value: int) -> None:
        if name == "operating_mode":
            # The manual says for all models that a new mode resets these. ASSUMED A2: the XC330 does so too.
            for reset in _OF_A_MODE:
                self.memory.put(reset, self.memory.registers[reset].default)
            self._limit_goals()
        if name == "bus_watchdog":
            self.drive.hold_rad = None
        self.drive.refresh()
        if name == "drive_mode" or (name == "operating_mode" and value == POSITION_MODE):
            self.drive.forget_turns()

    def _switch_torque(self, on: bool) -> None:
        if on == self.torque or (on and self._shut_down):
            return
        if on and self.get("operating_mode") == POSITION_MODE:
            self.drive.forget_turns()
        if on:
            # ASSUMED A1: with torque the goal starts at the present position, so that nothing jumps by itself.
            self.drive.stand()
        self.memory.put("torque_enable", int(on))
        self.torque_since_s = self._now_s

    def _limit_goals(self) -> None:
        self.memory.put("goal_pwm", self.get("pwm_limit"))
        self.memory.put("goal_current", self.get("current_limit"))

    def _check_limits(self) -> None:
        if self.temperature_c > self.get("temperature_limit"):
            self.latch(OVERHEATING)
        if not self.get("min_voltage_limit") <= round(self.supply_v * 10) <= self.get("max_voltage_limit"):
            self.latch(INPUT_VOLTAGE)

    def _check_watchdog(self, now_s: float) -> None:
        units = self.get("bus_watchdog")
        if units > 0 and self.torque and now_s - self._last_heard_s > units * BUS_WATCHDOG_UNIT_S:
            self.memory.put("bus_watchdog", WATCHDOG_TRIPPED)
            self.tripped_after_s = now_s - self._last_heard_s
            # ASSUMED A3: in mode 5 a trip stops the motor where it is, with torque on.
            self.drive.hold_rad = self.drive.joint.pos_rad
