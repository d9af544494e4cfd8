"""The whole of safety_node except ROS: a supervisor that is asked and stepped from two threads."""

import threading
from collections.abc import Mapping
from typing import Any

from dexterity_ros import wire
from dexterity_ros.contracts.errors import Fault, WireError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.sources import SOURCES, ObservationInputs
from dexterity_ros.safety import preflight
from dexterity_ros.safety.supervisor import Request, State, Supervisor, Verdict

_ARMING = (Request.PREPARE, Request.ARM)
_TORQUE_OFF = ("stopped", "letting_go")
_ARMED_FOR_S = 0.1  # hand_node must have heard that it is permitted before it is asked to switch torque on


class Supervision:
    """Requests and steps in one order: whichever of two comes second sees what the first did.

    All times are on the monotonic clock.
    """

    def __init__(self, hand: HandSpec, watched: Mapping[str, float]) -> None:
        """watched: largest age in s of each topic whose silence makes it hold (`watch_limits`)."""
        self._hand, self._watched = hand, watched
        self._reader = wire.SourceReaders(tuple(SOURCES.values()), hand.joint_names)
        self._supervisor = Supervisor(watched)
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[int, Any]] = {}
        self._armed_ns: int | None = None
        self._moving = False  # hand_node has been asked to become active
        self.hand_says: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The present verdict."""
        return self._supervisor.verdict

    @property
    def disarms(self) -> int:
        """How often a person has disarmed."""
        return self._supervisor.disarms

    def hear(self, key: str, message: Any, now_ns: int) -> None:
        """Takes a message on a watched topic. A pedal counts only while it is pressed."""
        if key == "deadman" and not message.data:
            self._latest.pop(key, None)
        else:
            self._latest[key] = (now_ns, message)

    def hear_hand(self, state: str) -> None:
        """Takes what hand_node says it does: when it has switched the torque off by itself, that is a stop."""
        self.hand_says = state
        with self._lock:
            if self.verdict.torque and self._armed_ns is not None and state.startswith(_TORQUE_OFF):
                self._supervisor.stop(f"hand_node {state}")

    def stop(self, reason: str) -> None:
        """Switches the torque off until a person disarms."""
        with self._lock:
            self._supervisor.stop(reason)

    def step(self, faults: tuple[Fault, ...], now_ns: int) -> Verdict:
        """Returns the verdict at `now_ns`. faults: what was wrong with messages just now."""
        with self._lock:
            return self._supervisor.step(self._ages_s(now_ns), faults, now_ns)

    def request(
        self, request: Request, now_ns: int, node_state: str | None, refused: tuple[Fault, ...]
    ) -> tuple[bool, str]:
        """Returns (granted, why). node_state: lifecycle label of hand_node. refused: what was wrong with messages."""
        failures = self._failures(now_ns, node_state, refused) if request in _ARMING else ()
        with self._lock:
            granted, why = self._supervisor.request(request, now_ns, failures)
            if request is Request.ARM and granted and why == "armed":
                self._armed_ns = now_ns
        return granted, why

    def wanted(self, now_ns: int) -> str:
        """Returns the lifecycle state that hand_node should be in. It begins to move only while nothing holds it."""
        with self._lock:
            if not self.verdict.torque:
                self._armed_ns, self._moving = None, False
                return "inactive"
            if self.verdict.state is State.HOLD and not self._moving and self._armed_ns is not None:
                self._armed_ns = now_ns
            long_enough = self._armed_ns is not None and (now_ns - self._armed_ns) * 1e-9 >= _ARMED_FOR_S
            self._moving = self._moving or long_enough
            return "active" if self._moving else "inactive"

    def refused(self, problem: str) -> None:
        """hand_node did not do what was asked. One that was not permitted to move just then is asked again later."""
        with self._lock:
            if self.verdict.state is State.HOLD and self._moving:
                self._moving = False
            else:
                self._supervisor.stop(problem)

    def _ages_s(self, now_ns: int) -> dict[str, float | None]:
        latest = dict(self._latest)
        return {key: (now_ns - latest[key][0]) * 1e-9 if key in latest else None for key in self._watched}

    def _failures(self, now_ns: int, node_state: str | None, refused: tuple[Fault, ...]) -> tuple[str, ...]:
        try:
            samples = self._samples()
        except WireError as error:
            return (str(error),)
        seen = preflight.PreflightInputs(
            ages_s=self._ages_s(now_ns),
            watched=self._watched,
            samples=samples,
            hand_state=node_state,
            hand_says=self.hand_says,
            refused=refused,
        )
        return preflight.failures(self._hand, seen)

    def _samples(self) -> ObservationInputs:
        """Returns the newest sample of every source that is watched. Raises WireError for a message that is none."""
        latest = dict(self._latest)
        there = [source for name, source in SOURCES.items() if name in latest]
        return ObservationInputs({s.name: self._reader.sample(s, latest[s.name][1]) for s in there})


def level(verdict: Verdict) -> str:
    """Returns how a verdict shows on /diagnostics: ok, warn or error."""
    return {State.HOLD: "warn", State.STOPPED: "error"}.get(verdict.state, "ok")
