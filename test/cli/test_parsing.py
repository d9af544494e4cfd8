"""Words on the shell become a command and its own options; what does not exist is refused by name."""

from pathlib import Path

import pytest

from dexterity_ros.cli.commands import FIRST_WORDS, Group, commands, options_class
from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.parsing import find, flags, parse
from dexterity_ros.contracts.errors import ConfigError

NAMES = dict(commands())


def test_every_command_that_people_know_exists():
    known = {
        "train": "teacher student ablation methods dark-room slippery",
        "bench": "sim policy kills bus faults paths perception eyes learning imitation damage",
        "hand": "read hold home jog setup accept",
        "bag": "info recover export to-lerobot from-lerobot",
    }
    alone = "demo up arm disarm estop check evaluate export doctor record replay compare report view"
    assert {f"{first} {second}" for first, seconds in known.items() for second in seconds.split()} <= NAMES.keys()
    assert set(alone.split()) <= NAMES.keys()


def differ(entry):
    """Whether the commands of a group have different options."""
    return isinstance(entry, Group) and len({frozenset(flags(options_class(e))) for e in entry.commands.values()}) > 1


@pytest.mark.parametrize("name", [name for name, entry in FIRST_WORDS.items() if differ(entry)])
def test_an_option_of_a_sibling_is_refused_with_who_has_it(name):
    members = {f"{name} {second}": options_class(entry) for second, entry in FIRST_WORDS[name].commands.items()}
    foreign = [
        (member, flag, owner)
        for member, options in members.items()
        for owner, others in members.items()
        for flag in flags(others)
        if flag not in flags(options)
    ]
    assert foreign
    for member, flag, owner in foreign:
        with pytest.raises(ConfigError) as refused:
            parse([*member.split(), flag, "1"])
        said = str(refused.value)
        assert said.startswith(f"{member} has no {flag}, which is of ") and owner in said.partition(";")[0], said
        assert all(own in said for own in flags(members[member]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "dexterity has no command 'trian'; nearest: train, trials, print; it has demo"),
        (["train", "techer"], "train has no command 'techer'; nearest: teacher; it has teacher, student"),
        (["bench", "sims"], "bench has no command 'sims'; nearest: sim"),
        (["train", "--config", "x"], "train has no command '--config'"),
        (["evaluate", "b", "--episods", "4"], "evaluate has no '--episods'; nearest: --episodes"),
        (["evaluate", "b", "--device", "cpu"], "evaluate has no '--device'"),
        (["evaluate", "b", "--episods=4"], "evaluate has no '--episods'; nearest: --episodes"),
        (["disarm", "--yes"], "disarm has no '--yes'; it has no options"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_that_does(words, said):
    with pytest.raises(ConfigError, match=said) as refused:
        dispatch(words)
    assert "\n" not in str(refused.value)


def test_options_reach_their_command():
    command, options = parse(["hand", "jog", "if_mcp", "--by-rad", "0.1", "--seconds=2"])
    assert command is NAMES["hand jog"]
    assert (options.joint, options.by_rad, options.seconds) == ("if_mcp", 0.1, 2.0)
    _, options = parse(["demo", "--no-eyes", "--goal_rad", "0.8", "1.2", "--record", "b"])
    assert (options.eyes, options.goal_rad, options.record) == (False, (0.8, 1.2), Path("b"))
    _, options = parse(["up", "replay", "--arg", "bag:=b", "rate:=2", "--arg", "hand:=leap"])
    assert options.arg == (("bag:=b", "rate:=2"), ("hand:=leap",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("demo --goals many", "--goals is 'many', expected a whole number"),
        ("demo --goals=many --seed 3", "--goals is 'many', expected a whole number"),
        ("demo --goals", "--goals has no value, expected a whole number"),
        ("demo --goals --eyes", "--goals has no value, expected a whole number"),
        ("demo --minutes 1m", "--minutes is '1m', expected a number"),
        ("demo --goal-rad 1 x", "--goal-rad is '1 x', expected 2 numbers, LOW HIGH"),
        ("demo --goal_rad 1", "--goal_rad is '1', expected 2 numbers, LOW HIGH"),
        ("demo --hardware usb", "--hardware is 'usb', expected one of ['dynamixel', 'direct']"),
        (
            "evaluate b --sweep speed",
            "--sweep is 'speed', expected one of ['latency', 'noise', 'friction', 'mass', 'rate']",
        ),
        ("replay b --policy", "--policy has no value, expected BUNDLE"),
        ("completion fish", "the word is 'fish', expected one of ['bash', 'zsh']"),
        ("hand jog", "JOINT is missing: expected JOINT"),
        ("export run", "BUNDLE is missing: expected RUN BUNDLE"),
        ("check", "BUNDLE is missing: expected BUNDLE"),
        ("check a b", "'b' is too much: expected BUNDLE"),
        ("disarm now", "'now' is too much: expected nothing but options"),
        ("bag join-lerobot", "OUT is missing: expected OUT DATASET ..."),
    ],
)
def test_a_value_that_does_not_fit_is_one_line_that_says_what_is_expected(words, said, capsys):
    with pytest.raises(ConfigError) as refused:
        parse(words.split())
    assert str(refused.value) == said
    assert capsys.readouterr() == ("", "")


def test_what_the_parser_alone_finds_wrong_has_no_frame(monkeypatch):
    monkeypatch.setattr("dexterity_ros.cli.parsing.value_problem", lambda *_: "")
    with pytest.raises(ConfigError, match=r"^Value error Error parsing --goals: [^─│╭]+$"):
        parse(["demo", "--goals", "many"])


def test_whole_names_are_found():
    assert find(["bench", "kills", "--repeats", "1"])[0] == "bench kills"
    assert find(["demo", "--goals", "1"])[2] == ["--goals", "1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "b", "--episodes", "-1"], "--episodes is -1, expected 1 or more"),
        (["evaluate", "b", "--goals", "0"], "--goals is 0, expected 1 or more"),
        (["evaluate", "b", "--seed", "-5"], "--seed is -5, expected 0 or more"),
        (["bench", "damage", "--repeats", "0"], "--repeats is 0, expected 1 or more"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anything_is_read(words, said):
    with pytest.raises(ConfigError, match=said):
        dispatch(words)
