"""Whoever reaches into the hand is told the truth: it stands still while they are asked, and a stop stays theirs.

Supervisor and goals are those of the nodes, in virtual time; the hand does at once what it is told.
"""

from dataclasses import asdict, replace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.trials.sheet import Outcome
from dexterity_ros.safety.fault_words import fault_code
from dexterity_ros.safety.supervisor import Request, State, Supervisor, watch_limits
from dexterity_ros.systems.operator import OperatorError
from dexterity_ros.systems.trials.runner import TrialRunner
from dexterity_ros.tasks.goal_keeper import GoalKeeper

CYCLE_NS = 50_000_000
CENTRE_M = (0.0, 0.0, 0.0)
UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0])


class Room:
    """A hand with its supervisor, goals and camera; the Operator of it, who hears only while it spins."""

    def __init__(self, plan):
        self.now_ns = self._pose_ns = 0
        self.safety = Supervisor(watch_limits(["object_pose"]))
        self.keeper = GoalKeeper(plan.task, CENTRE_M, seed=0)
        self.seen, self.pose_m, self.hand_confirms, self.deaf = True, CENTRE_M, True, False
        self.hand = self.hand_state = "limp"
        self.supervisor = ""
        self.moved_s = 0.0
        self._tried, self._waiting, self._script = False, {}, []
        self.runner = TrialRunner(self, CENTRE_M, lambda: None, lambda: self.now_ns)

    def at(self, after_s, do):
        """Has something happen so much later."""
        self._script.append((self.now_ns + round(after_s * 1e9), do))

    def let_pass(self, seconds):
        for _ in range(round(seconds * 1e9 / CYCLE_NS)):
            self._cycle()

    def _cycle(self):
        self.now_ns += CYCLE_NS
        for due in [one for one in self._script if one[0] <= self.now_ns]:
            self._script.remove(due)
            due[1]()
        if self.seen:
            self._pose_ns = self.now_ns
            self._waiting["pose"] = PoseSample(stamp_ns=self.now_ns, pos_m=np.array(self.pose_m), quat_wxyz=UPRIGHT)
        verdict = self.safety.step({"object_pose": (self.now_ns - self._pose_ns) * 1e-9}, (), self.now_ns)
        self._move(verdict)
        self._goals(verdict)

    def _move(self, verdict):
        if not verdict.torque and self.hand not in ("limp", "stopped") and not self.hand_confirms:
            self.hand = "letting_go: x"
        elif verdict.state is State.STOPPED:
            self.hand = "stopped: the supervisor stopped it"
        else:
            self.hand = {State.ARMED: "following", State.HOLD: "holding"}.get(verdict.state, "limp")
        self.moved_s += CYCLE_NS * 1e-9 if self.hand == "following" else 0.0

    def _goals(self, verdict):
        pose = self._waiting.get("pose") if self.seen else None
        if not verdict.torque:
            self._tried = False
            self.keeper.end_trial()
        elif fault_code(str(verdict)) is FaultCode.HELD_BY_PERSON:
            self.keeper.wait(self.now_ns)
        elif self._tried:
            self._waiting.setdefault("events", []).extend(self.keeper.step(pose, self.now_ns))
        elif pose is not None:
            self._tried = True
            self._waiting.setdefault("events", []).append(self.keeper.start_trial(pose, self.now_ns))

    def spin(self, duration_s):
        self._hear()
        for _ in range(max(round(duration_s * 1e9 / CYCLE_NS), 1)):
            self._cycle()
            self._hear()

    def _hear(self):
        self.supervisor, self.hand_state = str(self.safety.verdict), self.hand
        waiting, self._waiting = self._waiting, {}
        if "pose" in waiting:
            self.runner.see(waiting["pose"])
        for event in waiting.get("events", ()):
            self.runner.event(asdict(event))

    def wait_for(self, what, condition, timeout_s, alive):
        end_ns = self.now_ns + round(timeout_s * 1e9)
        while not condition():
            if self.now_ns > end_ns:
                raise OperatorError(f"waited for {what}")
            self.spin(0.05)

    def ask(self, request):
        if self.deaf:
            raise OperatorError("nobody answers")
        return self.safety.request(request, self.now_ns)[0]

    def arm(self, alive):
        assert self.ask(Request.PREPARE) and self.ask(Request.ARM)

    def let_go(self, alive):
        self.ask(Request.DISARM)
        self.wait_for("torque off", lambda: self.supervisor == "disarmed" and self.hand_state == "limp", 10.0, alive)

    def hold(self, alive):
        granted = self.ask(Request.HOLD)
        if granted:
            self.wait_for("standing still", lambda: self.hand_state != "following", 10.0, alive)
        return granted

    def resume(self, alive):
        self.ask(Request.RESUME)


@pytest.fixture
def room_of(make_plan):
    """Returns a room in which a trial can be run, and its plan."""

    def make(**changes):
        plan = make_plan(**changes)
        return Room(plan), plan

    return make


@pytest.fixture
def room(room_of):
    return room_of()[0]


@pytest.fixture
def run(room, make_plan):
    """Returns what comes of a trial in which the object is lost 5 s after arming; `asked` says what the person does."""

    def trial(asked, said=lambda _text: None, plan=None):
        room.at(5.0, lambda: setattr(room, "seen", False))
        return room.runner.trial(plan or make_plan(), asked, said)

    return trial


