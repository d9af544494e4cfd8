"""Torque on and torque off: what is written, read back, and said about motors that do not show it."""

from collections.abc import Callable, Sequence

import numpy as np

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.arming import ArmingPlan
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus, SyncReply
from dexterity_ros.drivers.dynamixel.control_table import BUS_WATCHDOG_UNIT_S, x_series
from dexterity_ros.drivers.dynamixel.motor_settings import motor_name, stored_problems

WATCHDOG_S = 0.1  # motors stop by themselves after this much silence on the bus
_TAKEN = ("torque_enable", "bus_watchdog")  # set to zero, in this order
_NAMED = 3  # motors named in a fault; the rest are counted
_AT_ONCE = 3  # nobody answers a torque off to all motors: on a bus that loses packets one may be lost, hardly three
_ATTEMPTS = 3  # an acknowledged write is tried this often


class Torque:
    """Switches the torque of all motors on a bus."""

    def __init__(
        self, hand: RobotHand, current: int, current_limit_a: float, explain: Callable[[SyncReply], Fault | None]
    ) -> None:
        """current: goal_current in register units. explain: returns what is wrong with an answer of all motors."""
        self._hand, self._current, self._current_limit_a, self._explain = hand, current, current_limit_a, explain
        self._registers, self._ids = x_series(), hand.motor_ids
        self._confirmed = {name: np.zeros(len(self._ids), dtype=bool) for name in _TAKEN}

    def arm(self, bus: DynamixelBus) -> Fault | None:
        """Checks what is stored, writes everything else that moves the hand, acknowledged. Returns the first failure.

        In an order in which nothing jumps: torque on last but the watchdog.
        """
        if problems := stored_problems(bus, self._hand, self._current_limit_a):
            return Fault(code=FaultCode.HAND_WRITE_FAILED, detail="; ".join(problems))
        plan = ArmingPlan(self._hand, self._current)
        for address, rows in plan.blocks:
            bus.sync_write(self._ids, address, rows)
        shown = bus.sync_read(self._ids, plan.first, plan.length)
        if not shown.valid.all():
            shown = bus.sync_read(self._ids, plan.first, plan.length)
        if (fault := self._explain(shown)) is not None:
            return fault
        for i, name, value, register in plan.differences(shown.data):
            problem = self._write_one(bus, i, register.address, register.encode(value))
            if problem is not None:
                return Fault(
                    code=FaultCode.HAND_WRITE_FAILED, detail=f"{motor_name(self._hand, i)}: {name} = {value} {problem}"
                )
        watchdog = [round(WATCHDOG_S / BUS_WATCHDOG_UNIT_S)] * len(self._ids)
        last = [("goal_position", plan.present(shown.data)), ("torque_enable", [1] * len(self._ids))]
        steps = [*last, ("bus_watchdog", watchdog)]
        return next((f for name, values in steps if (f := self._write_all(bus, name, values)) is not None), None)

    def take(self, bus: DynamixelBus) -> Fault | None:
        """Switches the torque of all motors off. Returns a fault that names those that have not shown it yet.

        A motor counts from the first time that it shows it, so that a bus that loses packets gets there in a few calls.
        """
        # A motor whose torque may still be on keeps its watchdog: then silence at least stops it.
        return next((fault for name in _TAKEN if (fault := self._zero(bus, name)) is not None), None)

    def _zero(self, bus: DynamixelBus, name: str) -> Fault | None:
        register, confirmed = self._registers[name], self._confirmed[name]
        rows = np.frombuffer(register.encode(0) * len(self._ids), dtype=np.uint8).reshape(-1, register.size)
        for _ in range(_AT_ONCE):
            bus.sync_write(self._ids, register.address, rows)
        shown = bus.sync_read(self._ids, register.address, register.size)
        confirmed |= shown.valid & (shown.data == rows).all(axis=1)
        missing = np.flatnonzero(~confirmed)
        if len(missing) == 0:
            return None
        named = ", ".join(motor_name(self._hand, int(i)) for i in missing[:_NAMED])
        motors = named + (" and more" if len(missing) > _NAMED else "")
        said = f"{name} = 0 was not confirmed by {len(missing)} of {len(self._ids)} motors: {motors}"
        return Fault(code=FaultCode.HAND_WRITE_FAILED, detail=said)

    def forget(self) -> None:
        """Forgets which motors have shown that their torque is off: it may have come on since."""
        for confirmed in self._confirmed.values():
            confirmed[:] = False

    def _write_all(self, bus: DynamixelBus, name: str, values: Sequence[int]) -> Fault | None:
        """Writes a register of every motor in one transaction and reads it back in another.

        Motors that do not show the new value are written one by one, acknowledged, so that each tells its reason.
        Returns the first failure.
        """
        register = self._registers[name]
        rows = np.frombuffer(b"".join(map(register.encode, values)), dtype=np.uint8).reshape(-1, register.size)
        bus.sync_write(self._ids, register.address, rows)
        shown = bus.sync_read(self._ids, register.address, register.size)
        for i in map(int, np.flatnonzero(~(shown.valid & (shown.data == rows).all(axis=1)))):
            problem = self._write_one(bus, i, register.address, rows[i].tobytes())
            if problem is not None:
                said = f"{motor_name(self._hand, i)}: {name} = {values[i]} {problem}"
                return Fault(code=FaultCode.HAND_WRITE_FAILED, detail=said)
        return None

    def _write_one(self, bus: DynamixelBus, i: int, address: int, data: bytes) -> str | None:
        for _ in range(_ATTEMPTS):
            answer = bus.write(self._ids[i], address, data)
            if answer is not None:
                return None if answer.ok else f"was refused with error {answer.error}"
        return f"was not acknowledged in {_ATTEMPTS} attempts"
