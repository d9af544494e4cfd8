"""A shipped bundle as the start of a training: its actor from the network file, the rest from resume.npz, if any.

The network file has the actor's weights under their own names, behind `_actor.`, and the square root of the
normalisation's variance (with 1e-8 added, training/networks.py) under `sqrt`. How far it explored, the critic and the
optimiser are not in it: they may lie beside it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.manifest import NETWORK_FILE, PolicyManifest, load_manifest
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.training.networks import Actor, Critic
from dexterity_ros.training.ppo import Ppo
from dexterity_ros.training.setup import Setup

RESUME_FILE = "resume.npz"
_PREFIX, _NORM_EPSILON = "_actor.", 1e-8
_NOT_IN_FILE = ("log_std", "norm.count")
_KNOWN_STEPS = 500_000.0  # what statistics weigh where some of the terms are new: those are known after tens of updates


def load_actor(bundle: Path, actor: Actor, config: Setup) -> PolicyManifest:
    """Gives an actor the weights of a bundle. Returns the bundle's manifest.

    Raises:
        BundleError: it sees or does something else, or its layers have other names or shapes; the message says which.
    """
    manifest = load_manifest(bundle)
    _check_interface(manifest, config)
    _check_observation(manifest, config)
    found, own = _weights(bundle / NETWORK_FILE), actor.state_dict()
    _check_layers(manifest.name, found, own)
    # Its statistics are of all that it was trained on, so they move as slowly as if that went on.
    own["norm.count"] = torch.tensor(float(max(manifest.provenance.steps, 1)), dtype=torch.float64)
    actor.load_state_dict(own | found)
    return manifest


def load_known_terms(bundle: Path, actor: Actor, config: Setup, widths: dict[str, int]) -> PolicyManifest:
    """Gives an actor that sees more the weights of a bundle: what only the actor sees has no weight at first.

    widths: of the terms that the actor sees, in its order. Returns the bundle's manifest.

    Raises:
        BundleError: the actor does not see all that the bundle does, or its later layers differ; the message says how.
    """
    manifest = load_manifest(bundle)
    _check_interface(manifest, config)
    theirs = {term.name: term.width for term in manifest.observation.vectors}
    missing = [name for name, width in theirs.items() if widths.get(name) != width]
    if missing:
        raise BundleError(f"{manifest.name} sees {missing}, this configuration's teacher sees {list(widths)}")
    starts = dict(zip(widths, np.cumsum([0, *widths.values()]), strict=False))
    columns = np.concatenate([starts[name] + np.arange(width) for name, width in theirs.items()])
    own = actor.state_dict()
    found = {name: _widened(value, own[name], columns) for name, value in _weights(bundle / NETWORK_FILE).items()}
    _check_layers(manifest.name, found, own)
    own["norm.count"] = torch.tensor(_KNOWN_STEPS, dtype=torch.float64)
    actor.load_state_dict(own | found)
    return manifest


def _widened(theirs: Tensor, ours: Tensor, columns: NDArray[np.int64]) -> Tensor:
    """Returns what is wider in our network with their values at `columns`; a weight elsewhere is 0."""
    if theirs.shape == ours.shape or theirs.shape[-1] != len(columns) or theirs.shape[:-1] != ours.shape[:-1]:
        return theirs
    wide = torch.zeros_like(ours) if ours.ndim > 1 else ours.clone()
    wide[..., torch.from_numpy(columns)] = theirs
    return wide


def _check_layers(name: str, found: dict[str, Tensor], own: dict[str, Tensor]) -> None:
    """Raises BundleError where the layers of a file are not those of an actor."""
    wanted = {key: tuple(value.shape) for key, value in own.items() if key not in _NOT_IN_FILE}
    shapes = {key: tuple(value.shape) for key, value in found.items()}
    if shapes != wanted:
        differ = sorted(key for key in wanted | shapes if wanted.get(key) != shapes.get(key))
        differing = ", ".join(
            f"{key} {shapes.get(key, 'missing')}, expected {wanted.get(key, 'none')}" for key in differ
        )
        raise BundleError(f"the network of {name} has other layers than this configuration's: {differing}")


def _check_observation(manifest: PolicyManifest, config: Setup) -> None:
    """Raises BundleError where the policy sees something else."""
    theirs, ours = manifest.observation, config.observation()
    if theirs != ours:
        raise BundleError(f"observation of {manifest.name} is {theirs}, the configuration's is {ours}: no start for it")


def _check_interface(manifest: PolicyManifest, config: Setup) -> None:
    """Raises BundleError where the policy does or controls something else; a limit of its lead may differ."""
    hand = config.hand_spec()
    manifest.check_hand(hand)
    rate = round(1.0 / config.env.physics.control_period_s, 6)
    for what, theirs, ours in (
        ("action", replace(manifest.action, max_lead_rad=None), replace(config.policy.action, max_lead_rad=None)),
        ("control_rate_hz", manifest.control_rate_hz, rate),
        ("outputs", manifest.output_names, (ACTION.name,)),
    ):
        if theirs != ours:
            raise BundleError(f"{what} of {manifest.name} is {theirs}, the configuration's is {ours}: no start for it")


def _weights(path: Path) -> dict[str, Tensor]:
    """Returns the actor's weights in a network file by their names in the actor."""
    arrays = {item.name: onnx.numpy_helper.to_array(item) for item in onnx.load(str(path)).graph.initializer}
    named = {name.removeprefix(_PREFIX): value for name, value in arrays.items() if name.startswith(_PREFIX)}
    if "sqrt" in arrays:
        named["norm.variance"] = (arrays["sqrt"].astype(np.float64) ** 2 - _NORM_EPSILON).astype(np.float32)
    return {name: torch.from_numpy(np.array(value)) for name, value in named.items()}


