"""A text that people wrote is read as it stands, or refused in one line, in bounded time."""

import time
from datetime import timedelta

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dexterity_ros.contracts import config, yaml_text
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.resources import data_root, shipped

SHIPPED = sorted(p for folder in ("config", "models") for p in (data_root() / folder).rglob("*.yaml"))
HAND = shipped("config/hands/leap.yaml").read_bytes()
PROMPT_S = 5.0
LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


def refusal(text):
    """Returns the one line with which a text is refused, promptly."""
    began = time.perf_counter()
    with pytest.raises(ConfigError) as refused:
        yaml_text.parse(text, "f")
    assert time.perf_counter() - began < PROMPT_S
    said = str(refused.value)
    assert "\n" not in said and said.isprintable() and len(said) < 500
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: \xff", "f is not UTF-8: byte 0xff at offset 3"),
        (b"\xff\xfea\x00:\x00", "f is not UTF-8: byte 0xff at offset 0"),
        ("a: " + "9" * 6000, "f.a (line 1) is a number of 6000 characters, expected at most 40"),
        ("a: 0." + "9" * 6000, "number of 6002 characters"),
        ("a: " + "[" * 10_000, "nested deeper than 20 levels"),
        ("- " * 10_000, "nested deeper than 20 levels"),
        ("? " * 10_000, "nested deeper than 20 levels"),
        (BOMB, "beyond 50000 values, aliases counted as often as used"),
        ("a: [" + "x, " * 60_000 + "]", "beyond 50000 values"),
        ("a: &a [*a]", "*a, which is not complete before it"),
        ("a: *a", "*a, which is not complete before it"),
        ("a: 1\nb: 2\na: 3", "f.a (line 3) stands there twice"),
        ("a: {b: 1, b: 1}", "f.a.b (line 1) stands there twice"),
        ("a: .nan", "f.a (line 1) is .nan, expected a finite number"),
        ("a: [1.0, -.inf]", "f.a[1] (line 1) is -.inf, expected a finite number"),
        ("a: 1.0e+999", "expected a finite number"),
        ("a: !!python/object/apply:os.system [ls]", "tags are not read"),
        ("a: !!int x", "tags are not read"),
        ('a: "\\e[31m"', "holds the character U+001B"),
        ('"\\e[31m": 1', "holds the character U+001B"),
        ("a: \x1b[31m", "not valid YAML"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ('a: "\\ud800"', "f"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "not valid YAML"),
        ("1: a", "the key 1, expected a short text"),
        ("yes: a", "the key True, expected a short text"),
        ("[a]: b", "the key ['a'], expected a short text"),
        ("k" * 300 + ": b", "expected a short text"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: [1", "f is not valid YAML: line"),
        ("a: 1\n  b: 2", "not valid YAML: line 2"),
        ("#" * 1_000_001, "has 1000001 bytes, expected at most 1000000"),
    ],
)
def test_what_is_not_plain_is_refused_in_one_line(text, said):
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a:", {"a": None}),
        ("[1, -2, +3, 0, 1_000]", [1, -2, 3, 0, 1000]),
        ("[1.5, -.5, 2., 1.0e-3, 6.8523015e+5]", [1.5, -0.5, 2.0, 1e-3, 685230.15]),
        ("[yes, No, TRUE, off, ~, null]", [True, False, True, False, None, None]),
        ("['1', \"yes\", 1e9, 010, 0x10]", ["1", "yes", "1e9", "010", "0x10"]),
        ("[1:30, 2024-01-01, y]", ["1:30", "2024-01-01", "y"]),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("# nothing\n--- {a: é}\n", {"a": "é"}),
        ("﻿a: 1", {"a": 1}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("loader", LOADERS)
def test_what_is_plain_is_read_as_it_stands(text, value, loader, monkeypatch):
    monkeypatch.setattr(yaml_text, "_LOADER", loader)
    read = yaml_text.parse(text, "f")
    assert read == value and yaml_text.parse(text.encode(), "f") == value
    if isinstance(value, list):
        assert [type(item) for item in read] == [type(item) for item in value]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_read_as_any_yaml_reader_reads_them(path):
    assert yaml_text.parse(path.read_bytes(), path.name) == yaml.safe_load(path.read_text())


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    SCALARS | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex("[a-z_]{1,9}", fullmatch=True), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(TREES)
def test_what_is_written_is_what_is_read(tree):
    assert yaml_text.parse(yaml.safe_dump(tree), "f") == tree


@settings(deadline=timedelta(seconds=PROMPT_S))
@given(st.text(max_size=200) | st.text("{}[]:,-?&*!|>'\"%#@ \n\tab01.eE+~\\\x1b", max_size=80) | st.binary(max_size=80))
@example("a: 2024-13-45")
@example("a: 0x_")
@example("!<tag:yaml.org,2002:timestamp> x")
def test_no_text_is_a_traceback_with_libyaml_or_without(text):
    for loader in LOADERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_text, "_LOADER", loader)
            try:
                yaml_text.parse(text, "f")
            except ConfigError as error:
                assert "\n" not in str(error)


@settings(deadline=timedelta(seconds=PROMPT_S), max_examples=200)
@given(st.data())
def test_no_damage_to_a_hand_is_a_traceback(data):
    damaged = bytearray(HAND)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    try:
        config.from_mapping(HandSpec, config.parse_mapping(bytes(damaged), where="hand"), where="hand")
    except ConfigError as error:
        assert "\n" not in str(error)
