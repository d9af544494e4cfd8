"""Every `dexterity ...` that is written anywhere can be typed: in the README, docs, configuration, messages."""

import re
import shlex
from pathlib import Path

import pytest

import dexterity_ros
from dexterity_ros.cli.commands import FIRST_WORDS, Group, options_class
from dexterity_ros.cli.parsing import find, flags, parse

ROOT = Path(dexterity_ros.__file__).parents[1]
TEXTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.rst", ROOT / "Makefile"]
TEXTS += [path for folder in ("docs", "launch") for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".py")]
TEXTS += [path for folder in ("config", "dexterity_ros") for path in (ROOT / folder).rglob("*.*")]
TEXTS = sorted(path for path in TEXTS if path.suffix in (".md", ".rst", ".py", ".yaml"))
BLOCK = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`dexterity ([^`]+)`")
LISTED = re.compile(r"^[a-z-]+(?:\|[a-z-]+)+$")


def lines(path):
    """Yields what follows `dexterity` in blocks and between backticks, without comments and line breaks."""
    text = path.read_text()
    for block in BLOCK.findall(text) if path.suffix == ".md" else ():
        for line in block.splitlines():
            if line.strip().startswith("dexterity "):
                yield re.split(r" #|  ", line.strip())[0].removeprefix("dexterity ")
    for told in INLINE.findall(BLOCK.sub("", text) if path.suffix == ".md" else text):
        yield " ".join(re.sub(r"\n\s*(#\s)?", " ", told).split())


CASES = [(path.relative_to(ROOT).as_posix(), line) for path in TEXTS for line in dict.fromkeys(lines(path))]


def check(words):
    """Parses a whole line; of one with something left out only the names are checked."""
    alternatives = next((word for word in words[:2] if LISTED.match(word)), None)
    if alternatives is not None:
        for one in alternatives.split("|"):
            check([one if word == alternatives else word for word in words])
    elif words[0] in ("--help", "--help-json", "--version", "COMMAND"):
        assert len(words) <= 2
    elif isinstance(FIRST_WORDS.get(words[0]), Group) and words[1:] in ([], ["..."], ["--help"]):
        pass
    elif {"...", "--help", "--help-json"} & set(words) or len(find(words)[2]) == 0:
        _, command, rest = find(words)
        assert {word for word in rest if word.startswith("--")} <= {
            *flags(options_class(command)),
            "--help",
            "--help-json",
        }
    else:
        parse([word for word in words if word not in (">", "&")])


def test_there_are_lines_to_check():
    assert len(CASES) > 80 and {"README.md", "docs/training.md"} <= {name for name, _ in CASES}


@pytest.mark.parametrize(("name", "line"), CASES)
def test_what_is_written_can_be_typed(name, line):
    check(shlex.split(line.partition(" > ")[0]))
