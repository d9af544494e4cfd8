"""The questions of `dexterity import policy`: a wrong answer is asked for again, and no answer is lost."""

import builtins
import sys

import pytest
import yaml

pytest.importorskip("onnx")

from dexterity_ros.bundles.importers.answers import EXAMPLES
from dexterity_ros.bundles.importers.contract import QUESTIONS
from dexterity_ros.cli import policy_questions
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BundleError, DexterityError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import load_manifest

HAND = load_hand("leap")
OBSERVATION = "[{name: joint_pos, told: raw}, {name: last_action}]"
ANSWERS = {
    "task": "so3",
    "object": "cube70",
    "control_rate_hz": "20.0",
    "joint_order": f"[{', '.join(HAND.joint_names)}]",
    "joint_sign": "[1] ?",
    "joint_zero_rad": "[0]",
    "start_pos_rad": "[0.3]",
    "observation": OBSERVATION,
    "action.mode": "relative",
    "action.scale_rad": "[0.2]",
    "action.clip": "1.0",
    "action.ema": "1.0",
    "action.within_limits": "true",
    "latency_s": "[0.0, 0.05] ?",
    "current_limit_a": "0.35",
    "stiffness_nm_rad": "[3.0]",
    "damping_nm_s_rad": "[0.2]",
}
WRONG = {
    "task": ("swim", "hold"),
    "object": ("cube", "cube70_tags"),
    "control_rate_hz": ("fast", "expected a number"),
    "joint_order": ("[thumb, if_mcp]", "are no joints; expected each of if_mcp"),
    "joint_sign": ("[0.5]", "1 or -1"),
    "start_pos_rad": ("[0.1, 0.2]", "expected one or 16"),
    "observation": ("[{name: joint_pos, told: raw}]", "takes 32 numbers"),
    "action.mode": ("sideways", "one of"),
    "latency_s": ("[0.05, 0.0]", "the least first"),
}


@pytest.fixture
def terminal(others, tmp_path, monkeypatch):
    """A person at a terminal beside a file that says nothing; returns what makes the person answer."""
    others.saved(others.network(width=32), tmp_path / "mine.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    def answering(answers):
        waiting = iter(answers)

        def answer(_):
            said = next(waiting)
            if isinstance(said, BaseException):
                raise said
            return said

        monkeypatch.setattr(builtins, "input", answer)

    return answering


def with_mistakes():
    for name, right in ANSWERS.items():
        yield from [WRONG[name][0]] if name in WRONG else []
        yield right


def test_wrong_answers_are_asked_for_again_and_guesses_are_marked(terminal, tmp_path, capsys):
    terminal(with_mistakes())
    assert dispatch(["import", "policy", "mine.onnx"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for _, words in WRONG.values():
        assert words in said
    assert "questions; what you answer may bring further ones" in said
    assert "in: obs (any x 32)" in said and "[least, most]" in said
    assert "next: dexterity check models/policies/mine --hand leap" in said
    manifest = load_manifest(tmp_path / "models/policies/mine")
    assert set(manifest.unverified) == {"joint_sign", "latency_s", "training_range"}


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), EOFError()])
def test_who_leaves_early_goes_on_from_a_file(ending, terminal, tmp_path):
    answers = list(ANSWERS.values())
    terminal([*answers[:5], ending])
    with pytest.raises((KeyboardInterrupt, BundleError)):
        dispatch(["import", "policy", "mine.onnx"])
    kept = yaml.safe_load((tmp_path / "mine_contract.yaml").read_text())
    assert kept["task"] == "so3" and kept["unverified"] == ["joint_sign"] and "joint_zero_rad" not in kept
    terminal(answers[5:])
    assert dispatch(["import", "policy", "mine.onnx", "--contract", "mine_contract.yaml"]) == 0


def test_an_import_that_fails_at_the_end_keeps_the_answers(terminal, tmp_path):
    terminal(ANSWERS.values())
    (tmp_path / "models").write_text("in the way")
    with pytest.raises((DexterityError, OSError)):
        dispatch(["import", "policy", "mine.onnx"])
    assert yaml.safe_load((tmp_path / "mine_contract.yaml").read_text())["action"]["mode"] == "relative"


def test_what_is_missing_is_listed_one_thing_a_line(terminal, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(BundleError, match=r"does not say \d+ things"):
        dispatch(["import", "policy", "mine.onnx"])
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("latency_s: [least, most]") for line in lines) and len(lines) >= 15
    assert policy_questions.counted(1, "thing") == "1 thing"


def test_every_example_names_a_question():
    assert set(EXAMPLES) <= set(QUESTIONS)
