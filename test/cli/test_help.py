"""Help fits its screen, lists a command's own options and no others, and comes without anything heavy."""

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import dexterity_ros
from dexterity_ros.cli.commands import FIRST_WORDS, Group, commands, options_class
from dexterity_ros.cli.help import json_document
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.parsing import flags
from dexterity_ros.cli.texts import text_of
from dexterity_ros.systems.spec import load_system

NAMES = dict(commands())
GROUPS = [name for name, entry in FIRST_WORDS.items() if isinstance(entry, Group)]
HEAVY = ("torch", "mujoco", "rclpy", "onnxruntime", "cv2", "viser", "scipy", "pyarrow", "matplotlib")
DOCS = Path(dexterity_ros.__file__).parents[1] / "docs"


def said(capsys, *words):
    assert dispatch(list(words)) == 0
    return capsys.readouterr().out


def test_the_menu_fits_one_screen_and_names_every_command(capsys):
    lines = said(capsys, "--help").splitlines()
    assert len(lines) < 24 and max(map(len, lines)) <= 80  # a line is left for the prompt
    assert [name for line in lines[1:] for name in line[10:24].replace(",", " ").split()] == list(FIRST_WORDS)
    wishes = [line[:10].strip() for line in lines[1:] if line[:10].strip()]
    assert wishes == ["see", "run", "record", "train", "judge", "bring up"]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_lists_its_commands_in_one_line_each(name, capsys):
    text = said(capsys, name, "--help")
    assert [line.split()[0] for line in text.splitlines()[2:]] == list(FIRST_WORDS[name].commands)
    assert max(map(len, text.splitlines())) <= 80
    assert dispatch([name]) == 2 and capsys.readouterr().err == text


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", NAMES)
def test_help_of_a_command_fits_and_lists_its_own_options_only(name, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = said(capsys, *name.split(), "--help")
    assert max(map(len, text.splitlines())) <= 100
    listed = re.findall(r"^  (--[a-z][a-z-]*)", text, re.MULTILINE)
    assert listed == flags(options_class(NAMES[name]))
    assert "JSON keys" not in text and "{None}" not in text
    assert "default: )" not in text and "default: '')" not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_says_what_it_does(name):
    about = text_of(options_class(NAMES[name])).about
    assert about[0].isupper() and about[-1] in ".?" and len(about) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_for_and_nothing_else_is_described(name):
    options = options_class(NAMES[name])
    _, _, attributes = inspect.getdoc(options).partition("Attributes:\n")
    described = set(re.findall(r"^    (\w+): \w", attributes, re.MULTILINE))
    hints = typing.get_type_hints(options, include_extras=True)
    shared = {key for key, hint in hints.items() if any(getattr(m, "help", None) for m in hint_parts(hint))}
    assert hints.keys() == described | shared


def hint_parts(hint):
    return getattr(hint, "__metadata__", ())


@pytest.mark.parametrize("name", NAMES)
def test_what_writes_json_says_which_keys(name, capsys):
    keys = text_of(options_class(NAMES[name])).json_keys
    assert bool(keys) is ("--json" in flags(options_class(NAMES[name])))
    assert (keys or "It writes no JSON.") in said(capsys, *name.split(), "--help-json")


def test_the_page_about_json_is_current(capsys):
    assert (DOCS / "json.md").read_text() == said(capsys, "--help-json") == json_document() + "\n"


def test_usage_shows_where_many_are_taken(capsys):
    assert "usage: dexterity train data [OPTIONS] DATA ...\n" in said(capsys, "train", "data", "--help")
    assert "[OPTIONS] OUT DATASET ...\n" in said(capsys, "bag", "join-lerobot", "--help")


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("system", ["sim", "eyes", "real", "replay", "exercise"])
def test_help_of_up_lists_the_arguments_of_the_system(system, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = said(capsys, "up", system, "--help")
    listed = text.partition(f"arguments of {system}\n")[2]
    assert re.findall(r"^  (\w+):=", listed, re.MULTILINE) == list(load_system(system).arguments)
    assert max(map(len, text.splitlines())) <= columns
    flat = " ".join(said(capsys, "up", "--help").split())
    assert "policy:= policy bundle directory (default: models/policies/leap_so3_mended)" in flat


def test_nothing_heavy_is_imported_for_help_or_for_reading_options():
    code = f"""
import sys
from dexterity_ros.cli.commands import FIRST_WORDS, commands
from dexterity_ros.cli.main import dispatch
dispatch(["--help"])
light = not {{"tyro", "rich", "numpy", "yaml"}} & sys.modules.keys()
from dexterity_ros.cli.parsing import parse
for words in [["--help-json"], *([name] for name in FIRST_WORDS), *(name.split() for name, _ in commands())]:
    dispatch([*words, "--help"])
    dispatch([*words, "--help-json"])
parse("train teacher --config c".split())
print(light, [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "True []"


def test_without_arguments_it_says_what_to_try_first(capsys):
    assert dispatch([]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert 3 <= len(lines) <= 4 and any("dexterity demo" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_help_is_help_wherever_it_stands(capsys):
    assert said(capsys, "demo", "--goals", "3", "-h") == said(capsys, "--help", "demo")


def test_help_asked_of_what_does_not_exist_is_refused(capsys):
    done = subprocess.run([sys.executable, "-m", "dexterity_ros.cli.main", "trian", "--help"], capture_output=True)
    assert done.returncode == 2 and b"nearest: train" in done.stderr and done.stderr.count(b"\n") == 1
