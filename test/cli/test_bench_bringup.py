"""`dexterity bench bringup` goes on from the walks that a file holds, and refuses walks that were others."""

import json

import pytest

pytest.importorskip("mujoco")

from dexterity_ros.bench.bringup.scores import WalkRow, Watchers
from dexterity_ros.bench.row_file import write_rows
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.sim.hidden import draw_hidden


@pytest.fixture
def file(tmp_path):
    """Holds two walks that found the truth."""
    rows = []
    for seed in (10_000, 10_001):
        hidden = draw_hidden(load_hand("leap"), None, seed)
        row = WalkRow(
            seed=seed,
            watchers=Watchers(wrong_share=0.03),
            hidden=hidden,
            robot=hidden,
            said="",
            minutes=12.0,
            cpu_s=200.0,
            asked=70,
            erred=2,
            figures={"most_rad_s": 0.8, "most_a": 0.3, "motors_with_torque": 0},
        )
        rows.append(config.to_mapping(row))
    write_rows(tmp_path / "rows.json", rows)
    return tmp_path / "rows.json"


def test_walks_that_a_file_holds_are_not_made_again(file):
    assert dispatch(["bench", "bringup", "--robots", "2", "--json", str(file), "--resume"]) == 0
    figures = json.loads(file.read_text())
    assert (figures["robots"], figures["signs_right"], figures["finished"]) == (2, 2, 2)
    assert figures["zeros_deg"]["p95"] == figures["stiffness_percent"]["p95"] == 0.0
    assert figures["most_rad_s"] == 0.8 and [row["seed"] for row in figures["rows"]] == [10_000, 10_001]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--eyes"], "holds walks of leap, 3 % wrong answers, eyes False"),
        (["--wrong-percent", "5"], "holds walks of leap, 3 % wrong answers"),
        (["--robots", "0"], "--robots is 0, expected 1 or more"),
    ],
)
def test_walks_of_another_kind_are_refused_and_the_file_stays_as_it_is(file, changed, said):
    before = file.read_text()
    with pytest.raises(ConfigError, match=said):
        dispatch(["bench", "bringup", "--robots", "2", "--json", str(file), "--resume", *changed])
    assert file.read_text() == before
