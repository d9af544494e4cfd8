"""A row of trials goes on after failures, can be broken off and gone on with, and asks what only a person knows."""

import itertools

import pytest

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.person import AgreeingPerson, ErringPerson
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, Sheet
from dexterity_ros.runtime.ending import INTERRUPTED
from dexterity_ros.systems.trials.row import DROPPED, IN_HAND, PLACE, WHERE, RowOfTrials


def ended(outcome, reached=1):
    return Ended(outcome=outcome, by="camera", goal_times_s=(2.0,) * reached, lasted_s=3.0, detail="why")


class Robot:
    """Does what a script says, trial by trial: an outcome, an error that is raised, or a function that is called."""

    def __init__(self, *script, rest=()):
        self._script, self._rest = iter(script), iter(rest)
        self.did = []

    def ready(self, episode):
        self.did.append(f"ready {episode}")

    def leave(self):
        self.did.append("leave")

    def put_back(self):
        self.did.append("put back")

    def at_rest(self):
        return next(self._rest, "")

    def trial(self, bag, dropped, say):
        bag.mkdir()
        what = next(self._script, Outcome.ALL_GOALS)
        if isinstance(what, BaseException):
            raise what
        return ended(what) if isinstance(what, Outcome) else what(dropped)


@pytest.fixture
def row_of(make_plan, tmp_path):
    """Returns a row of trials on a robot, with the sheet in a folder of its own; `said` is what the person heard."""

    def make(robot, person=None, policies=1):
        plan = make_plan(policies)
        sheet = Sheet(tmp_path / "trials.csv", plan)
        row = RowOfTrials(
            plan,
            sheet,
            robot,
            person or AgreeingPerson(),
            say=row_said.append,
            cause=lambda bag: f"cause of {bag.name}",
        )
        return row, sheet

    row_said = []
    make.said = row_said
    return make


def outcomes(sheet):
    return [(row.episode, row.ended.outcome) for row in sheet.rows]


def test_every_trial_has_a_row_and_a_bag_of_its_own(row_of):
    robot = Robot(Outcome.ALL_GOALS, Outcome.DROPPED)
    row, sheet = row_of(robot)
    assert row.run(2) == ""
    assert outcomes(sheet) == [(1, Outcome.ALL_GOALS), (2, Outcome.DROPPED)]
    assert [row.bag for row in sheet.rows] == ["episode_001", "episode_002"]
    assert robot.did == ["ready 1", "put back", "ready 2", "put back", "leave"]


def test_only_what_went_wrong_has_a_cause(row_of):
    row, sheet = row_of(Robot(Outcome.ALL_GOALS, Outcome.DROPPED, Outcome.STOPPED))
    row.run(3)
    assert [row.cause for row in sheet.rows] == ["", "cause of episode_002", "cause of episode_003"]
    assert "  cause of episode_002" in row_of.said


def test_a_cause_that_nobody_waited_for_is_looked_for_when_the_trials_go_on(row_of):
    row, sheet = row_of(Robot(Outcome.DROPPED))
    row._cause = lambda _bag: (_ for _ in ()).throw(KeyboardInterrupt)
    assert row.run(1) == INTERRUPTED and [row.cause for row in sheet.rows] == [""]
    again, sheet = row_of(Robot())
    assert again.run(1) == "" and [row.cause for row in sheet.rows] == ["cause of episode_001"]


def test_a_fault_ends_the_system_and_the_trial_is_done_again(row_of):
    robot = Robot(DexterityError("hand_node ended by itself"), Outcome.ALL_GOALS)
    row, sheet = row_of(robot)
    assert row.run(1) == ""
    assert outcomes(sheet) == [(1, Outcome.FAULT), (1, Outcome.ALL_GOALS)]
    assert sheet.rows[0].ended.detail == "hand_node ended by itself"
    assert [row.bag for row in sheet.rows] == ["episode_001", "episode_001_again_2"]
    assert robot.did[:4] == ["ready 1", "put back", "leave", "ready 1"]


def test_a_stop_of_the_hand_counts_and_the_next_trial_follows(row_of):
    row, sheet = row_of(Robot(Outcome.STOPPED))
    assert row.run(2) == ""
    assert outcomes(sheet) == [(1, Outcome.STOPPED), (2, Outcome.ALL_GOALS)]


