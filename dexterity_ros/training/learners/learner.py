"""What every learner is: a network from what is seen and noise to a chunk of actions, and an error to descend."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dexterity_ros.training.learners.demonstrations import Chunks, Demonstrations


class MinMax(nn.Module):
    """Maps the range of the demonstrations to [-1, 1]; what hardly varies is only shifted.

    Not by mean and deviation: then part of the range would lie where a clip to [-1, 1] cannot reach.
    Source: Chi et al., Diffusion Policy, arXiv 2303.04137, section on normalisation.
    """

    centre: Tensor
    radius: Tensor

    def __init__(self, width: int, *, constant: float = 1e-4) -> None:
        """constant: a range no wider than this, in units of what is normalised, is not stretched."""
        super().__init__()
        self._constant = constant
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("radius", torch.ones(width))

    @torch.no_grad()
    def fit(self, values: Tensor) -> None:
        """Takes the range of values (n, width)."""
        low, high = values.amin(dim=0), values.amax(dim=0)
        self.centre.copy_(0.5 * (low + high))
        self.radius.copy_(torch.where(high - low > self._constant, 0.5 * (high - low), torch.ones_like(low)))

    def forward(self, values: Tensor) -> Tensor:
        """Returns normalised values of the same shape."""
        return (values - self.centre) / self.radius

    def undo(self, values: Tensor) -> Tensor:
        """Returns the values whose normalised form is `values`."""
        return values * self.radius + self.centre


@dataclass(frozen=True, kw_only=True, eq=False)
class Prefix:
    """What will be done meanwhile: actions (n, horizon, joints) in [-1, 1], and how firmly each stands, weight 0 to 1.

    weight: (n, horizon, 1).
    """

    actions: Tensor
    weight: Tensor

    def hold(self, chunk: Tensor) -> Tensor:
        """Returns a chunk, drawn to what will be done meanwhile as firmly as that stands."""
        return chunk + self.weight * (self.actions - chunk)


class Learner(nn.Module, ABC):
    """Base of all learners. A new one has `error` and `chunk`, both of normalised numbers.

    `forward` is what runs on a robot: all chance comes in through `noise`, so that the same noise repeats a run bit by
    bit, and normalisation is inside.
    """

    def __init__(self, width: int, joints: int, *, horizon: int, noise_width: int) -> None:
        """width: of an observation. horizon: actions of a chunk. noise_width: numbers that `chunk` draws on."""
        super().__init__()
        self.width, self.joints, self.horizon, self.noise_width = width, joints, horizon, noise_width
        self.seen_range, self.action_range = MinMax(width), MinMax(joints)

    @abstractmethod
    def error(self, seen: Tensor, actions: Tensor, valid: Tensor) -> Tensor:
        """Returns what is to become small, a scalar. seen (n, width), actions (n, horizon, joints) in [-1, 1].

        valid: (n, horizon), 0 behind the end of an episode.
        """

    @abstractmethod
    def chunk(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Returns actions (n, horizon, joints) in [-1, 1]. seen (n, width), noise (n, noise_width), standard normal."""

    def fit_ranges(self, demonstrations: Demonstrations) -> None:
        """Takes the ranges of what was demonstrated."""
        self.seen_range.fit(demonstrations.observation)
        self.action_range.fit(demonstrations.actions)

    def loss(self, part: Chunks) -> Tensor:
        """Returns the error of a minibatch in physical units."""
        return self.error(self.seen_range(part.observation), self.action_range(part.actions), part.valid)

    def forward(self, observation: Tensor, noise: Tensor) -> Tensor:
        """Returns actions (n, horizon, joints) in physical units; the exported policy is exactly this."""
        actions: Tensor = self.action_range.undo(self.chunk(self.seen_range(observation), noise))
        return actions

    def begin(self, count: int) -> Tensor:
        """Returns noise for `count` chunks from torch's generator, (count, noise_width)."""
        return torch.randn((count, self.noise_width), device=self.seen_range.centre.device)


class PrefixLearner(Learner):
    """A learner that samples a chunk in steps and can go on from one that is being done (real-time chunking)."""

    @abstractmethod
    def chunk_after(self, seen: Tensor, noise: Tensor, prefix: Prefix) -> Tensor:
        """Returns the same as `chunk`, drawn to what will be done meanwhile."""

    def forward(
        self, observation: Tensor, noise: Tensor, prefix: Tensor | None = None, prefix_weight: Tensor | None = None
    ) -> Tensor:
        """Returns actions (n, horizon, joints) in physical units; the exported policy is exactly this.

        prefix: (n, horizon, joints), what will be done meanwhile, in physical units. prefix_weight: (n, horizon), how
        firmly it stands, 0 to 1. Without both nothing is being done.
        """
        if prefix is None or prefix_weight is None:
            return super().forward(observation, noise)
        held = Prefix(actions=self.action_range(prefix), weight=prefix_weight[..., None])
        actions: Tensor = self.action_range.undo(self.chunk_after(self.seen_range(observation), noise, held))
        return actions


def mean_where(valid: Tensor, error: Tensor) -> Tensor:
    """Returns the mean of error (n, horizon, joints) over the steps that are valid, (n, horizon)."""
    return (error * valid[..., None]).sum() / (valid.sum() * error.shape[-1]).clamp(min=1.0)
