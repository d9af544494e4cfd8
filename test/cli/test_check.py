"""`dexterity check` says "fits" to what fits, and one line to every other manifest, in bounded time."""

import json
import subprocess
import sys

import pytest
from rich.console import Console

from dexterity_ros.cli.check import check
from dexterity_ros.cli.options.check import CheckOptions
from dexterity_ros.cli.output import figures_table
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.manifest import bundle_id
from dexterity_ros.contracts.resources import shipped

SHIPPED = {
    "leap_so3": "380100a182a9",
    "leap_so3_mended": "ffa399e3837f",
    "leap_so3_reinforced": "9b6faad6023d",
    "leap_so3_student": "97a45e1901b2",
    "leap_yaw": "2c68ca1c3270",
}
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_fits_and_keeps_its_id(name, capsys):
    folder = shipped(f"models/policies/{name}")
    assert check(CheckOptions(bundle=folder)) == 0 and "fits the hand leap" in capsys.readouterr().out
    assert bundle_id(folder) == SHIPPED[name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(start_pos_rad=[0.0]), "start_pos_rad has 1 numbers, expected 16"),
        (lambda m: m["start_pos_rad"].__setitem__(0, 99.0), "start_pos_rad[0] is 99.0"),
        (
            lambda m: m["start_pos_rad"].__setitem__(0, 3.0),
            "start_pos_rad of policy leap_yaw of if_mcp is 3.0, outside",
        ),
        (lambda m: m["start_pos_rad"].__setitem__(0, NAN), "start_pos_rad[0] (line"),
        (lambda m: m["observation"]["terms"][0].update(max_age_s=NAN), "max_age_s (line"),
        (lambda m: m["observation"]["terms"][0].update(max_age_s=1e9), "max_age_s is 1000000000.0, expected 0 to 1"),
        (lambda m: m["observation"]["terms"][0].update(max_age_s=-1.0), "max_age_s is -1.0"),
        (lambda m: m["observation"]["terms"][0].update(width=10**30), "width is 1000000"),
        (lambda m: m["action"].update(clip=NAN), "action.clip (line"),
        (lambda m: m["action"].update(clip=1e9), "action.clip is 1000000000.0"),
        (lambda m: m["action"].update(ema=0.0), "action.ema is 0.0"),
        (lambda m: m.update(current_limit_a=NAN), "current_limit_a (line"),
        (lambda m: m.update(current_limit_a=-0.3), "current_limit_a is -0.3"),
        (lambda m: m.update(current_limit_a=0.0), "current_limit_a is 0.0"),
        (lambda m: m.update(current_limit_a=0.6), "needs 0.6 A"),
        (lambda m: m.update(latency_s=[0.1, 0.0]), "latency_s is [0.1, 0.0], expected the shortest first"),
        (lambda m: m.update(latency_s=[0.0, INF]), "latency_s[1] (line"),
        (lambda m: m.update(latency_s=[0.0]), "expected a list of 2 values"),
        (lambda m: m.update(control_rate_hz=0.0), "control_rate_hz is 0.0"),
        (lambda m: m.update(control_rate_hz=1e9), "control_rate_hz is 1000000000.0"),
        (lambda m: m["stiffness_nm_rad"].__setitem__(3, -3.0), "stiffness_nm_rad[3] is -3.0"),
        (lambda m: m["stiffness_nm_rad"].pop(), "stiffness_nm_rad has 15 numbers, expected 16"),
        (lambda m: m["damping_nm_s_rad"].__setitem__(3, -0.2), "damping_nm_s_rad[3] is -0.2"),
        (lambda m: m["damping_nm_s_rad"].append(0.2), "damping_nm_s_rad has 17 numbers"),
        (lambda m: m["training_range"]["joint_pos"]["low"].pop(), "low has 15 numbers, high 16"),
        (lambda m: m["training_range"]["object_pos"]["low"].__setitem__(0, 9.0), "low[0] is 9.0, above high[0]"),
        (lambda m: m["training_range"].pop("joint_pos"), "training_range has the widths"),
        (lambda m: m["joint_names"].pop(), "expected 15: one per joint"),
        (lambda m: m["observation"]["terms"].append(m["observation"]["terms"][0]), "occur more than once"),
        (lambda m: m["observation"].update(terms=[]), "terms has 0 entries"),
        (lambda m: m.update(hand="dclaw"), "was trained for the hand dclaw, this is leap"),
        (lambda m: m.update(name="\x1b[2Jleap"), "holds the character U+001B"),
        (lambda m: m.update(name="leap\nfits the hand leap"), "expected a name"),
        (lambda m: m.update(hand_digest="x" * 64), "expected 64 hexadecimal digits"),
        (lambda m: m.update(format=True), "format is True (bool), expected one of [1, 2]"),
        (lambda m: m["provenance"].update(seed=-1), "seed is -1"),
        (lambda m: m["provenance"].update(steps=-1), "steps is -1"),
        (lambda m: m.update(state_width=10**9), "state_width is 1000000000"),
        (lambda m: m.update(state_width=128), "is of kind step and has a state of 128"),
        (lambda m: m.update(results={"a": [NAN]}), "results.a[0] (line"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(manifest, change, said, refusal, edit):
    edit(manifest, change)
    assert said in refusal()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace(b"leap", b"le\xffp", 1), "is not UTF-8: byte 0xff at offset"),
        (lambda text: text.replace(b"seed: 1", b"seed: " + b"9" * 6000), "is a number of 6000 characters"),
        (lambda text: text + b"a: " + b"[" * 100_000, "nested deeper than 20"),
        (lambda text: b"x: &a {}\ny: [" + b"*a," * 60_000 + b"]\n" + text, "beyond 50000 values"),
        (lambda text: text.replace(b"kind: step", b"kind: !!python/name:os.system"), "tags are not read"),
        (lambda text: text + b"\nname: other", "stands there twice"),
        (lambda text: b"", "expected a mapping"),
        (lambda text: text + b"#" * 2_000_000, "expected at most 1000000"),
    ],
)
def test_a_manifest_that_is_no_plain_yaml_is_refused(manifest, damage, said, refusal):
    manifest.write_bytes(damage(manifest.read_bytes()))
    assert said in refusal()


