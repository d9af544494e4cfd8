"""Actor and critic with their normalisation inside, so that an exported policy carries it along."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class RunningNorm(nn.Module):
    """Normalises by a running mean and variance, clipped to +-`limit` standard deviations."""

    mean: Tensor
    variance: Tensor
    count: Tensor

    def __init__(self, width: int, *, limit: float = 5.0) -> None:
        super().__init__()
        self._limit = limit
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))
        self.register_buffer("count", torch.tensor(1e-4, dtype=torch.float64))

    @torch.no_grad()
    def update(self, batch: Tensor) -> None:
        """Adds a batch (n, width) to the statistics. Source: Chan et al. 1979, parallel variance."""
        n = batch.shape[0]
        mean, variance = batch.mean(dim=0), batch.var(dim=0, unbiased=False)
        total = self.count + n
        share = float(n / total)
        delta = mean - self.mean
        self.variance += share * (variance - self.variance) + share * (1.0 - share) * delta**2
        self.mean += share * delta
        self.count.copy_(total)

    def forward(self, values: Tensor) -> Tensor:
        """Returns normalised values of the same shape."""
        scaled = (values - self.mean) / torch.sqrt(self.variance + 1e-8)
        return torch.clamp(scaled, -self._limit, self._limit)

    def undo(self, values: Tensor) -> Tensor:
        """Returns the values whose normalised form is `values` (without the clip)."""
        return values * torch.sqrt(self.variance + 1e-8) + self.mean


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Returns linear layers with ELU between them, orthogonally initialised, small in the last layer."""
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        linear = nn.Linear(inputs, outputs)
        last = i == len(widths) - 2
        nn.init.orthogonal_(linear.weight, 0.01 if last else 2**0.5)
        nn.init.zeros_(linear.bias)
        layers += [linear] if last else [linear, nn.ELU()]
    return nn.Sequential(*layers)


class Actor(nn.Module):
    """Observation (n, width) to the mean action (n, joints); the exported policy is exactly this."""

    def __init__(self, width: int, joints: int, hidden: Sequence[int], *, initial_std: float) -> None:
        super().__init__()
        self.norm = RunningNorm(width)
        self.body = mlp([width, *hidden, joints])
        self.log_std = nn.Parameter(torch.full((joints,), float(torch.tensor(initial_std).log())))

    def forward(self, observation: Tensor) -> Tensor:
        """Returns the mean action."""
        mean: Tensor = self.body(self.norm(observation))
        return mean

    def distribution(self, observation: Tensor) -> torch.distributions.Normal:
        """Returns the Gaussian that exploration samples from."""
        return torch.distributions.Normal(self(observation), self.log_std.clamp(-3.0, 0.5).exp(), validate_args=False)


class Critic(nn.Module):
    """Privileged state (n, width) to the value, in units of the running return normalisation."""

    def __init__(self, width: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.norm = RunningNorm(width)
        self.returns = RunningNorm(1, limit=10.0)
        self.body = mlp([width, *hidden, 1])

    def forward(self, privileged: Tensor) -> Tensor:
        """Returns the normalised value, (n,)."""
        value: Tensor = self.body(self.norm(privileged))
        return value[:, 0]

    def value(self, privileged: Tensor) -> Tensor:
        """Returns the value in reward units, (n,)."""
        return self.returns.undo(self(privileged)[:, None])[:, 0]
