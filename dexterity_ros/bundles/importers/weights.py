"""Weights without a graph: checkpoints of rsl_rl and rl_games, and stable-baselines3's own zip files.

Source: names of weights in rsl_rl 2 to 5 (actor_critic.py, normalization.py: deviation + 0.01), rl_games
(network_builder.py, running_mean_std.py: 1e-5, limit 5), stable_baselines3 2 (policies.py, vec_normalize.py).
"""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.bundles.importers.mlp import ACTIVATIONS, Normaliser, layers, perceptron
from dexterity_ros.bundles.importers.torch_file import read_tensors
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.manifest import MOST_NETWORK_BYTES
from dexterity_ros.contracts.ranges import shown

SUFFIXES = (".pt", ".pth", ".zip")
_RL_GAMES = "a2c_network."
_SB3_ACTORS = (  # (hidden layers, last layer, whether tanh follows)
    ("mlp_extractor.policy_net", "action_net", False),
    ("actor.latent_pi", "actor.mu", True),
)


def read(path: Path, given: Mapping[str, Any]) -> Foreign:
    """Returns the policy as a graph. given: what people say: activation, normaliser. Raises DexterityError."""
    where, content = shown_path(path), read_bounded(path, MOST_NETWORK_BYTES)
    if path.suffix == ".zip":
        return _stable_baselines(content, given, where)
    saved = read_tensors(content, where)
    state = next((saved[key] for key in ("model_state_dict", "actor_state_dict", "model") if key in saved), saved)
    weights = {str(name): value for name, value in state.items() if isinstance(value, np.ndarray)}
    if any(name.startswith(_RL_GAMES) for name in weights):
        return _rl_games(weights, given, where)
    return _rsl_rl(weights, saved, given, where)


