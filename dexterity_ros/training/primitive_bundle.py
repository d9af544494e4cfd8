"""Turns what a person showed into a bundle: a movement primitive as a network with a state, for policy_node to run."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import dexterity_ros
from dexterity_ros.action.primitive import FREQUENCY, Primitive
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.manifest import (
    GOLDEN_FILE,
    NETWORK_FILE,
    PolicyManifest,
    Provenance,
    TermRange,
    sha256,
)
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.contracts.spec import VECTOR, ActionSpec
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.training.onnx_file import rounded, seal, write_onnx

_PAIRS = 64


class PrimitiveNetwork(nn.Module):
    """A primitive, one control period a call, (batch, n) joints to (action, next state).

    State: whether it has begun, the phase, positions in rad and speeds in rad per duration. It begins where the joints
    are measured to be; action 0 is the middle of the joints' ranges.
    """

    def __init__(self, primitive: Primitive, hand: HandFile, period_s: float) -> None:
        super().__init__()
        self.joints, self.share = len(hand.joints), period_s / primitive.duration_s
        self.bases = len(primitive.weights)
        lower, upper = hand.lower_rad, hand.upper_rad
        self.scale_rad = float((0.5 * (upper - lower)).max())
        numbers = {
            "weights": primitive.weights,
            "goal": np.clip(primitive.goal_rad, lower, upper),
            "lower": lower,
            "upper": upper,
            "centre": 0.5 * (lower + upper),
            "places": (np.arange(self.bases) + 0.5) / self.bases,
        }
        for name, values in numbers.items():
            self.register_buffer(name, torch.from_numpy(np.asarray(values)).float(), persistent=False)

    @property
    def state_width(self) -> int:
        """Numbers of the state."""
        return 2 + 2 * self.joints

    def forward(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (raw action (batch, n), next state). Source: action/primitive.py, `advance`."""
        begun, phase = state[:, :1], state[:, 1:2]
        pos = torch.where(begun > 0.5, state[:, 2 : 2 + self.joints], observation)
        vel, w, s = state[:, 2 + self.joints :], FREQUENCY, self.share
        rest = self.goal + self._force(phase + 0.5 * s) / w**2
        off, slope = pos - rest, vel + w * (pos - rest)
        decay = float(np.exp(-w * s))
        after = rest + (off + slope * s) * decay
        speed = (vel - w * slope * s) * decay
        action = (torch.minimum(torch.maximum(after, self.lower), self.upper) - self.centre) / self.scale_rad
        return action, torch.cat([torch.ones_like(begun), phase + s, after, speed], dim=-1)

    def _force(self, phase: Tensor) -> Tensor:
        near = torch.exp(-0.5 * ((phase - self.places) * self.bases) ** 2)
        share = near / (near.sum(dim=-1, keepdim=True) + 1e-12) * (1.0 - phase).clamp(min=0.0)
        force: Tensor = share @ self.weights
        return force


def export_primitive(
    primitive: Primitive, bundle: Path, *, like: PolicyManifest, hand: HandFile, current_limit_a: float
) -> PolicyManifest:
    """Returns the manifest of the bundle written to `bundle`; what is not of the motion is that of the policy `like`.

    Raises BundleError when it is for another hand, or what was exported does not reproduce the primitive.
    """
    like.check_hand(hand)
    network = PrimitiveNetwork(primitive, hand, like.period_ns * 1e-9).eval()
    bundle.mkdir(parents=True, exist_ok=True)
    inputs = {VECTOR: torch.zeros(2, network.joints), "state": torch.zeros(2, network.state_width)}
    write_onnx(network, inputs, [ACTION.name, "next_state"], bundle / NETWORK_FILE)
    seen = _write_golden(network, primitive, bundle / GOLDEN_FILE)
    age_s = like.observation.max_age_s(JOINTS.name) or JOINTS.topic.max_age_s or 0.0
    manifest = replace(
        like,
        format=2,
        kind="recurrent",
        state_width=network.state_width,
        stop_head=False,
        outputs=(),
        recovery=None,
        chunk=None,
        name=bundle.name,
        observation=observation_spec(("joint_pos",), network.joints, {JOINTS.name: age_s}),
        action=ActionSpec(mode="absolute", scale_rad=network.scale_rad, clip=1.0, ema=1.0),
        start_pos_rad=rounded(np.clip(primitive.start_rad, hand.lower_rad, hand.upper_rad)),
        training_range={"joint_pos": TermRange(low=rounded(seen.min(axis=0)), high=rounded(seen.max(axis=0)))},
        current_limit_a=current_limit_a,
        network_sha256=sha256(bundle / NETWORK_FILE),
        golden_sha256=sha256(bundle / GOLDEN_FILE),
        provenance=_provenance(primitive),
        results={},
    )
    return seal(manifest, bundle)


def _provenance(primitive: Primitive) -> Provenance:
    digest = hashlib.sha256(primitive.weights.tobytes()).hexdigest()
    return Provenance(code_version=dexterity_ros.__version__, config_digest=digest, seed=0, steps=0)


@torch.no_grad()
def _write_golden(network: PrimitiveNetwork, primitive: Primitive, path: Path) -> Singles:
    """Writes pairs along a rollout. Returns the joints of the whole of it, (T, n)."""
    observation = torch.from_numpy(primitive.start_rad).float()[None]
    state, rows = torch.zeros(1, network.state_width), []
    for _ in range(max(round(1.2 / network.share), _PAIRS)):
        action, after = network(observation, state)
        rows.append((observation, state, action, after))
        observation, state = network.centre + network.scale_rad * action, after
    columns = [torch.cat(column).numpy() for column in zip(*rows, strict=True)]
    kept = np.linspace(0, len(rows) - 1, _PAIRS).astype(int)
    names = (VECTOR, "state", ACTION.name, "next_state")
    np.savez_compressed(path, **{name: values[kept] for name, values in zip(names, columns, strict=True)})
    return columns[0]
