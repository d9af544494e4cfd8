"""Ctrl-C ends long work: no traceback, status 130, nothing half-written under the name that was asked for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("mcap")
pytest.importorskip("matplotlib")
pytest.importorskip("mujoco")

from dexterity_ros.bench import sim as bench_sim
from dexterity_ros.cli.main import dispatch
from dexterity_ros.recording import tables
from dexterity_ros.replay import compare, offline
from dexterity_ros.reporting import film, page

SHORT_RUN = str(Path(__file__).parents[1] / "data/short_run")
COMMANDS = {
    "bag export": (tables, "_write_csv", ["bag", "export", SHORT_RUN, "OUT/tables"]),
    "report": (page, "_section_html", ["report", SHORT_RUN, "--out", "OUT/page.html"]),
    "report --export": (page.Page, "export", ["report", SHORT_RUN, "--out", "OUT/../page.html", "--export", "OUT/all"]),
    "report --video": (film, "_captioned", ["report", SHORT_RUN, "--out", "OUT/../p.html", "--video", "OUT/v.gif"]),
    "replay": (offline, "_gate", ["replay", SHORT_RUN, "--json", "OUT/replay.json"]),
    "compare": (compare, "troubles", ["compare", SHORT_RUN, "--json", "OUT/compare.json"]),
    "bench sim": (bench_sim, "ReorientEnv", ["bench", "sim", "--json", "OUT/sim.json"]),
}


def press(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_interrupted_leaves_nothing(command, tmp_path, monkeypatch):
    place, name, words = COMMANDS[command]
    monkeypatch.setattr(place, name, press)
    (out := tmp_path / "out").mkdir()
    with pytest.raises(KeyboardInterrupt):
        dispatch([word.replace("OUT", str(out)) for word in words])
    assert list(out.iterdir()) == []


def test_a_real_ctrl_c_ends_the_process_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "dexterity_ros.cli.main", "report", SHORT_RUN, "--export", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "page.html")], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which a shell's background job ignores
    )  # fmt: skip
    end = time.monotonic() + 120.0
    while not list(tmp_path.glob(".out.*")):  # the figures are being drawn, which takes seconds
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said == ""
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]  # which was whole before
