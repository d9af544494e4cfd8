"""A HandPort on a Dynamixel bus. The thread that calls it owns the bus; every call is at most a few transactions."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import GatedTarget, JointSample, MotorHealth
from dexterity_ros.drivers.dynamixel.bus import BusLostError, DynamixelBus, SyncReply
from dexterity_ros.drivers.dynamixel.control_table import (
    HARDWARE_ERRORS,
    POSITION_UNIT_RAD,
    VELOCITY_UNIT_RAD_S,
    VOLTAGE_UNIT_V,
    load_motor,
    x_series,
)
from dexterity_ros.drivers.dynamixel.motor_clocks import MotorClocks
from dexterity_ros.drivers.dynamixel.motor_settings import check_motors, motor_name
from dexterity_ros.drivers.dynamixel.torque import Torque

_REOPEN_S = 0.5
_READ_LENGTH = 16  # realtime tick, moving, moving status, PWM, current, velocity, position
_LOG = logging.getLogger(__name__)


class DynamixelHand:
    """Reads all motors in one transaction, writes all goals in another, and looks after one motor more each cycle.

    A reading is whole or a Fault: no value is ever repeated or replaced. Joint order is the HandSpec's.
    """

    def __init__(
        self,
        hand: RobotHand,
        open_bus: Callable[[], DynamixelBus],
        *,
        current_limit_a: float,
    ) -> None:
        """open_bus: opens the port (again). Nothing is opened here."""
        self._hand, self._open_bus, self._current_limit_a = hand, open_bus, current_limit_a
        self._model, self._registers = load_motor(hand.drive.motor_model), x_series()
        self._ids = hand.motor_ids
        self._sign, self._zero = hand.signs, hand.zeros_rad
        self._bus: DynamixelBus | None = None
        self._next_open_ns = 0
        self._armed = False
        self._limp = False  # every motor has confirmed torque off
        self._torque_unknown = False  # the bus was lost since, and nobody has been told
        self._goal_current: int | None = None
        self._looked_at = 0
        self._full_current = round(current_limit_a / self._model.current_unit_a)
        self._torque = Torque(hand, self._full_current, current_limit_a, self._fault_in)
        self._clocks = MotorClocks()
        n = len(self._ids)
        self._current_a, self._temperature_c, self._supply_v = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
        self._seen_ns: NDArray[np.int64] | None = None
        self._round_trip_s = 0.0

    def describe(self) -> str:
        """Returns the motors, their bus, and which individual it is."""
        drive = self._hand.drive
        return f"{len(self._ids)} x {drive.motor_model} at {drive.baud_rate} baud; {self._hand.individual}"

    def connect(self) -> list[str]:
        """Opens the bus and checks every motor. Returns what is wrong, with the motor named; empty when all is well."""
        try:
            bus = self._bus or self._open_bus()
            self._bus = bus
            self._clocks.forget()  # motors may have been restarted since they were last read
            return check_motors(bus, self._hand, self._current_limit_a)
        except BusLostError as error:
            self._lose(error)
            return [str(error)]

    def read(self, now_ns: int) -> JointSample | Fault:
        """Returns all joints as measured now, or the fault that prevented it."""
        bus = self._reopened(now_ns)
        if bus is None:
            return Fault(code=FaultCode.HAND_READ_FAILED, detail="the bus is lost; trying to open it again")
        if self._torque_unknown:
            self._torque_unknown = False
            return Fault(code=FaultCode.TORQUE_FOUND, detail="the bus was lost; motors may hold torque")
        try:
            reply = bus.sync_read(self._ids, self._registers["realtime_tick"].address, _READ_LENGTH)
            self._round_trip_s = (reply.answered_ns - reply.asked_ns) * 1e-9
            fault = self._fault_in(reply) or self._look_after_one(bus, now_ns) or self._late(reply)
            return fault or self._sample(reply, now_ns)
        except BusLostError as error:
            return self._lose(error)

    def health(self) -> MotorHealth | None:
        """Returns the motors' state as last read, or None before the first reading."""
        if self._seen_ns is None:
            return None
        return MotorHealth(
            current_a=self._current_a.copy(),
            temperature_c=self._temperature_c.copy(),
            supply_v=self._supply_v.copy(),
            seen_ns=self._seen_ns.copy(),
            round_trip_s=self._round_trip_s,
        )

    def write(self, target: GatedTarget) -> Fault | None:
        """Writes goal positions to all motors, and the current limit when it has changed."""
        if self._bus is None or not self._armed:
            return Fault(code=FaultCode.HAND_NOT_READY, detail="the motors are not armed; disarm and arm again")
        current = round(target.current_limit_a / self._model.current_unit_a)
        ticks = np.rint((self._sign * target.pos_rad + self._zero) / POSITION_UNIT_RAD).astype("<i4")
        register = self._registers["goal_position"]
        try:
            if current != self._goal_current:
                self._write_current(self._bus, current)
            self._bus.sync_write(self._ids, register.address, ticks.view(np.uint8).reshape(len(ticks), register.size))
        except BusLostError as error:
            return self._lose(error)
        return None

    def _write_current(self, bus: DynamixelBus, current: int) -> None:
        """Lowers the current limit. Unacknowledged: the next cycle writes a lower one; arming writes it with care."""
        register = self._registers["goal_current"]
        rows = np.frombuffer(register.encode(current) * len(self._ids), dtype=np.uint8).reshape(-1, register.size)
        bus.sync_write(self._ids, register.address, rows)
        self._goal_current = current

    def set_torque(self, enabled: bool) -> Fault | None:
        """Arms all motors where they stand, or switches their torque off; None only when every motor shows it.

        Torque off is one unacknowledged write to all and one reading back: call it again until it returns None.
        """
        if enabled or self._limp or self._armed:
            self._torque.forget()
        self._limp = self._armed = self._torque_unknown = False
        if self._bus is None:
            return Fault(code=FaultCode.HAND_WRITE_FAILED, detail="the bus is lost")
        self._clocks.forget()
        try:
            fault = self._torque.arm(self._bus) if enabled else self._torque.take(self._bus)
            if enabled and fault is not None:
                self._torque.forget()
                self._torque.take(self._bus)
        except BusLostError as error:
            return self._lose(error)
        self._armed = enabled and fault is None
        self._goal_current = self._full_current if enabled else None
        self._limp = not enabled and fault is None
        return fault

    def reboot(self) -> list[str]:
        """Restarts the motors that have a latched error. Returns their names; torque is off afterwards."""
        self.set_torque(False)
        if self._bus is None:
            return []
        try:
            register = self._registers["hardware_error_status"]
            reply = self._bus.sync_read(self._ids, register.address, register.size)
            faulty = [int(i) for i in np.flatnonzero(reply.alerts)]
            for i in faulty:
                self._bus.reboot(self._ids[i])
        except BusLostError as error:
            return [self._lose(error).detail]
        return [self._name(i) for i in faulty]

    def registers(self, name: str) -> list[int] | Fault:
        """Returns a register of every motor, for bring-up, or the fault that prevented it."""
        register = self._registers[name]
        if self._bus is None:
            return Fault(code=FaultCode.HAND_READ_FAILED, detail="the bus is lost")
        try:
            reply = self._bus.sync_read(self._ids, register.address, register.size)
        except BusLostError as error:
            return self._lose(error)
        return self._fault_in(reply) or [register.decode(row.tobytes()) for row in reply.data]

    def close(self) -> None:
        """Closes the port; what the motors do from now on is not known."""
        self._torque.forget()
        self._armed = self._limp = self._torque_unknown = False
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _reopened(self, now_ns: int) -> DynamixelBus | None:
        if self._bus is None and now_ns >= self._next_open_ns:
            self._next_open_ns = now_ns + round(_REOPEN_S * 1e9)
            try:
                self._bus = self._open_bus()
                _LOG.info("the bus is open again")
            except BusLostError as error:
                _LOG.debug("%s", error)
        return self._bus

    def _lose(self, error: BusLostError) -> Fault:
        unknown = self._torque_unknown or self._armed or self._limp
        self.close()
        self._torque_unknown = unknown
        return Fault(code=FaultCode.HAND_READ_FAILED, detail=str(error))

    def _fault_in(self, reply: SyncReply) -> Fault | None:
        if reply.alerts.any() and self._bus is not None:
            return self._explain_alert(self._bus, int(np.flatnonzero(reply.alerts)[0]))
        if not reply.valid.all():
            silent = [self._name(int(i)) for i in np.flatnonzero(~reply.valid)]
            return Fault(code=FaultCode.HAND_READ_FAILED, detail=f"no usable answer from {', '.join(silent)}")
        return None

    def _late(self, reply: SyncReply) -> Fault | None:
        ticks = np.ascontiguousarray(reply.data[:, 0:2]).view("<u2")[:, 0]
        late = self._clocks.check(ticks, reply.asked_ns, reply.answered_ns)
        if late is None:
            return None
        motor, late_ms = late
        if late_ms is None:
            said = f"{self._name(motor)}: its clock jumped; it has restarted"
            return Fault(code=FaultCode.MOTOR_RESET, detail=said)
        said = f"{self._name(motor)} answered with a measurement {late_ms:.0f} ms older than the question"
        return Fault(code=FaultCode.HAND_READ_FAILED, detail=said)

    def _explain_alert(self, bus: DynamixelBus, i: int) -> Fault:
        register = self._registers["hardware_error_status"]
        answer = bus.read(self._ids[i], register.address, register.size)
        bits = register.decode(answer.data) if answer is not None and answer.ok else 0
        names = [name for bit, name in HARDWARE_ERRORS.items() if bits >> bit & 1]
        said = ", ".join(names) or "unknown hardware error"
        return Fault(code=FaultCode.MOTOR_ALERT, detail=f"{self._name(i)}: {said}; needs a reboot")

    def _look_after_one(self, bus: DynamixelBus, now_ns: int) -> Fault | None:
        """Reads what shows in no measurement of one motor more each cycle: torque, watchdog, supply, temperature."""
        if self._seen_ns is None:
            self._seen_ns = np.full(len(self._ids), now_ns)
        i = self._looked_at = (self._looked_at + 1) % len(self._ids)
        first, last = self._registers["torque_enable"], self._registers["present_temperature"]
        answer = bus.read(self._ids[i], first.address, last.end - first.address)
        if answer is None or not answer.ok:
            return None

        def value(name: str) -> int:
            register = self._registers[name]
            return register.decode(answer.data[register.address - first.address : register.end - first.address])

        self._temperature_c[i] = value("present_temperature")
        self._supply_v[i] = value("present_input_voltage") * VOLTAGE_UNIT_V
        self._seen_ns[i] = now_ns
        if self._limp and value("torque_enable") != 0:
            return Fault(code=FaultCode.TORQUE_FOUND, detail=f"{self._name(i)} has torque although the hand is limp")
        if self._armed and value("torque_enable") == 0:
            return Fault(code=FaultCode.MOTOR_RESET, detail=f"{self._name(i)} lost its torque by itself: brown-out?")
        if self._armed and value("bus_watchdog") < 0:
            return Fault(code=FaultCode.MOTOR_RESET, detail=f"{self._name(i)} was stopped by its bus watchdog")
        return None

    def _sample(self, reply: SyncReply, now_ns: int) -> JointSample:
        current = np.ascontiguousarray(reply.data[:, 6:8]).view("<i2")[:, 0]
        velocity = np.ascontiguousarray(reply.data[:, 8:12]).view("<i4")[:, 0]
        position = np.ascontiguousarray(reply.data[:, 12:16]).view("<i4")[:, 0]
        self._current_a = self._sign * current * self._model.current_unit_a
        return JointSample(
            stamp_ns=now_ns,
            pos_rad=self._sign * (position * POSITION_UNIT_RAD - self._zero),
            vel_rad_s=self._sign * velocity * VELOCITY_UNIT_RAD_S,
        )

    def _name(self, i: int) -> str:
        return motor_name(self._hand, i)