def test_the_hand_stands_still_until_the_person_answers_also_when_the_camera_sees_the_object_again(room, run):
    stood = []

    def thinks():
        room.let_pass(2.0)
        room.seen = True
        before_s = room.moved_s
        room.let_pass(20.0)
        stood.append((room.moved_s - before_s, str(room.safety.verdict)))
        room.at(2.0, lambda: room.safety.request(Request.ESTOP, room.now_ns))
        return False

    run(thinks)
    ((moved_s, verdict),) = stood
    assert moved_s == 0.0 and verdict.startswith("hold: held_by_person")


def test_the_hand_goes_on_after_the_answer_and_the_goal_has_all_its_time(room, run, make_plan):
    plan, moved = make_plan(), []

    def thinks():
        room.let_pass(1000.0)
        room.seen = True
        moved.append(room.moved_s)
        return False

    ended = run(thinks)
    assert ended.outcome is Outcome.TIME_OUT and room.moved_s > moved[0] + 60.0
    assert ended.lasted_s == pytest.approx(plan.task.goal_timeout_s, abs=0.5)


def test_a_protocol_with_a_time_of_its_own_does_not_count_the_question(room, run, make_plan):
    def thinks():
        room.let_pass(300.0)
        room.seen = True
        return False

    ended = run(thinks, plan=make_plan(episode_s=30.0))
    assert ended.outcome is Outcome.TIME_UP and ended.lasted_s == pytest.approx(30.0, abs=0.2)


def test_an_object_that_fell_ends_the_trial_without_another_motion(room, run):
    def fell():
        room.let_pass(30.0)
        stood.append(room.moved_s)
        return True

    stood = []
    ended = run(fell)
    assert (ended.outcome, ended.by) == (Outcome.DROPPED, "person")
    assert room.moved_s == stood[0] and room.runner.limp and room.hand == "limp"


def test_a_pose_that_waited_unread_while_the_person_thought_does_not_overrule_the_answer(room, run):
    def fell():
        room.seen = True
        room.let_pass(0.5)
        room.seen = False
        room.let_pass(30.0)
        return True

    assert run(fell).outcome is Outcome.DROPPED


def test_what_the_camera_sees_in_the_hand_again_overrules_the_answer(room, run):
    said = []

    def fell():
        room.seen = True
        room.let_pass(1.0)
        return True

    assert run(fell, said.append).outcome is Outcome.TIME_OUT
    assert "  the camera sees it in the hand again" in said


def test_nobody_is_asked_while_the_hand_does_not_stand_still(room, run):
    def never():
        raise AssertionError("asked beside a hand that moves")

    room.safety._hold_or_resume = lambda hold, now_ns: (True, "")
    room.at(7.0, lambda: setattr(room, "wait_for", lambda *_: (_ for _ in ()).throw(OperatorError("moves on"))))
    ended = run(never)
    assert (ended.outcome, ended.detail) == (Outcome.FAULT, "moves on")


def test_a_stop_in_a_trial_stays_until_a_person_was_told_of_it_and_answered(room, make_plan):
    room.at(5.0, lambda: room.safety.request(Request.ESTOP, room.now_ns))
    ended = room.runner.trial(make_plan(), bool, print)
    assert ended.outcome is Outcome.STOPPED and ended.detail.startswith("emergency stop")
    assert room.safety.verdict.state is State.STOPPED and room.runner.limp
    room.runner.lift_stop()
    assert room.safety.verdict.state is State.STOPPED, "nobody was told of it yet"
    why = room.runner.at_rest(0.1, 20.0)
    assert why == "the hand is stopped: emergency stop; who answers now lifts that"
    room.runner.lift_stop()
    assert room.safety.verdict.state is State.DISARMED and room.runner.at_rest(0.1, 20.0) == ""


def test_a_stop_while_the_person_is_asked_stays_too(room, run):
    def stops():
        room.safety.request(Request.ESTOP, room.now_ns)
        room.let_pass(10.0)
        return False

    assert run(stops).outcome is Outcome.STOPPED
    assert room.safety.verdict.state is State.STOPPED


def test_a_stop_between_trials_is_told_and_lifted_by_the_next_answer(room, make_plan):
    room.runner.trial(replace(make_plan(), episode_s=2.0), bool, print)
    room.safety.request(Request.ESTOP, room.now_ns)
    assert "who answers now lifts that" in room.runner.at_rest(0.1, 20.0)
    room.runner.lift_stop()
    assert room.runner.at_rest(0.1, 20.0) == ""


def test_who_disarmed_a_stopped_hand_by_themselves_is_not_told_of_it_again(room, make_plan):
    room.at(5.0, lambda: room.safety.request(Request.ESTOP, room.now_ns))
    room.runner.trial(make_plan(), bool, print)
    room.safety.request(Request.DISARM, room.now_ns)
    room.let_pass(1.0)
    assert room.runner.at_rest(0.1, 20.0) == ""


@pytest.mark.parametrize("stopped", [False, True])
def test_a_hand_that_does_not_confirm_that_it_let_go_is_not_limp(room, make_plan, stopped):
    room.hand_confirms = False
    if stopped:
        room.at(3.0, lambda: room.safety.request(Request.ESTOP, room.now_ns))
    room.runner.trial(replace(make_plan(), episode_s=5.0), bool, print)
    assert not room.runner.limp


def test_a_supervisor_that_does_not_answer_leaves_the_hand_not_limp(room, make_plan):
    room.at(3.0, lambda: setattr(room, "deaf", True))
    ended = room.runner.trial(replace(make_plan(), episode_s=5.0), bool, print)
    assert ended.outcome is Outcome.TIME_UP and not room.runner.limp


def test_whoever_breaks_off_at_the_question_leaves_a_limp_hand(room, run):
    def breaks_off():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(breaks_off)
    assert room.runner.limp and room.hand == "limp"
