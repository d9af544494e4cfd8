"""A message names only options that exist: of the command that says it, or of the command that it names."""

import ast
import re
from pathlib import Path

import pytest

import dexterity_ros
from dexterity_ros.cli.commands import commands, options_class
from dexterity_ros.cli.parsing import flags

PACKAGE = Path(dexterity_ros.__file__).parent
OWN = {name: set(flags(options_class(command))) for name, command in commands()}
OWN = {
    name: own | {flag.replace("--", "--no-") for flag in own} | {"--help", "--help-json"} for name, own in OWN.items()
}
FLAG = re.compile(r"(?<![\w-])(?<!var\()--[a-z][a-z-]*[a-z](?![\w-])")
NAMED = re.compile(rf"(?:dexterity |`)({'|'.join(sorted(OWN, key=len, reverse=True))})\b")
# Files whose options belong to other programs: ROS, an emulator of its own, tyro, git; and custom properties of CSS.
OTHERS = {
    *("systems/processes.py", "drivers/emulated/serve.py", "bench/bus.py", "reporting/page.py", "cli/completion.py"),
    *("bench/stops/standing.py", "reporting/measured.py"),
}


def texts(tree):
    """Yields (line, text) of every text in a file that is no docstring; what an f-string fills in is left out."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    parts |= {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
            yield node.lineno, "".join(map(str, said))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


def parts_of(command):
    """Returns the files of cli that a command's work consists of: its own, and those that these import."""
    waiting, found = [command.work.partition(":")[0]], set()
    while waiting:
        name = waiting.pop()
        if name in found or not (PACKAGE / f"cli/{name}.py").is_file():
            continue
        found.add(name)
        waiting += re.findall(r"^from dexterity_ros\.cli\.(\w+) import", (PACKAGE / f"cli/{name}.py").read_text(), re.M)
    return {f"cli/{name}.py" for name in found}


USERS = {}
for whole_name, one in commands():
    for part in parts_of(one):
        USERS.setdefault(part, set()).add(whole_name)

SAID = [
    (path.relative_to(PACKAGE).as_posix(), line, text)
    for path in sorted(PACKAGE.rglob("*.py"))
    for line, text in texts(ast.parse(path.read_text()))
    if FLAG.search(text) and path.relative_to(PACKAGE).as_posix() not in OTHERS
]


def test_there_are_messages_to_check():
    assert len(SAID) > 30


@pytest.mark.parametrize(("file", "line", "text"), SAID)
def test_options_in_messages_exist(file, line, text):
    sayers = USERS.get(file, OWN.keys()) | set(NAMED.findall(text))
    there = set().union(*(OWN[name] for name in sayers), {"--help", "--help-json", "--version"})
    assert set(FLAG.findall(text)) <= there, f"{file}:{line}"


@pytest.mark.parametrize("name", OWN)
def test_help_speaks_of_its_own_options_and_of_those_of_commands_that_it_names(name):
    text = options_class(dict(commands())[name]).__doc__
    there = OWN[name].union(*(OWN[named] for named in NAMED.findall(text)))
    assert set(FLAG.findall(text)) <= there


def test_the_message_about_another_bundle_names_the_option_of_who_asked():
    for file, option in (("cli/replay.py", "--policy"), ("systems/recorded.py", "--arg policy:=BUNDLE")):
        assert f'bundle(other="{option}")' in (PACKAGE / file).read_text()