def _rsl_rl(weights: dict[str, Any], saved: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Foreign:
    parts = layers(weights, "actor", where) or layers(weights, "mlp", where)
    _refuse_memory(weights, where)
    kept = saved.get("obs_norm_state_dict")
    kept = {f"actor_obs_normalizer.{k}": v for k, v in kept.items()} if isinstance(kept, Mapping) else {}
    names = ("actor_obs_normalizer", "obs_normalizer")
    found = [n for n in names if f"{n}._mean" in weights | kept]
    normaliser = None
    if found:
        known = weights | kept
        normaliser = Normaliser(
            mean=known[f"{found[0]}._mean"].reshape(-1), deviation=known[f"{found[0]}._std"].reshape(-1) + 0.01
        )
    return _built("rsl_rl checkpoint", parts, given, where, normaliser=normaliser)


def _rl_games(weights: dict[str, Any], given: Mapping[str, Any], where: str) -> Foreign:
    _refuse_memory(weights, where)
    last = layers_of_one(weights, f"{_RL_GAMES}mu", where)
    parts = layers(weights, f"{_RL_GAMES}actor_mlp", where)
    if not last:
        raise BundleError(f"{where} has no {_RL_GAMES}mu: there are {sorted(weights)[:8]}")
    prefix = "running_mean_std.running_"
    normaliser = None
    if f"{prefix}mean" in weights:
        deviation = np.sqrt(weights[f"{prefix}var"].reshape(-1) + 1e-5)
        normaliser = Normaliser(mean=weights[f"{prefix}mean"].reshape(-1), deviation=deviation, limit=5.0)
    return _built("rl_games checkpoint", [*parts, *last], given, where, normaliser=normaliser)


def _stable_baselines(content: bytes, given: Mapping[str, Any], where: str) -> Foreign:
    """Its own file: data (JSON) and policy.pth. VecNormalize is kept elsewhere, so people must say it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            data = json.loads(_member(archive, "data"))
            inner = _member(archive, "policy.pth")
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, RecursionError) as error:
        raise BundleError(f"{where} is no file of stable-baselines3's save(): {error}") from error
    weights = {k: v for k, v in read_tensors(inner, where).items() if isinstance(v, np.ndarray)}
    _refuse_memory(weights, where)
    parts, squash = _sb3_layers(weights, where)
    said = {"activation": found} if (found := _sb3_activation(data)) else {}
    clip = _sb3_clip(data, squash=squash)
    answers: dict[str, Any] = {"action": {"clip": clip}} if clip else {}
    normaliser = _given_normaliser(given, where)
    built = _built("stable-baselines3", parts, said | dict(given), where, normaliser=normaliser, squash=squash)
    return _with(built, answers, needs=() if "normaliser" in given else ("normaliser",))


def _sb3_layers(weights: dict[str, Any], where: str) -> tuple[list[tuple[Floats, Floats]], bool]:
    """Returns weight and bias of every layer, and whether a tanh follows."""
    for hidden, last, squash in _SB3_ACTORS:
        if f"{last}.weight" in weights:
            return [*layers(weights, hidden, where), *layers_of_one(weights, last, where)], squash
    return layers(weights, "actor.mu", where), True


def layers_of_one(weights: Mapping[str, Any], name: str, where: str) -> list[tuple[Floats, Floats]]:
    """Returns the one layer of a name without a number. Raises BundleError."""
    renamed = {f"one.0.{part}": weights[f"{name}.{part}"] for part in ("weight", "bias") if f"{name}.{part}" in weights}
    return layers(renamed, "one", where)


def _built(
    dialect: str, parts: list[tuple[Floats, Floats]], given: Mapping[str, Any], where: str, **options: Any
) -> Foreign:
    if not parts:
        raise BundleError(f"{where} holds no layers of an actor that {dialect} would have")
    for i, (before, after) in enumerate(itertools.pairwise(parts)):
        if after[0].shape[1] != before[0].shape[0]:
            raise BundleError(
                f"layer {i + 1} in {where} takes {after[0].shape[1]}, layer {i} gives {before[0].shape[0]}"
            )
    activation = given.get("activation")
    if activation is not None and activation not in ACTIVATIONS:
        raise ConfigError(f"activation is {shown(activation)}, expected one of {sorted(ACTIVATIONS)}")
    normaliser = options.get("normaliser")
    if normaliser is not None and not len(normaliser.mean) == len(normaliser.deviation) == parts[0][0].shape[1]:
        raise BundleError(
            f"{where} normalises {len(normaliser.mean)} numbers, its first layer takes {parts[0][0].shape[1]}"
        )
    model = perceptron(parts, activation or "tanh", **options)
    needs = () if activation else ("activation",)
    return Foreign(dialect=dialect, model=model, sees=("obs",), says=("actions",), needs=needs)


def _with(foreign: Foreign, answers: dict[str, Any], needs: tuple[str, ...]) -> Foreign:
    return Foreign(
        dialect=foreign.dialect, model=foreign.model, sees=foreign.sees, says=foreign.says, answers=answers,
        needs=(*foreign.needs, *needs),
    )  # fmt: skip


def _refuse_memory(weights: Mapping[str, Any], where: str) -> None:
    recurrent = [name for name in weights if re.search(r"(lstm|gru|rnn)", name)]
    if recurrent:
        raise BundleError(f"{where} has the memory {recurrent[0]}: export it as ONNX with its own exporter")


def _given_normaliser(given: Mapping[str, Any], where: str) -> Normaliser | None:
    said = given.get("normaliser")
    if said is None or said == "none":
        return None
    keys = {"mean", "variance", "epsilon", "clip"}
    if not isinstance(said, Mapping) or set(said) != keys:
        raise ConfigError(f"normaliser is {shown(said)}, expected none, or {sorted(keys)}")
    try:
        mean, variance = (np.array(said[key], dtype=np.float64).reshape(-1) for key in ("mean", "variance"))
        deviation, limit = np.sqrt(variance + float(said["epsilon"])), float(said["clip"])
    except (TypeError, ValueError) as error:
        raise ConfigError(f"normaliser of {where} holds what is no number: {error}") from error
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation > 0.0).all() and limit > 0.0):
        raise ConfigError(f"normaliser of {where} needs finite numbers, a variance and a clip above 0")
    return Normaliser(mean=mean, deviation=deviation, limit=limit)


def _sb3_activation(data: Any) -> str:
    """Returns the activation that the file names, or nothing."""
    kwargs = data.get("policy_kwargs") if isinstance(data, dict) else None
    text = str(kwargs.get("activation_fn", "")) if isinstance(kwargs, dict) else ""
    match = re.search(r"activation\.(\w+)'", text)
    name = match[1].lower() if match else ""
    return name if name in ACTIVATIONS else ""


def _sb3_clip(data: Any, *, squash: bool) -> float | None:
    """Returns the bound of its actions, where it is the same for all."""
    space = data.get("action_space") if isinstance(data, dict) else None
    if not isinstance(space, dict):
        return None
    try:
        low, high = float(space["low_repr"]), float(space["high_repr"])
    except (KeyError, TypeError, ValueError):
        return None
    if squash and (low, high) != (-1.0, 1.0):
        raise BundleError(f"its actions go from {low} to {high}, expected -1 to 1 where a tanh bounds them")
    return high if low == -high and 1e-3 <= high <= 100.0 else None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_NETWORK_BYTES:
        raise BundleError(f"{name} unpacks to more than {MOST_NETWORK_BYTES} bytes")
    return archive.read(name)
