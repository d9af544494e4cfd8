"""Trials on a hand that an operator commands: from arming to limp, the question within them, stops between them."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.trials.at_rest import AtRest
from dexterity_ros.evaluation.trials.course import TrialCourse
from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome
from dexterity_ros.systems.operator import OperatorError

_ARMED_S = 15.0
_LIMP_S = 10.0
_LOOK_S = 0.05
_AFTER_ANSWER_S = 0.5
_SEEN_AGAIN_S = 0.25  # a pose that waited unread while the person thought comes earlier within _AFTER_ANSWER_S

Alive = Callable[[], None]


class Commands(Protocol):
    """What an Operator (systems/operator.py) does here. All but `spin` raise OperatorError."""

    supervisor: str
    hand_state: str

    def spin(self, duration_s: float) -> None:
        """Handles messages for a while."""

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float, alive: Alive) -> None:
        """Spins until `condition`."""

    def arm(self, alive: Alive) -> None:
        """Arms."""

    def let_go(self, alive: Alive) -> None:
        """Disarms and waits until the torque is off."""

    def hold(self, alive: Alive) -> bool:
        """Has the armed hand stand still until `resume`; returns whether it does."""
        ...

    def resume(self, alive: Alive) -> None:
        """Ends `hold`."""


class TrialRunner:
    """One hand, trial after trial. Whoever owns it hands in what is heard: `see` and `event`.

    limp: whether the hand let go after the last trial; where it did not, end the system: that switches the torque off.
    """

    def __init__(
        self,
        operator: Commands,
        centre_m: tuple[float, float, float],
        alive: Alive,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """centre_m: the grasp centre. alive: raises OperatorError when a node has ended. clock_ns: monotonic."""
        self._operator, self._centre_m, self._alive, self._clock_ns = operator, centre_m, alive, clock_ns
        self._rest = AtRest(centre_m, 0.0)
        self._course: TrialCourse | None = None
        self._told_of_stop = False
        self.limp = True

    def see(self, pose: PoseSample) -> None:
        """Takes an estimate of the object's pose."""
        self._rest.see(pose, self._clock_ns())

    def event(self, event: Mapping[str, Any]) -> None:
        """Takes an event of goal_node (systems/goal_events.py)."""
        if self._course is not None:
            self._course.event(event, self._clock_ns())

    def lift_stop(self) -> None:
        """Lifts a stop of the limp hand that the person was told of, and has answered to since."""
        if self._told_of_stop:
            self._operator.let_go(self._alive)
        self._told_of_stop = False

    def at_rest(self, radius_m: float, timeout_s: float) -> str:
        """Waits until the object is seen and still in the hand; returns why not, if it is not in time or is stopped."""
        self._rest = AtRest(self._centre_m, radius_m)
        end_ns = self._clock_ns() + round(timeout_s * 1e9)
        self._operator.spin(_LOOK_S)  # what was said while the person was asked
        while why := self._told() or self._rest.why_not(self._clock_ns()):
            self._alive()
            if self._told_of_stop or self._clock_ns() > end_ns:
                return why
            self._operator.spin(_LOOK_S)
        return ""

    def _told(self) -> str:
        stop = self._stop()
        self._told_of_stop = bool(stop)
        return f"the hand is {stop}; who answers now lifts that" if stop else ""

    def _stop(self) -> str:
        """Returns what supervisor or hand say of a stop, else nothing."""
        states = (self._operator.supervisor, self._operator.hand_state)
        return next((state for state in states if state.startswith("stopped")), "")

    def trial(self, plan: TrialPlan, dropped: Callable[[], bool], say: Callable[[str], None]) -> Ended:
        """Arms in two steps, lets the policy work until the trial is over, lets go. Returns what came of it.

        dropped: asks the person whether an object that is not seen has fallen; the hand stands still meanwhile.
        Raises OperatorError.
        """
        self.limp = False
        try:
            return self._armed(plan, dropped, say)
        finally:
            self._course = None
            with contextlib.suppress(OperatorError):
                self._let_go()
                self.limp = True

    def _let_go(self) -> None:
        """Disarms, but leaves a stop: that is lifted by a person who was told of it (`at_rest`, `lift_stop`)."""
        if not self._stop():
            self._operator.let_go(self._alive)
        else:
            self._operator.wait_for("torque off after the stop", self._torque_is_off, _LIMP_S, self._alive)

    def _torque_is_off(self) -> bool:
        return self._operator.hand_state.startswith(("stopped", "limp"))

    def _armed(self, plan: TrialPlan, dropped: Callable[[], bool], say: Callable[[str], None]) -> Ended:
        self._operator.arm(self._alive)
        self._operator.wait_for("the supervisor to arm", self._has_torque, _ARMED_S, self._alive)
        self._course = course = TrialCourse(plan, self._clock_ns())
        try:
            self._follow(course, plan.goals, dropped, say)
        except OperatorError as error:
            course.end(Outcome.FAULT, "robot", str(error))
        assert course.ended is not None
        return course.ended

    def _has_torque(self) -> bool:
        return not self._operator.supervisor.startswith(("disarmed", "ready"))

    def _follow(self, course: TrialCourse, goals: int, dropped: Callable[[], bool], say: Callable[[str], None]) -> None:
        reached = 0
        while course.ended is None:
            self._alive()
            self._operator.spin(_LOOK_S)
            if course.step(self._state(), self._seen_s(), self._clock_ns()):
                self._ask(course, dropped, say)
            if course.reached != reached:
                reached = course.reached
                say(f"  {reached} of at most {goals} goals")

    def _state(self) -> str:
        """Returns the supervisor's state, with what the hand says of it when it is stopped."""
        state, hand = self._operator.supervisor, self._operator.hand_state
        return f"{state} (hand: {hand})" if state.startswith("stopped") and ":" in hand else state

    def _ask(self, course: TrialCourse, dropped: Callable[[], bool], say: Callable[[str], None]) -> None:
        """Asks while the hand stands still and the clocks with it, whatever the camera sees meanwhile."""
        held = self._operator.hold(self._alive)
        if not held or self._stop() or course.ended is not None:  # the course says in its next step what happened
            return
        since_ns = self._clock_ns()
        fell = dropped()
        self._operator.spin(_AFTER_ANSWER_S)
        course.stood_still(since_ns, self._clock_ns())
        if self._seen_s() <= _SEEN_AGAIN_S and self._rest.inside:
            say("  the camera sees it in the hand again")
        else:
            course.told(dropped=fell)
        if course.ended is None:
            self._operator.resume(self._alive)

    def _seen_s(self) -> float:
        return self._rest.age_s(self._clock_ns())