def save_resume(bundle: Path, actor: Actor, content: dict[str, Any]) -> None:
    """Writes resume.npz: log std, critic, scale of the gradients, learning rate, as small as training can bear.

    content: of a checkpoint with critic and optimiser.
    """
    values: dict[str, NDArray[np.generic]] = {"learning_rate": np.array(content["learning_rate"])}
    values["actor.norm.count"] = actor.norm.count.numpy()
    values["actor.log_std"] = actor.log_std.detach().numpy()
    for name, value in content["critic"].items():
        exact = "norm." in name or "returns." in name
        values[f"critic.{name}"] = value.numpy() if exact else value.numpy().astype(np.float16)
    for number, state in content["optimiser"]["state"].items():
        values[f"scale.{number}"] = np.sqrt(state["exp_avg_sq"].numpy()).astype(np.float16)
        values[f"step.{number}"] = state["step"].numpy()
    np.savez_compressed(bundle / RESUME_FILE, **values)  # type: ignore[arg-type]


def load_resume(bundle: Path, ppo: Ppo) -> bool:
    """Gives a learner what lies beside a bundle; returns False where nothing does, or it is of another critic.

    Raises:
        BundleError: the file is damaged.
    """
    path = bundle / RESUME_FILE
    if not path.is_file():
        return False
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = {name: torch.from_numpy(np.array(stored[name])) for name in stored.files}
    except Exception as error:  # zipfile, zlib and numpy raise a different class for every kind of broken file
        raise BundleError(f"{path} is damaged: {type(error).__name__}: {' '.join(str(error).split())}") from error
    critic = {name.removeprefix("critic."): value for name, value in values.items() if name.startswith("critic.")}
    if not _fits(critic, ppo.critic):
        return False
    ppo.critic.load_state_dict({name: value.to(ppo.critic.state_dict()[name].dtype) for name, value in critic.items()})
    ppo.actor.log_std.data.copy_(values["actor.log_std"])
    ppo.actor.norm.count.copy_(values["actor.norm.count"])
    _load_scales(values, ppo)
    return True


def _fits(values: dict[str, Tensor], critic: Critic) -> bool:
    own = {name: value.shape for name, value in critic.state_dict().items()}
    return own == {name: value.shape for name, value in values.items()}


def _load_scales(values: dict[str, Tensor], ppo: Ppo) -> None:
    """Puts learning rate and second moments back; the first moments, of a few steps, begin anew."""
    low, high = ppo.config.learning_rate_range
    ppo.learning_rate = min(max(float(values["learning_rate"]), low), high)
    state = ppo.optimiser.state_dict()
    for name, scale in values.items():
        if name.startswith("scale."):
            number = int(name.removeprefix("scale."))
            moments = {"exp_avg": torch.zeros(scale.shape), "exp_avg_sq": scale.float() ** 2}
            state["state"][number] = moments | {"step": values[f"step.{number}"]}
    state["param_groups"][0]["lr"] = ppo.learning_rate
    ppo.optimiser.load_state_dict(state)
