"""Decides whether the hand may move: a state machine fed with ages, faults and requests."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode
from dexterity_ros.contracts.sources import SOURCES
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.safety.faults import REACTIONS, Reaction

CLEAR_AFTER_S = 0.3  # faults must be gone this long before motion goes on
READY_S = 15.0  # arming must follow preparing within this time

_STALE = {name: source.stale for name, source in SOURCES.items()} | {"deadman": FaultCode.DEADMAN_RELEASED}

_HELD = Fault(code=FaultCode.HELD_BY_PERSON, detail="a person asked it to stand still")


def watch_limits(keys: Sequence[str]) -> dict[str, float]:
    """Returns {topic key: largest age in s} of the topics to watch. Raises ConfigError for one without a deadline."""
    known = {key: topic.max_age_s for key, topic in TOPICS.items() if topic.max_age_s is not None}
    unknown = sorted(set(keys) - set(known))
    if unknown:
        raise ConfigError(f"cannot watch {unknown}; topics with a deadline are {sorted(known)}")
    return {key: known[key] for key in keys}


class State(enum.StrEnum):
    """DISARMED: torque off. READY: torque off, preflight passed. ARMED: motion allowed. HOLD: armed, standing still.

    STOPPED: torque off until disarmed.
    """

    DISARMED = enum.auto()
    READY = enum.auto()
    ARMED = enum.auto()
    HOLD = enum.auto()
    STOPPED = enum.auto()


class Request(enum.StrEnum):
    """What a person may ask for. HOLD: to stand still until RESUME, whatever else would let it go on."""

    PREPARE = enum.auto()
    ARM = enum.auto()
    DISARM = enum.auto()
    ESTOP = enum.auto()
    HOLD = enum.auto()
    RESUME = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The state, the reason for it, and whether the hand should have torque."""

    state: State
    reason: str

    @property
    def torque(self) -> bool:
        """Whether the hand node should be active."""
        return self.state in (State.ARMED, State.HOLD)

    def __str__(self) -> str:
        return f"{self.state}: {self.reason}" if self.reason else str(self.state)


class Supervisor:
    """A stage: `request` for what people ask, `step` for what the clock and the topics say."""

    def __init__(self, watched: Mapping[str, float]) -> None:
        """watched: largest age in s of each topic whose silence makes it hold (`watch_limits`)."""
        self._watched = dict(watched)
        self._verdict = Verdict(state=State.DISARMED, reason="")
        self._last_fault_ns = self._ready_ns = 0
        self._held = False  # a person asked for it
        self.disarms = 0  # how often a person has disarmed

    @property
    def verdict(self) -> Verdict:
        """The present verdict."""
        return self._verdict

    def request(self, request: Request, now_ns: int, preflight_failures: tuple[str, ...] = ()) -> tuple[bool, str]:
        """Returns (granted, why). Arming takes two steps, prepare and arm, and no failed preflight check in either."""
        if request is Request.ESTOP:
            self.stop("emergency stop")
            return True, "torque off; disarm, then arm, to go on"
        if request is Request.DISARM:
            self.disarms += 1
            self._verdict = Verdict(state=State.DISARMED, reason="")
            return True, "disarmed"
        if request in (Request.HOLD, Request.RESUME):
            return self._hold_or_resume(request is Request.HOLD, now_ns)
        return self._prepare_or_arm(request, now_ns, preflight_failures)

    def _prepare_or_arm(self, request: Request, now_ns: int, preflight_failures: tuple[str, ...]) -> tuple[bool, str]:
        if self._verdict.state is State.STOPPED:
            return False, f"{self._verdict}; disarm first"
        if self._verdict.torque:
            return True, "already armed"
        if preflight_failures:
            return False, "preflight: " + "; ".join(preflight_failures)
        return self._prepare(now_ns) if request is Request.PREPARE else self._arm(now_ns)

    def _hold_or_resume(self, hold: bool, now_ns: int) -> tuple[bool, str]:
        if not self._verdict.torque:
            return False, f"the hand is not armed: {self._verdict}"
        self._held, self._last_fault_ns = hold, now_ns
        if hold:
            self._verdict = Verdict(state=State.HOLD, reason=str(_HELD))
        return True, "stands still until resume" if hold else "goes on"

    def _prepare(self, now_ns: int) -> tuple[bool, str]:
        self._ready_ns = now_ns
        self._verdict = Verdict(state=State.READY, reason="")
        return True, f"ready; arm within {READY_S:.0f} s, the hand will move"

    def _arm(self, now_ns: int) -> tuple[bool, str]:
        self._expire(now_ns)
        if self._verdict.state is not State.READY:
            return False, "prepare first"
        self._held = False
        self._verdict = Verdict(state=State.ARMED, reason="")
        return True, "armed"

    def _expire(self, now_ns: int) -> None:
        if self._verdict.state is State.READY and (now_ns - self._ready_ns) * 1e-9 > READY_S:
            self._verdict = Verdict(state=State.DISARMED, reason="")

    def stop(self, reason: str) -> None:
        """Switches the torque off for a reason that is not in the fault table, until a person disarms."""
        self._verdict = Verdict(state=State.STOPPED, reason=reason)

    def step(self, ages_s: Mapping[str, float | None], faults: tuple[Fault, ...], now_ns: int) -> Verdict:
        """Returns the verdict at `now_ns`.

        Args:
            ages_s: age of the newest message of each watched topic; None when there has been none.
            faults: what nodes reported since the last step.
            now_ns: time.
        """
        self._expire(now_ns)
        if not self._verdict.torque:
            return self._verdict
        problems = [*([_HELD] if self._held else []), *stale_topics(ages_s, self._watched), *faults]
        stops = [fault for fault in problems if REACTIONS[fault.code] is Reaction.STOP]
        holds = [fault for fault in problems if REACTIONS[fault.code] is Reaction.HOLD]
        if stops:
            self._verdict = Verdict(state=State.STOPPED, reason=str(stops[0]))
        elif holds:
            self._last_fault_ns = now_ns
            self._verdict = Verdict(state=State.HOLD, reason=str(holds[0]))
        elif (now_ns - self._last_fault_ns) * 1e-9 >= CLEAR_AFTER_S:
            self._verdict = Verdict(state=State.ARMED, reason="")
        return self._verdict


def stale_topics(ages_s: Mapping[str, float | None], watched: Mapping[str, float]) -> list[Fault]:
    """Returns a fault for every watched topic that is older than allowed, or missing."""
    faults = []
    for key, limit_s in watched.items():
        age_s = ages_s.get(key)
        if age_s is None or age_s > limit_s:
            said = "never arrived" if age_s is None else f"is {age_s * 1e3:.0f} ms old, limit {limit_s * 1e3:.0f} ms"
            faults.append(Fault(code=_STALE.get(key, FaultCode.NODE_SILENT), detail=f"{TOPICS[key].name} {said}"))
    return faults
