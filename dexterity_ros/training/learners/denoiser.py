"""The networks of diffusion and of flow matching: a noisy chunk, how noisy it is, what is seen; to a chunk."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.learners.attention import Block
from dexterity_ros.training.ranges import HEADS, HORIZON, TRANSFORMER_LAYERS, WIDTH

_FREQUENCIES = 16


@dataclass(frozen=True, kw_only=True)
class DenoiserConfig(Checked):
    """horizon: actions at once. sampling_steps: from noise to a chunk.

    network: transformer has one token per action; flat sees all numbers of a chunk at once, which is faster and enough
    for chunks of a few actions. width, layers: of either; heads: of the transformer.
    """

    horizon: Annotated[int, HORIZON]
    network: Literal["transformer", "flat"] = "transformer"
    width: Annotated[int, WIDTH] = 64
    heads: Annotated[int, HEADS] = 4
    layers: Annotated[int, TRANSFORMER_LAYERS] = 2
    sampling_steps: Annotated[int, Range(2, 100, "each runs the whole network; one is no way")] = 10


def denoiser(width: int, joints: int, config: DenoiserConfig) -> nn.Module:
    """Returns a network of (noisy (n, horizon, joints), time (n,) from 0 to 100, seen (n, width))."""
    made: type[TransformerDenoiser | FlatDenoiser]
    made = TransformerDenoiser if config.network == "transformer" else FlatDenoiser
    return made(width, joints, config)


class Condition(nn.Module):
    """How noisy a chunk is and what is seen, to one vector."""

    frequencies: Tensor

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width + 2 * _FREQUENCIES, inner), nn.SiLU(), nn.Linear(inner, inner))
        scale = -math.log(100.0) / (_FREQUENCIES - 1)
        self.register_buffer("frequencies", torch.exp(scale * torch.arange(_FREQUENCIES)), persistent=False)

    def forward(self, time: Tensor, seen: Tensor) -> Tensor:
        """Returns (n, inner)."""
        angle = time[:, None] * self.frequencies
        outputs: Tensor = self.layers(torch.cat([seen, angle.sin(), angle.cos()], dim=-1))
        return outputs


class TransformerDenoiser(nn.Module):
    """One token per action; the condition is added to each."""

    def __init__(self, width: int, joints: int, config: DenoiserConfig) -> None:
        super().__init__()
        inner = config.width
        self.condition = Condition(width, inner)
        self.action_token, self.last = nn.Linear(joints, inner), nn.Linear(inner, joints)
        self.places = nn.Parameter(0.02 * torch.randn(config.horizon, inner))
        self.blocks = nn.ModuleList(Block(inner, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(inner)

    def forward(self, noisy: Tensor, time: Tensor, seen: Tensor) -> Tensor:
        """Returns (n, horizon, joints)."""
        tokens = self.action_token(noisy) + self.places + self.condition(time, seen)[:, None]
        for block in self.blocks:
            tokens = block(tokens)
        outputs: Tensor = self.last(self.norm(tokens))
        return outputs


class FlatDenoiser(nn.Module):
    """All numbers of a chunk side by side, in residual layers that the condition scales and shifts.

    Source: Perez et al., FiLM, arXiv 1709.07871, which Diffusion Policy has in its network too.
    """

    def __init__(self, width: int, joints: int, config: DenoiserConfig) -> None:
        super().__init__()
        inner, numbers = config.width, config.horizon * joints
        self.condition = Condition(width, inner)
        self.first, self.last = nn.Linear(numbers, inner), nn.Linear(inner, numbers)
        self.layers = nn.ModuleList(nn.Linear(inner, inner) for _ in range(config.layers))
        self.film = nn.ModuleList(nn.Linear(inner, 2 * inner) for _ in range(config.layers))

    def forward(self, noisy: Tensor, time: Tensor, seen: Tensor) -> Tensor:
        """Returns (n, horizon, joints)."""
        condition = nn.functional.silu(self.condition(time, seen))
        inner = self.first(noisy.flatten(-2))
        for layer, film in zip(self.layers, self.film, strict=True):
            scale, shift = film(condition).chunk(2, dim=-1)
            inner = inner + nn.functional.silu(layer(inner) * (1.0 + scale) + shift)
        outputs: Tensor = self.last(inner)
        return outputs.unflatten(-1, noisy.shape[1:])
