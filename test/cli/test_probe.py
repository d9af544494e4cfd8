"""What `dexterity import policy --probe` prints is what it decided by."""

import json

import onnx
import pytest
import yaml

pytest.importorskip("mujoco")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.resources import data_root, shipped

PAGE = (data_root() / "docs" / "own_policy.md").read_text()
BACK = "goal errors the other way round"


@pytest.fixture
def contract(tmp_path):
    """The page's contract with one mistake: its error is not from object to goal, but from goal to object."""
    told = yaml.safe_load(PAGE.split("```yaml\n", 1)[1].split("```", 1)[0])
    goals = [{"name": f"goal_{form}", "of": "goal_turn_back", "form": form} for form in ("rotvec", "rot6d")]
    told["observation"] = [next((g for g in goals if g["name"] == t["name"]), t) for t in told["observation"]]
    told["unverified"] = ["observation"]
    path = tmp_path / "contract.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


@pytest.fixture
def policy(tmp_path):
    """A shipped network without a word about itself."""
    model = onnx.load(str(shipped("models/policies/leap_so3") / "policy.onnx"))
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "policy.onnx"))
    return tmp_path / "policy.onnx"


def test_the_table_and_the_verdict_of_a_probe_are_of_the_same_episodes(policy, contract, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    words = ["import", "policy", str(policy), "--contract", str(contract), "--out", str(tmp_path / "mine"), "--probe"]
    assert dispatch([*words, "--episodes", "4", "--json", str(figures)]) == 0
    said = json.loads(figures.read_text())["probe"]
    assert (said["verdict"], said["convention"]) == ("other", BACK)
    best = said["finalists"][0]
    assert (best["convention"], best["score"]) == (BACK, said["other_score"])
    printed = " ".join(capsys.readouterr().out.split())
    assert f"│ {BACK} │ {best['score']:.2f} +- {best['error']:.2f} │" in printed
    assert f"{BACK}, {best['score']:.2f} against {said['score']:.2f} as said" in printed


def test_a_bundle_is_found_as_other_commands_find_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="there is models/policies/leap_so3"):
        dispatch(["import", "policy", "leap_so3", "--probe"])
    with pytest.raises(ConfigError, match="leap_so3 is a folder; give the policy's file, or --probe for a bundle"):
        dispatch(["import", "policy", "models/policies/leap_so3"])


@pytest.mark.parametrize(("name", "said"), [("policy", "policy has no ending"), ("p.tar", "p.tar ends in '.tar'")])
def test_a_file_of_no_known_kind_is_refused_by_its_ending(name, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BundleError, match=f"{said}; there are .onnx, .yaml"):
        dispatch(["import", "policy", name])
