"""The sheet is all the state: it is read back as it was, hides whose turn it was, and counts what counts."""

import csv

import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, Sheet, SheetRow


def ended(outcome=Outcome.DROPPED, *times, **more):
    return Ended(outcome=outcome, by="camera", goal_times_s=tuple(times), lasted_s=sum(times) + 1.5, **more)


def row(episode, outcome=Outcome.DROPPED, *times, **more):
    return SheetRow(episode=episode, policy="", ended=ended(outcome, *times), **more)


@pytest.fixture
def sheet(make_plan, tmp_path):
    return Sheet(tmp_path / "trials.csv", make_plan(2))


def test_what_was_written_is_read_back(sheet, make_plan):
    hard = 'range: "a", b; c\nof 2'
    sheet.add(row(1, Outcome.STOPPED, 3.25, 4.5, began="2026-11-22T05:00:00Z", bag="episode_001", note="mine"))
    sheet.explain(sheet.rows[0], hard)
    (read,) = Sheet(sheet.path, make_plan(2)).rows
    assert read.ended == sheet.rows[0].ended and (read.episode, read.bag, read.note) == (1, "episode_001", "mine")
    assert read.cause == hard.replace("\n", "\\n")


def test_trials_that_say_nothing_about_the_policy_are_done_again(sheet):
    assert sheet.next_episode(4) == 1
    for outcome in (Outcome.FAULT, Outcome.INTERRUPTED, Outcome.DISARMED):
        sheet.add(row(1, outcome))
        assert sheet.next_episode(4) == 1 and sheet.counted == []
    for outcome in (Outcome.STOPPED, Outcome.TIME_OUT, Outcome.ALL_GOALS, Outcome.TIME_UP):
        sheet.add(row(sheet.next_episode(4), outcome))
    assert sheet.next_episode(4) is None and sheet.next_episode(5) == 5
    assert len(sheet.rows) == 7 and len(sheet.counted) == 4


def test_a_goal_that_was_begun_is_attempted_unless_all_were_reached_or_the_time_was_up():
    assert [ended(outcome, 1.0, 2.0).attempted for outcome in Outcome] == [2, 3, 3, 2, 3, 3, 3, 3]


def test_nobody_reads_whose_turn_it_was_until_it_is_revealed(sheet, make_plan):
    sheet.add(row(1))
    assert [cells["policy"] for cells in csv.DictReader(sheet.path.open())] == ["hidden"]
    assert sheet.counted[0].policy == make_plan(2).policy(1).name
    sheet.reveal()
    (cells,) = csv.DictReader(sheet.path.open())
    assert cells["policy"] == make_plan(2).policy(1).name


def test_with_one_policy_there_is_nothing_to_hide(make_plan, tmp_path):
    sheet = Sheet(tmp_path / "trials.csv", make_plan(1))
    sheet.add(row(1))
    assert [cells["policy"] for cells in csv.DictReader(sheet.path.open())] == ["first"]


def test_a_sheet_that_a_spreadsheet_saved_in_its_own_way_is_read(sheet, make_plan):
    sheet.add(row(1, Outcome.DROPPED, 3.25, 4.5))
    rows = list(csv.reader(sheet.path.open()))
    lines = [";".join(cell.replace(".", ",") for cell in cells) for cells in rows]
    sheet.path.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    (read,) = Sheet(sheet.path, make_plan(2)).rows
    assert read.ended == sheet.rows[0].ended


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("dropped", "fell", r"trials.csv line 2: outcome is 'fell', expected one of \['all goals', 'dropped'"),
        ("\n1,", "\none,", r"line 2: episode is 'one', expected a whole number"),
        ("3.25 4.50", "3.25 x", r"line 2: goal_seconds is '3.25 x', expected numbers"),
        ("goal_seconds", "seconds", r"trials.csv lacks the columns \['goal_seconds'\]: it is no sheet"),
    ],
)
def test_a_broken_sheet_is_refused_by_line_and_cell(sheet, make_plan, before, after, said):
    sheet.add(row(1, Outcome.DROPPED, 3.25, 4.5))
    assert before in sheet.path.read_text()
    sheet.path.write_text(sheet.path.read_text().replace(before, after))
    with pytest.raises(ConfigError, match=said):
        Sheet(sheet.path, make_plan(2))


def test_a_sheet_in_another_encoding_says_how_to_save_it(sheet, make_plan):
    sheet.path.write_bytes(b"\xff\xfe1")
    with pytest.raises(ConfigError, match="is not UTF-8: save it as CSV"):
        Sheet(sheet.path, make_plan(2))