def test_results_that_nobody_foresaw_are_shown_as_they_are(copy, manifest, capsys, edit):
    odd = {"a": {"rate": "high"}, "b": {"rate": 0.5, "rate_ci95": 3}, "c": "[/red]", "d": {"rate": 0.9}}
    edit(manifest, lambda m: m.update(results=odd))
    assert check(CheckOptions(bundle=copy)) == 0
    said = capsys.readouterr().out
    assert "{'rate': 'high'}" in said and "[/red]" in said and "d: 90.0 % (0-100)" in said


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("task", "juggle", "config/tasks has no 'juggle', it has"),
        ("task", "/dev/zero", "no file /dev/zero; it is something else"),
        ("object", "cube71", "no 'models/objects/cube71' here or in"),
        ("object", "../x", "no '../x' here or in"),
    ],
)
def test_a_task_or_an_object_that_is_not_here_is_named(manifest, key, value, said, refusal, edit):
    edit(manifest, lambda m: m.update({key: value}))
    assert said in refusal()


def test_another_hand_is_named(refusal):
    assert "the hand dclaw has" in refusal(hand="dclaw")


def test_a_user_sees_one_line_and_status_two(copy, manifest):
    manifest.write_bytes(b"a: \xff")
    command = [sys.executable, "-m", "dexterity_ros.cli.main", "check", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("ConfigError: ")


def test_figures_that_cannot_be_written_are_one_line(copy, tmp_path):
    with pytest.raises(DexterityError, match="nowhere/x.json cannot be written: No such file or directory"):
        check(CheckOptions(bundle=copy, json=tmp_path / "nowhere/x.json"))
    assert check(CheckOptions(bundle=copy, json=tmp_path / "x.json")) == 0
    assert json.loads((tmp_path / "x.json").read_text())["hand"].startswith("leap")


def test_text_in_a_table_reads_from_the_left_and_numbers_stand_below_each_other():
    screen = Console(width=40, color_system=None)
    with screen.capture() as caught:
        screen.print(
            figures_table("", {"what": "a text that is long enough to be folded", "n": 12, "x": 0.5, "no": None})
        )
    rows = [line.split("│")[2] for line in caught.get().splitlines() if "│" in line]
    assert rows[:2] == [f" {half:<{len(rows[0]) - 2}} " for half in ("a text that is long enough to", "be folded")]
    assert [row[1:-1] for row in rows[2:]] == [f"{text:>{len(rows[0]) - 2}}" for text in ("12", "0.5")] + [
        f"{'None':<{len(rows[0]) - 2}}"
    ]
