"""One trial as it goes: goals, the object lost from sight, a stop; and when it is over."""

from collections.abc import Mapping
from typing import Any

from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome

LOST_S = 3.0  # an object hidden by fingers is seen again sooner; one that fell is not
_BEGIN_S = 30.0  # from arming to the first goal: the hand eases to its start pose
_SLACK_S = 10.0  # so much later than the time-out, goal_node has ended


class TrialCourse:
    """Fed with goal events and with what system and camera say; a stage. ended: what came of it, None until then."""

    def __init__(self, plan: TrialPlan, now_ns: int) -> None:
        """now_ns: when the hand was armed, of a monotonic clock."""
        self._goals, self._limit_s = plan.goals, plan.episode_s
        self._silent_s = plan.task.goal_timeout_s + _SLACK_S
        self._armed_ns = self._event_ns = self._now_ns = now_ns
        self._first_ns: int | None = None
        self._times_s: list[float] = []
        self._asked = False  # about this time that the object is lost
        self.ended: Ended | None = None

    @property
    def reached(self) -> int:
        """Goals reached so far."""
        return len(self._times_s)

    def event(self, event: Mapping[str, Any], now_ns: int) -> None:
        """Takes an event of goal_node (systems/goal_events.py)."""
        self._event_ns = self._now_ns = now_ns
        what, goal_s = event["event"], float(event["time_s"])
        if what == "issued":
            self._first_ns = now_ns if self._first_ns is None else self._first_ns
        elif what == "reached":
            self._times_s.append(goal_s)
            if len(self._times_s) >= self._goals:
                self.end(Outcome.ALL_GOALS, "camera", lasted_s=sum(self._times_s))
        else:
            outcome = Outcome.TIME_OUT if what == "timeout" else Outcome.DROPPED
            self.end(outcome, "camera", lasted_s=sum(self._times_s) + goal_s)

    def step(self, supervisor: str, seen_s: float, now_ns: int) -> bool:
        """Looks at the state of things; returns whether the person should say now where the object is.

        Args:
            supervisor: its state, as it says it.
            seen_s: how long ago the object was seen.
            now_ns: monotonic clock.
        """
        self._now_ns = now_ns
        state, _, reason = supervisor.partition(":")
        if state == "stopped":
            self.end(Outcome.STOPPED, "robot", reason.strip())
        elif state in ("disarmed", "ready"):
            self.end(Outcome.DISARMED, "robot", "somebody disarmed the hand")
        elif self._first_ns is None:
            if (now_ns - self._armed_ns) * 1e-9 > _BEGIN_S:
                self.end(Outcome.FAULT, "robot", f"no goal within {_BEGIN_S:.0f} s of arming; supervisor: {supervisor}")
        elif self._limit_s > 0.0 and (now_ns - self._first_ns) * 1e-9 >= self._limit_s:
            self.end(Outcome.TIME_UP, "camera")
        elif (now_ns - self._event_ns) * 1e-9 > self._silent_s:
            self.end(Outcome.FAULT, "robot", f"goal_node said nothing for {self._silent_s:.0f} s")
        return self._must_ask(seen_s)

    def _must_ask(self, seen_s: float) -> bool:
        lost = self._first_ns is not None and seen_s > LOST_S
        ask = lost and not self._asked and self.ended is None
        self._asked = lost
        return ask

    def stood_still(self, since_ns: int, now_ns: int) -> None:
        """Takes the time in which the hand waited for a person's answer out of all clocks."""
        waited_ns = now_ns - since_ns
        self._armed_ns, self._event_ns = self._armed_ns + waited_ns, self._event_ns + waited_ns
        if self._first_ns is not None:
            self._first_ns += waited_ns
        self._now_ns = now_ns

    def told(self, *, dropped: bool) -> None:
        """Takes what the person says of an object that is not seen. One that is only hidden goes on being turned."""
        if dropped:
            self.ended = None  # that its goal timed out may be heard late
            self.end(Outcome.DROPPED, "person")

    def end(self, outcome: Outcome, by: str, detail: str = "", lasted_s: float | None = None) -> None:
        """Ends the trial, if it has not ended yet. lasted_s: from the first goal on; None = until now."""
        if self.ended is not None:
            return
        if lasted_s is None:
            lasted_s = 0.0 if self._first_ns is None else (self._now_ns - self._first_ns) * 1e-9
        self.ended = Ended(outcome=outcome, by=by, goal_times_s=tuple(self._times_s), lasted_s=lasted_s, detail=detail)
