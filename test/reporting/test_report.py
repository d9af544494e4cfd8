"""A report says what happened, without a network, small enough to send, and what it draws is the recording's."""

import json
import re
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("mcap")

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.training_run import RunFile, save_run
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.page import Page, Section, drawing, escape, side_by_side, table, thinned
from dexterity_ros.reporting.run_page import RunPage
from dexterity_ros.reporting.training_page import training_page

SHORT_RUN = Path(__file__).parents[1] / "data/short_run"
S = 1_000_000_000


@pytest.fixture(scope="module")
def page():
    return RunPage(RunRecord(Bag(SHORT_RUN))).page()


def written(page, tmp_path):
    page.write(tmp_path / "r.html")
    return (tmp_path / "r.html").read_text()


def test_the_page_needs_nothing_else_and_is_small(page, tmp_path):
    text = written(page, tmp_path)
    assert len(text) < 3e6
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text) and "@import" not in text and "<script" not in text
    assert "prefers-color-scheme:dark" in text and 'name="viewport"' in text


def test_what_it_draws_is_what_was_recorded(page, tmp_path):
    figures = {figure.name: figure for section in page.sections for figure in section.figures}
    assert {"timeline", "joints", "object", "timing", "ranges"} <= set(figures)
    run = RunRecord(Bag(SHORT_RUN))
    joints = figures["joints"].columns
    assert len(joints["time_s"]) == len(run.joint_pos.stamps_ns)
    np.testing.assert_allclose(
        joints["if_mcp_rad"], run.joint_pos.values[:, run.hand.joint_names.index("if_mcp")], atol=1e-4
    )
    files = page.export(tmp_path / "all")
    assert {f.suffix for f in files} == {".png", ".csv"} and all(f.stat().st_size > 100 for f in files)
    header = (tmp_path / "all/object.csv").read_text().splitlines()[0]
    assert header.startswith("time_s,to_goal_rad")


def test_identifiers_of_drawings_do_not_collide(page, tmp_path):
    names = re.findall(r'<clipPath id="([^"]+)"', written(page, tmp_path))
    assert names and len(names) == len(set(names))


def test_drawings_of_a_page_are_gone_with_it():
    import gc
    import weakref

    figure, _ = drawing()
    kept = weakref.ref(figure)
    del figure, _
    gc.collect()
    assert kept() is None


def test_a_bag_of_one_moment_is_drawn_without_a_warning(page):
    run = RunRecord(Bag(SHORT_RUN))
    run.bag.end_ns = run.bag.start_ns
    with warnings.catch_warnings(action="error"):
        assert RunPage(run)._timeline().figures[0].columns["begin_s"]


def test_faults_are_on_the_first_screenful_and_their_text_is_escaped():
    page = Page(title="a <b>", subtitle="", tiles=(("x", "1", "bad"),), alarms=("2.0 s: <script>",), sections=())
    text = page._html()
    assert "&lt;script&gt;" in text and "<script>" not in text and "a &lt;b&gt;" in text
    assert text.index("alarms") < text.index("<nav>")
    assert escape(3) == "3" and "<td>&amp;</td>" in table(("h",), [("&",)])


def test_a_hold_is_counted_and_named():
    run = RunRecord(Bag(SHORT_RUN))
    begin = run.bag.start_ns
    run.__dict__["states"] = run.states | {"supervisor": [
        (begin, "armed"), (begin + 2 * S, "hold: pose_stale: object_pose is 400 ms old"), (begin + 4 * S, "armed"),
    ]}  # fmt: skip
    page = RunPage(run).page()
    assert page.alarms[0].startswith("Pose stale at 2.0 s, for 2.0 s: object_pose is 400 ms old. Look at the camera")
    tiles = {label: (value, tone) for label, value, tone in page.tiles}
    assert tiles["time held by faults"] == ("2.0 s", "bad")


def test_two_runs_stand_side_by_side(page, tmp_path):
    other = replace(page, title="Run other")
    both = side_by_side(page, other)
    text = written(both, tmp_path)
    assert text.count("<h3>Run other</h3>") == len(page.sections) and 'class="two"' in text
    assert len(both.tiles) == 2 * len(page.tiles)
    names = re.findall(r'<clipPath id="([^"]+)"', text)
    assert len(names) == len(set(names))


def test_a_training_run_gets_its_page(tmp_path):
    rows = [
        {
            "steps": 100 * k, "updates": k, "seconds": float(k), "goal_max_rad": 1.0, "goal_fraction": 0.01 * k,
            "width": 0.1, "widths": {"friction": 0.1, "noise": 0.2}, "reward_progress": 0.1, "kl": 0.01,
            "learning_rate": 1e-3, "value_loss": 0.5, "policy_loss": 0.1, "entropy": 3.0,
        }
        for k in range(1, 60)
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    save_run(tmp_path, RunFile(kind="teacher", code_version="1", config={"seed": 1}))
    page = training_page(tmp_path)
    figures = {figure.name: figure for section in page.sections for figure in section.figures}
    assert set(figures) == {"learning", "widths", "reward", "kl", "losses"}
    assert figures["learning"].columns["goal_fraction"][-1] == pytest.approx(0.59)
    assert "<svg" in written(page, tmp_path)


def test_a_students_run_is_drawn_against_its_labels(tmp_path):
    rows = [
        {"rounds": k, "labels": 1000 * k, "rate": 0.1 * k, "unexplained": None, "alone": 0.5 if k == 2 else None}
        for k in range(1, 4)
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    save_run(tmp_path, RunFile(kind="student", code_version="1", config={"seed": 1}))
    page = training_page(tmp_path)
    assert [value for _, value, _ in page.tiles] == ["3", "0.00", "30 %", "50 %", "not tried"]
    (figure,) = page.sections[0].figures
    assert figure.columns["labels"].tolist() == [1000, 2000, 3000] and figure.columns["alone"][1] == 0.5
    assert "<svg" in written(page, tmp_path)


def test_what_is_neither_bag_nor_run_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"neither a bag nor a training run"):
        training_page(tmp_path)
    shutil.copy(__file__, tmp_path / "log.jsonl")
    with pytest.raises(ConfigError):
        training_page(tmp_path)


@pytest.mark.parametrize("log", [b'{"steps": 1}\n', b'\xff{"steps": 1}\n', b"[{}\n]}", b'{"labels": "x"}', b'{"a": [}'])
def test_a_log_of_something_else_is_one_line(tmp_path, log):
    (tmp_path / "log.jsonl").write_bytes(log)
    save_run(tmp_path, RunFile(kind="student", code_version="1", config={}))
    with pytest.raises(ConfigError, match=r"log\.jsonl is not the log of a training run \(.+\)$"):
        training_page(tmp_path)


def test_long_series_are_thinned_and_keep_their_ends():
    picked = thinned(100_000, 1000)
    assert len(picked) == 1000 and picked[0] == 0 and picked[-1] == 99_999
    assert thinned(3).tolist() == [0, 1, 2] and len(thinned(0)) == 0
    figure, _ = drawing()
    assert Section(title="x").figures == () and figure.get_size_inches()[0] > 5
