"""What `--json` writes is what `--help-json` lists, no key more."""

import json
from pathlib import Path

import pytest

pytest.importorskip("mujoco")

from dexterity_ros.cli.commands import commands, options_class
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.texts import text_of

SHORT_RUN = str(Path(__file__).parents[1] / "data/short_run")
OTHER = "models/policies/leap_so3"


def keys(content, depth):
    """Returns the keys of a file's content down to a depth; names of stages and joints are none."""
    if isinstance(content, list):
        return set().union(*(keys(one, depth) for one in content))
    if not isinstance(content, dict) or depth == 0:
        return set()
    return content.keys() | set().union(*(keys(value, depth - 1) for value in content.values()))


@pytest.mark.parametrize(
    ("words", "depth"),
    [
        ("check models/policies/leap_yaw", 1),
        (f"bag info {SHORT_RUN}", 1),
        (f"replay {SHORT_RUN}", 1),
        (f"replay {SHORT_RUN} --policy {OTHER}", 1),
        pytest.param(f"evaluate {OTHER} --episodes 4 --against {OTHER}", 3, marks=pytest.mark.slow),
        ("bench policy", 2),
        ("bench faults --repeats 1 --cycles 200", 1),
    ],
)
def test_the_keys_of_a_file_are_listed(words, depth, tmp_path):
    file = tmp_path / "figures.json"
    assert dispatch([*words.split(), "--json", str(file)]) == 0
    name = next(name for name, _ in commands() if words.startswith(name))
    listed = text_of(options_class(dict(commands())[name])).json_keys
    assert sorted(key for key in keys(json.loads(file.read_text()), depth) if key not in listed) == []
