"""A trial on damaged files keeps what it has: interrupted, it goes on from there, and ends as one that never was."""

import json

import pytest

from dexterity_ros.bench.damage.kinds import TRIALS
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError


def run(path, repeats, *more):
    files = ("--files", "task", "system")
    return dispatch(["bench", "damage", *files, "--repeats", str(repeats), "--json", str(path), *more])


def rows(path):
    """The rows of a file; folders of copies have other names every time."""
    return [row | {"said": ""} for row in json.loads(path.read_text())["rows"]]


def test_a_trial_that_was_interrupted_keeps_its_rows_and_goes_on_to_the_same_end(tmp_path, monkeypatch):
    part, whole = tmp_path / "part.json", tmp_path / "whole.json"
    assert run(whole, 3) == 0

    def interrupted(first, repeats, *how):
        yield from TRIALS["task"](first, repeats, *how)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dexterity_ros.cli.bench_damage.TRIALS", TRIALS | {"task": interrupted})
        with pytest.raises(KeyboardInterrupt):
            run(part, 2)
    kept = [row["seed"] for row in rows(part)]
    assert kept and rows(part) == rows(whole)[: len(kept)]
    assert run(part, 3, "--resume") == 0
    assert rows(part) == rows(whole)
    assert run(part, 3, "--resume") == 0 and len(rows(part)) == len(rows(whole))  # nothing is left to do


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"rows": [{}]}', '{"rows": [{"file": "x"', "\ud800"])
def test_a_file_of_other_things_is_not_gone_on_from(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError, match="is no file of rows that bench damage wrote"):
        run(path, 1, "--resume")


def test_to_go_on_needs_the_file_to_go_on_from():
    with pytest.raises(ConfigError, match="--json"):
        dispatch(["bench", "damage", "--resume"])
