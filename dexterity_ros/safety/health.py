"""Supervises temperature, current, supply and stalling of every motor: tiers with hysteresis, the motor named.

What is done about each tier stands in faults.py. A reading that is missing for too long is a fault like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.samples import JointSample, MotorHealth

_CURRENT_FILTER_S = 0.1  # a motor's current is noisy; what heats it is the mean
_STALL_SHARE, _STALL_RAD_S = 0.9, 0.05  # at this share of its current limit and slower than this, a motor stalls
_STALL_FORGIVEN = 2.0  # a stall is forgotten this much faster than it grew


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The tiers of one quantity, mildest first: (level, fault). A tier is left `hysteresis` below its level."""

    tiers: tuple[tuple[float, FaultCode], ...]
    hysteresis: float
    says: Callable[[float, HandFile], str]


LADDERS: dict[str, Ladder] = {
    "temperature": Ladder(  # C above the hand's max_temperature_c
        tiers=((-8.0, FaultCode.MOTOR_WARM), (0.0, FaultCode.MOTOR_HOT), (4.0, FaultCode.MOTOR_OVERHEATED)),
        hysteresis=3.0,
        says=lambda value, hand: (
            f"{value + hand.drive.max_temperature_c:.0f} C, limit {hand.drive.max_temperature_c:.0f} C"
        ),
    ),
    "current": Ladder(  # share of the hand's max_current_a; motors that obey their limit stay below 1
        tiers=((1.05, FaultCode.CURRENT_HIGH), (1.25, FaultCode.CURRENT_EXCESSIVE), (1.5, FaultCode.OVERCURRENT)),
        hysteresis=0.1,
        says=lambda value, hand: f"{value * hand.max_current_a:.2f} A, limit {hand.max_current_a} A",
    ),
    "supply": Ladder(  # deviation from the hand's supply_v as a share of it
        tiers=((0.10, FaultCode.SUPPLY_DEVIATES), (0.20, FaultCode.SUPPLY_POOR), (0.30, FaultCode.SUPPLY_FAILED)),
        hysteresis=0.02,
        says=lambda value, hand: f"supply is {100 * value:.0f} % away from {hand.drive.supply_v} V",
    ),
    "stall": Ladder(  # seconds at the current limit without moving
        tiers=((2.0, FaultCode.STALLING), (10.0, FaultCode.STALLED), (30.0, FaultCode.STALLED_LONG)),
        hysteresis=1.5,
        says=lambda value, _hand: f"pushes with all its current for {value:.0f} s and does not move",
    ),
    "silence": Ladder(  # seconds since temperature and supply were last read
        tiers=((0.5, FaultCode.HEALTH_LATE), (2.0, FaultCode.HEALTH_UNKNOWN)),
        hysteresis=0.1,
        says=lambda value, _hand: f"temperature and supply were last read {value:.1f} s ago",
    ),
    "bus": Ladder(  # seconds from question to answer; longer than a control period
        tiers=((0.012, FaultCode.BUS_SLOW),),
        hysteresis=0.001,
        says=lambda value, _hand: f"the bus answers after {value * 1e3:.0f} ms; `dexterity doctor` looks for the cause",
    ),
}


class HealthMonitor:
    """A stage: every cycle's health in, the worst tier of each quantity out."""

    def __init__(self, hand: HandFile, current_limit_a: float) -> None:
        """current_limit_a: what the motors are told to limit their current to."""
        self._hand, self._limit_a = hand, current_limit_a
        n = len(hand.joints)
        self._tier = {name: np.zeros(n, dtype=int) for name in LADDERS}
        self._current, self._stalled_s = np.zeros(n), np.zeros(n)
        self._now_ns: int | None = None

    def step(self, health: MotorHealth, joints: JointSample, now_ns: int) -> tuple[Fault, ...]:
        """Returns a fault for each quantity that is on a tier, naming the motor that is worst."""
        elapsed_s = 0.0 if self._now_ns is None else max(now_ns - self._now_ns, 0) * 1e-9
        self._now_ns = now_ns
        values = {
            "temperature": health.temperature_c - self._hand.drive.max_temperature_c,
            "current": self._mean_current(health.current_a, elapsed_s) / self._hand.max_current_a,
            "supply": np.abs(health.supply_v / self._hand.drive.supply_v - 1.0),
            "stall": self._stall(health.current_a, joints.vel_rad_s, elapsed_s),
            "silence": (now_ns - health.seen_ns) * 1e-9,
            "bus": np.full(len(self._hand.joints), health.round_trip_s),
        }
        faults = (self._judge(name, value) for name, value in values.items())
        return tuple(fault for fault in faults if fault is not None)

    def _mean_current(self, current_a: Floats, elapsed_s: float) -> Floats:
        share = min(elapsed_s / _CURRENT_FILTER_S, 1.0)
        self._current = self._current + share * (np.abs(current_a) - self._current)
        return self._current

    def _stall(self, current_a: Floats, vel_rad_s: Floats, elapsed_s: float) -> Floats:
        stalls = (np.abs(current_a) >= _STALL_SHARE * self._limit_a) & (np.abs(vel_rad_s) < _STALL_RAD_S)
        change = np.where(stalls, elapsed_s, -_STALL_FORGIVEN * elapsed_s)
        self._stalled_s = np.maximum(self._stalled_s + change, 0.0)
        return self._stalled_s

    def _judge(self, name: str, values: Floats) -> Fault | None:
        ladder = LADDERS[name]
        levels = np.array([level for level, _ in ladder.tiers])
        reached = np.searchsorted(levels, values, side="right")
        kept = np.searchsorted(levels - ladder.hysteresis, values, side="right")
        # A value that was never read keeps its tier; its silence has a ladder of its own.
        tier = np.where(np.isnan(values), self._tier[name], np.maximum(reached, np.minimum(self._tier[name], kept)))
        self._tier[name] = tier
        worst = int(np.argmax(tier))
        if tier[worst] == 0:
            return None
        motor = f"motor {self._hand.motor_ids[worst]} ({self._hand.joint_names[worst]})"
        said = f"{motor}: {ladder.says(float(values[worst]), self._hand)}"
        return Fault(code=ladder.tiers[tier[worst] - 1][1], detail=said)


class RebootPolicy:
    """Permits a few reboots of motors with a latched error in an hour, and none soon after another."""

    def __init__(self, max_per_hour: int) -> None:
        """max_per_hour: 0 = motors are rebooted only when a person asks for it."""
        self._max = max_per_hour
        self._past_ns: list[int] = []

    def permit(self, now_ns: int) -> bool:
        """Returns whether to reboot now, and if so counts it."""
        self._past_ns = [past for past in self._past_ns if (now_ns - past) * 1e-9 < 3600.0]
        too_soon = bool(self._past_ns) and (now_ns - self._past_ns[-1]) * 1e-9 < REBOOT_PAUSE_S
        if too_soon or len(self._past_ns) >= self._max:
            return False
        self._past_ns.append(now_ns)
        return True


REBOOT_PAUSE_S = 10.0
