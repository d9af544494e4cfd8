"""A report says what happened, without a network, small enough to send, and what it draws is the recording's."""

import base64
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
from dexterity_ros.reporting.chart import Chart, Line, Panel
from dexterity_ros.reporting.drawing import drawing, thinned
from dexterity_ros.reporting.page import Page, Section, side_by_side, table
from dexterity_ros.reporting.run_page import RunPage
from dexterity_ros.reporting.told import asset, escape
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
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text) and "@import" not in text
    scripts = re.findall(r"<script([^>]*)>", text)
    assert set(scripts) == {"", ' type="application/json" id="told"'}
    own = "".join(asset(name) for name in ("charts.js", "player.js", "start.js", "page.css"))
    assert not re.findall(r"fetch\(|XMLHttpRequest|import\(|https?:|url\(", own)
    assert "prefers-color-scheme:dark" in text and 'name="viewport"' in text


def test_the_library_of_the_charts_comes_with_its_licence():
    assert "MIT License" in asset("uPlot.LICENSE") and "uPlot (v1.6" in asset("uPlot.iife.min.js")[:80]


def told(page, tmp_path):
    return json.loads(re.search(r'id="told">(.*?)</script>', written(page, tmp_path)).group(1))


def numbers(text, kind="<f4"):
    return np.frombuffer(base64.b64decode(text), kind)


def test_charts_and_playback_hold_what_was_recorded(page, tmp_path):
    run, content = RunRecord(Bag(SHORT_RUN)), told(page, tmp_path)
    by_lines = {tuple(line["label"] for line in panel["charts"][0]["lines"]): panel for panel in content["panels"]}
    joints = by_lines[("measured", "gated target", "limits", "limits")]
    assert len(joints["charts"]) == 16 and joints["span"] == [0.0, pytest.approx(run.bag.duration_s)]
    drawn = numbers(joints["charts"][0]["lines"][0]["values"])
    assert drawn[-1] == pytest.approx(run.joint_pos.values[-1, 0], abs=1e-6)
    (scene,) = content["players"]
    times, measured = numbers(scene["times"]), numbers(scene["measured"]).reshape(-1, 16)
    assert len(times) == len(measured) and np.diff(times).max() < 0.06
    k = int(np.searchsorted(times, 5.0))
    at = run.bag.start_ns + round(float(times[k]) * 1e9)
    assert np.abs(measured[k] - run.joint_pos.at(np.array([at]))[0]).max() < 0.1
    goals = numbers(scene["goal"]).reshape(-1, 4)
    assert np.isnan(goals[0]).all() and np.isfinite(goals[-1]).all()
    assert len(numbers(scene["object"]["triangles"])) == 6 * 4 * 9 and len(scene["links"]) > 16


def test_what_it_draws_is_what_was_recorded(page, tmp_path):
    figures = {figure.name: figure for section in page.sections for figure in section.figures}
    assert {"timeline", "playback", "joints", "object", "ages", "ticks", "ranges"} <= set(figures)
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


def test_drawings_of_a_page_are_gone_with_it():
    import gc
    import weakref

    figure, _ = drawing()
    kept = weakref.ref(figure)
    del figure, _
    gc.collect()
    assert kept() is None


def test_a_bag_of_one_moment_is_drawn_without_a_warning(tmp_path):
    run = RunRecord(Bag(SHORT_RUN))
    run.bag.end_ns = run.bag.start_ns
    with warnings.catch_warnings(action="error"):
        (lanes,) = RunPage(run)._timeline().figures
        assert lanes.said["supervisor"] and lanes.export(tmp_path)


def test_faults_are_on_the_first_screenful_and_their_text_is_escaped():
    alarms = ("At 2.0 s: <script>. Look at <b>.", "And this.")
    page = Page(title="a <b>", subtitle="", tiles=(("x", "1", "bad"),), alarms=alarms, sections=())
    text = page.html()
    assert "<p>At 2.0 s: &lt;script&gt;.<span> Look at &lt;b&gt;.</span></p><ul><li>And this.</li></ul>" in text
    assert "<script" not in text and "a &lt;b&gt;" in text
    assert text.index('class="verdict"') < text.index('class="tiles"') < text.index("<nav>")
    assert escape(3) == "3" and "<td>&amp;</td>" in table(("h",), [("&",)])


def test_what_scripts_are_told_cannot_end_their_element(tmp_path):
    chart = Chart(x=np.arange(2.0), lines=(Line(label="</script><b>", values=np.arange(2.0)),))
    panel = Panel(name="p", note="", charts=(chart,), span=(0.0, 1.0))
    section = Section(title="s", figures=(panel,))
    page = Page(title="t", subtitle="", tiles=(), alarms=(), sections=(section,))
    assert "</script><b>" not in page.html()
    assert told(page, tmp_path)["panels"][0]["charts"][0]["lines"][0]["label"] == "</script><b>"


def test_a_hold_is_counted_and_named():
    run = RunRecord(Bag(SHORT_RUN))
    begin = run.bag.start_ns
    run.__dict__["states"] = run.states | {"supervisor": [
        (begin + S, "armed"), (begin + 2 * S, "hold: pose_stale: object_pose is 400 ms old"), (begin + 4 * S, "armed"),
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
    groups = [panel["group"] for panel in told(both, tmp_path)["panels"]]
    assert len(set(groups)) == 6 and all(group.startswith(("Run short_run_", "Run other_")) for group in groups)


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
    assert set(figures) == {"learning", "widths", "reward", "update"} and page.alarms == ()
    assert figures["learning"].columns["goal_fraction"][-1] == pytest.approx(0.59)
    (_, learning, *_) = [panel["x_label"] for panel in told(page, tmp_path)["panels"]]
    assert learning == "million steps"


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
    assert len(told(page, tmp_path)["panels"][0]["charts"][0]["lines"]) == 3


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