def test_three_trials_in_a_row_that_come_to_nothing_are_the_end(row_of):
    faults = [DexterityError("no camera")] * 2 + [Outcome.DISARMED]
    row, sheet = row_of(Robot(Outcome.ALL_GOALS, *faults))
    assert row.run(4) == "3 trials in a row came to nothing; the last: why"
    assert [outcome for _, outcome in outcomes(sheet)].count(Outcome.FAULT) == 2


def test_trials_that_were_broken_off_go_on_where_they_were(row_of):
    robot = Robot(Outcome.ALL_GOALS, KeyboardInterrupt())
    row, sheet = row_of(robot)
    assert row.run(3) == INTERRUPTED and robot.did[-1] == "leave"
    assert outcomes(sheet) == [(1, Outcome.ALL_GOALS), (2, Outcome.INTERRUPTED)]
    again, sheet = row_of(Robot(Outcome.DROPPED))
    assert again.run(3) == ""
    assert outcomes(sheet)[2:] == [(2, Outcome.DROPPED), (3, Outcome.ALL_GOALS)]
    assert [row.bag for row in sheet.rows[1:3]] == ["episode_002", "episode_002_again_2"]


def test_who_breaks_off_before_the_hand_is_armed_leaves_no_row(row_of):
    def leaves(_question):
        raise KeyboardInterrupt

    row, sheet = row_of(Robot(), ErringPerson(leaves, wrong_share=0.0, seed=0))
    assert row.run(3) == INTERRUPTED and sheet.rows == []


def test_an_object_that_does_not_lie_still_is_put_in_again_and_given_up_on(row_of):
    robot = Robot(rest=["the object moves"] * 2)
    row, _ = row_of(robot)
    assert row.run(1) == "" and robot.did.count("put back") == 3 and row_of.said[:2] == ["  the object moves"] * 2
    row, _ = row_of(Robot(rest=itertools.repeat("the object is not seen")))
    assert "never lay still: the object is not seen" in row.run(2)


@pytest.mark.parametrize(("answer", "fell"), [(IN_HAND, False), (DROPPED, True)])
def test_the_person_says_where_an_unseen_object_is(row_of, answer, fell):
    heard = []

    def trial(dropped):
        heard.append(dropped())
        return ended(Outcome.TIME_OUT)

    def see(question):
        return answer if question.about == WHERE else question.expected

    row, _ = row_of(Robot(trial), ErringPerson(see, wrong_share=0.0, seed=0))
    row.run(1)
    assert heard == [fell]


def test_a_person_who_errs_errs_only_where_there_is_a_choice(row_of):
    asked = []

    def see(question):
        asked.append(question.about)
        return question.expected

    heard = []

    def trial(dropped):
        heard.append([dropped() for _ in range(50)])
        return ended(Outcome.ALL_GOALS)

    person = ErringPerson(see, wrong_share=0.5, seed=1)
    row, _ = row_of(Robot(trial), person)
    assert row.run(1) == "" and asked.count(PLACE) == 1
    assert sum(heard[0]) == person.erred and 10 < person.erred < 40


def test_when_nobody_can_answer_the_trials_end_with_that(row_of):
    def closed(_question):
        raise HandError("nobody can answer: the input is closed")

    row, sheet = row_of(Robot(), ErringPerson(closed, wrong_share=0.0, seed=0))
    assert row.run(3) == "nobody can answer: the input is closed" and sheet.rows == []


def test_a_trial_in_which_nobody_answers_is_a_fault_and_the_next_one_does_not_begin(row_of):
    there = [True]

    def see(question):
        if question.about == WHERE or not there:
            there.clear()
            raise HandError("the input is closed")
        return question.expected

    row, sheet = row_of(Robot(lambda dropped: dropped()), ErringPerson(see, wrong_share=0.0, seed=0))
    assert row.run(3) == "the input is closed" and outcomes(sheet) == [(1, Outcome.FAULT)]


def test_the_person_is_not_told_whose_turn_it_is(row_of):
    questions = []

    def see(question):
        questions.append(question.text)
        return question.expected

    row, _ = row_of(Robot(), ErringPerson(see, wrong_share=0.0, seed=0), policies=2)
    assert row.run(6) == ""
    assert len(questions) == 6 and not any("first" in text or "second" in text for text in questions + row_of.said)
