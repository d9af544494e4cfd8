"""A trial of stops keeps what it has: interrupted, it goes on from there."""

import json

import pytest

from dexterity_ros.bench.stops import virtual
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError


@pytest.fixture(autouse=True)
def few(monkeypatch):
    kinds = {kind: virtual.KINDS[kind] for kind in ("hand_node estop", "disarm")}
    monkeypatch.setattr(virtual, "KINDS", kinds)
    monkeypatch.setattr(virtual, "BUS_FAULTS", ("none",))


def run(path, *more):
    return dispatch(["bench", "stops", "--real-repeats", "0", "--json", str(path), *more])


def rows(path):
    return json.loads(path.read_text())["rows"]


def test_a_trial_that_was_interrupted_goes_on_to_the_same_rows(tmp_path, monkeypatch):
    part, whole = tmp_path / "part.json", tmp_path / "whole.json"
    assert run(whole, "--repeats", "2") == 0
    stop = virtual.run_stop

    def interrupted(hand, kind, fault, repeat):
        if kind == "disarm":
            raise KeyboardInterrupt
        return stop(hand, kind, fault, repeat)

    with monkeypatch.context() as patch:
        patch.setattr(virtual, "run_stop", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(part, "--repeats", "2")
    assert [row["kind"] for row in rows(part)] == ["hand_node estop"] * 2
    assert run(part, "--repeats", "2", "--resume") == 0
    assert rows(part) == rows(whole) and all(row["shortcomings"] == [] for row in rows(part))


def test_a_file_of_other_rows_is_not_gone_on_from(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text('{"rows": [{"file": "x"}]}')
    with pytest.raises(ConfigError, match="is no file of rows that bench stops wrote"):
        run(path, "--repeats", "1", "--resume")
