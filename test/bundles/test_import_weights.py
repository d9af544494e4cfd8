"""Files with weights alone: read without torch, and without running what is in them."""

import io
import json
import pickle
import zipfile

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import helper

from dexterity_ros.bundles.importers.contract import contract_of, missing
from dexterity_ros.bundles.importers.mlp import perceptron
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.bundles.importers.torch_file import read_tensors
from dexterity_ros.contracts.errors import BundleError, ConfigError

WIDTH, JOINTS = 5, 16


def answers(model: onnx.ModelProto, seen: np.ndarray) -> np.ndarray:
    return ort.InferenceSession(model.SerializeToString()).run(None, {"obs": seen.astype(np.float32)})[0]


def net(activation: torch.nn.Module) -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(WIDTH, 8), activation, torch.nn.Linear(8, JOINTS))


SEEN = np.random.default_rng(0).normal(size=(4, WIDTH))


@torch.no_grad()
def test_a_checkpoint_of_rsl_rl_answers_as_its_network_with_its_normaliser(tmp_path):
    actor = net(torch.nn.ELU())
    mean, std = torch.randn(1, WIDTH), 0.5 + torch.rand(1, WIDTH)
    state = {f"actor.{name}": value for name, value in actor.state_dict().items()}
    state |= {"actor_obs_normalizer._mean": mean, "actor_obs_normalizer._std": std, "std": torch.ones(JOINTS)}
    torch.save({"model_state_dict": state, "optimizer_state_dict": {}, "iter": 3}, tmp_path / "model_3.pt")
    found = read_policy(tmp_path / "model_3.pt", {"activation": "elu"})
    expected = actor((torch.from_numpy(SEEN).float() - mean) / (std + 0.01)).numpy()
    np.testing.assert_allclose(answers(found.model, SEEN), expected, atol=1e-5)


@torch.no_grad()
def test_a_checkpoint_of_rl_games_answers_as_its_network_with_its_normaliser(tmp_path):
    actor = net(torch.nn.ELU())
    weights = actor.state_dict()
    state = {f"a2c_network.actor_mlp.0.{part}": weights[f"0.{part}"] for part in ("weight", "bias")}
    state |= {f"a2c_network.mu.{part}": weights[f"2.{part}"] for part in ("weight", "bias")}
    mean, var = torch.randn(WIDTH), 0.2 + torch.rand(WIDTH)
    state |= {"running_mean_std.running_mean": mean, "running_mean_std.running_var": var}
    torch.save({"model": state}, tmp_path / "last.pth")
    found = read_policy(tmp_path / "last.pth", {"activation": "elu"})
    seen = ((torch.from_numpy(SEEN).float() - mean) / torch.sqrt(var + 1e-5)).clamp(-5, 5)
    np.testing.assert_allclose(answers(found.model, SEEN), actor(seen).numpy(), atol=1e-5)


def sb3_file(path, activation="ReLU"):
    actor = net(torch.nn.ReLU())
    weights = actor.state_dict()
    state = {f"mlp_extractor.policy_net.0.{part}": weights[f"0.{part}"] for part in ("weight", "bias")}
    state |= {f"action_net.{part}": weights[f"2.{part}"] for part in ("weight", "bias")}
    inner = io.BytesIO()
    torch.save(state, inner)
    data = {"action_space": {"low_repr": "-1.0", "high_repr": "1.0"}}
    if activation:
        data["policy_kwargs"] = {"activation_fn": f"<class 'torch.nn.modules.activation.{activation}'>"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", json.dumps(data))
        archive.writestr("policy.pth", inner.getvalue())
    return actor


@torch.no_grad()
def test_a_file_of_stable_baselines3_says_its_clip_and_activation_and_is_asked_for_the_normaliser(tmp_path):
    actor = sb3_file(tmp_path / "ppo.zip")
    found = read_policy(tmp_path / "ppo.zip", {})
    asked = missing(found, contract_of(found, {}, "contract"))
    assert "normaliser" in asked and "activation" not in asked and "action.clip" not in asked
    found = read_policy(tmp_path / "ppo.zip", {"normaliser": "none"})
    np.testing.assert_allclose(answers(found.model, SEEN), actor(torch.from_numpy(SEEN).float()).numpy(), atol=1e-5)
    given = {"normaliser": {"mean": [1.0] * WIDTH, "variance": [4.0] * WIDTH, "epsilon": 0.0, "clip": 0.3}}
    found = read_policy(tmp_path / "ppo.zip", given)
    seen = ((torch.from_numpy(SEEN).float() - 1.0) / 2.0).clamp(-0.3, 0.3)
    np.testing.assert_allclose(answers(found.model, SEEN), actor(seen).numpy(), atol=1e-5)


def test_an_activation_that_no_file_names_is_asked_for(tmp_path):
    sb3_file(tmp_path / "ppo.zip", activation="")
    found = read_policy(tmp_path / "ppo.zip", {"normaliser": "none"})
    assert "activation" in missing(found, contract_of(found, {}, "contract"))
    with pytest.raises(ConfigError, match="activation is 'sine'"):
        read_policy(tmp_path / "ppo.zip", {"normaliser": "none", "activation": "sine"})


class _Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


def test_what_a_file_would_run_is_not_run():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"trap": _Trap()}))
    assert set(read_tensors(content.getvalue(), "trap.pt")) == {"trap"}


def test_torchscript_and_memories_are_refused_by_name(tmp_path):
    torch.jit.script(net(torch.nn.ELU())).save(str(tmp_path / "policy.pt"))
    with pytest.raises(BundleError, match="TorchScript"):
        read_policy(tmp_path / "policy.pt", {})
    torch.save({"model_state_dict": {"memory_a.rnn.weight_ih_l0": torch.ones(2, 2)}}, tmp_path / "gru.pt")
    with pytest.raises(BundleError, match=r"rnn.weight_ih_l0.*ONNX"):
        read_policy(tmp_path / "gru.pt", {})


def test_weights_beside_an_onnx_file_are_taken_in_and_others_refused(tmp_path):
    rng = np.random.default_rng(0)
    model = perceptron([(rng.normal(size=(JOINTS, WIDTH)), rng.normal(size=JOINTS))], "elu")
    helper.set_model_props(model, {})
    expected = answers(model, SEEN)
    file = tmp_path / "p.onnx"
    onnx.save(model, str(file), save_as_external_data=True, location="p.onnx.data", size_threshold=0)
    np.testing.assert_array_equal(answers(read_policy(file, {}).model, SEEN), expected)
    content = file.read_bytes().replace(b"p.onnx.data", b"../etc/hosts"[:11])
    file.write_bytes(content)
    with pytest.raises(BundleError, match="expected a file beside it"):
        read_policy(file, {})
