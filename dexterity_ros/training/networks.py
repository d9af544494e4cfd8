"""Actor and critic with their normalisation inside, so that an exported policy carries it along."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.ranges import LAYERS, STACK, STD, WIDTH


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


def mlp(widths: Sequence[int], *, active_end: bool = False) -> nn.Sequential:
    """Returns linear layers with ELU between them, orthogonally initialised, small in the last layer.

    active_end: an ELU after the last layer too, which then is not small: for a body that others build on.
    """
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        linear = nn.Linear(inputs, outputs)
        last = i == len(widths) - 2 and not active_end
        nn.init.orthogonal_(linear.weight, 0.01 if last else 2**0.5)
        nn.init.zeros_(linear.bias)
        layers += [linear] if last else [linear, nn.ELU()]
    return nn.Sequential(*layers)


@dataclass(frozen=True, kw_only=True)
class ActorConfig(Checked):
    """What an actor is made of.

    hidden: widths of its layers. memory: none; stack, it sees the last `stack` observations side by side; gru or lstm,
    a recurrent layer of memory_width behind the others. latent: width of what the memory guesses instead of acting
    itself, for a policy that is also given the observation (RMA, arXiv 2107.04034); 0 = none. head: gaussian, or
    bins = each joint's action is one of `bins` values, evenly spread over [-1, 1] (OpenAI Dactyl, arXiv 1808.00177).
    initial_std: of the gaussian.
    """

    hidden: Annotated[tuple[int, ...], WIDTH, LAYERS]
    memory: Literal["none", "stack", "gru", "lstm"] = "none"
    memory_width: Annotated[int, WIDTH] = 128
    stack: Annotated[int, STACK] = 4
    latent: Annotated[int, Range(0, 10_000, "0 = none")] = 0
    head: Literal["gaussian", "bins"] = "gaussian"
    bins: Annotated[int, Range(2, 1000, "at least one either way")] = 11
    initial_std: Annotated[float, STD] = 0.6


class Actor(nn.Module):
    """Observations to a distribution over actions, with or without memory.

    Its state, (n, state_width), is zero at the beginning of an episode; without memory it has no width.
    """

    def __init__(self, width: int, joints: int, config: ActorConfig) -> None:
        super().__init__()
        self.config, self.joints, self._width = config, joints, width
        self.norm = RunningNorm(width)
        outputs = joints * (config.bins if config.head == "bins" else 1)
        if config.memory in ("none", "stack"):
            self.body = mlp([width * (config.stack if config.memory == "stack" else 1), *config.hidden, outputs])
        else:
            self.body = mlp([width, *config.hidden], active_end=True)
            kind = nn.GRUCell if config.memory == "gru" else nn.LSTMCell
            self.cell = kind(config.hidden[-1], config.memory_width)
            self.last = mlp([config.memory_width, config.latent or outputs])
            if config.latent:
                self.policy = mlp([width + config.latent, *config.hidden, outputs])
        if config.head == "gaussian":
            self.log_std = nn.Parameter(torch.full((joints,), float(torch.tensor(config.initial_std).log())))
        self.register_buffer("values", torch.linspace(-1.0, 1.0, config.bins), persistent=False)

    @property
    def state_width(self) -> int:
        """Length of the state: GRU h, LSTM h and c; the earlier observations of a stack."""
        if self.config.memory == "stack":
            return (self.config.stack - 1) * self._width
        return {"none": 0, "gru": 1, "lstm": 2}[self.config.memory] * self.config.memory_width

    def begin(self, count: int) -> Tensor:
        """Returns the state of `count` episodes that begin."""
        return torch.zeros((count, self.state_width), device=self.norm.mean.device)

    def forward(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (the most likely action (n, joints), the next state); the exported policy is exactly this."""
        parameters, state = self.parameters_of(observation, state)
        return self.likeliest(parameters), state

    def parameters_of(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (what the head says, the next state): means, or logits of the bins."""
        if self.config.memory == "none":
            return self.body(self.norm(observation)), state
        if self.config.memory == "stack":
            seen = torch.cat([self.norm(observation), state], dim=-1)  # newest first
            return self.body(seen), seen[:, : state.shape[1]]
        remembered, state = self.remember(observation, state)
        return self.act_on(observation, remembered) if self.config.latent else remembered, state

    def remember(self, observation: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (what comes out of the memory, the next state)."""
        hidden, state = self._recall(self.body(self.norm(observation)), state)
        return self.last(hidden), state

    def remember_all(self, observation: Tensor, state: Tensor, done: Tensor) -> Tensor:
        """Returns what comes out of the memory for (T, n, width) in a row; after done (T, n) the state begins anew.

        Only the recurrent cell takes one step at a time; all else sees the whole sequence at once.
        """
        recalled = []
        features: Tensor = self.body(self.norm(observation))
        for seen, over in zip(features.unbind(), done.unbind(), strict=True):  # not features[t]: slow backwards
            hidden, state = self._recall(seen, state)
            recalled.append(hidden)
            state = state * (1.0 - over)[:, None]
        outputs: Tensor = self.last(torch.stack(recalled))
        return outputs

    def _recall(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        if self.config.memory == "gru":
            state = self.cell(features, state)
            return state, state
        hidden, cell = self.cell(features, tuple(state.chunk(2, dim=-1)))
        return hidden, torch.cat([hidden, cell], dim=-1)

    def act_on(self, observation: Tensor, latent: Tensor) -> Tensor:
        """Returns what the head says, given a guess or knowledge of what cannot be seen at once."""
        outputs: Tensor = self.policy(torch.cat([self.norm(observation), latent], dim=-1))
        return outputs

    def sequence(self, observation: Tensor, state: Tensor, done: Tensor) -> Tensor:
        """Returns what the head says for (T, n, width) in a row; after done (T, n) the state begins anew."""
        if self.config.memory == "none":
            return self.parameters_of(observation, state)[0]
        if self.config.memory != "stack":
            remembered = self.remember_all(observation, state, done)
            return self.act_on(observation, remembered) if self.config.latent else remembered
        parts = []
        for t in range(observation.shape[0]):
            parameters, state = self.parameters_of(observation[t], state)
            parts.append(parameters)
            state = state * (1.0 - done[t])[:, None]
        return torch.stack(parts)

    def distribution(self, parameters: Tensor) -> "Gaussian | Bins":
        """Returns what exploration samples from."""
        if self.config.head == "bins":
            return Bins(parameters.unflatten(-1, (self.joints, self.config.bins)), self.values)
        return Gaussian(parameters, self.log_std.clamp(-3.0, 0.5).exp().expand_as(parameters))

    def likeliest(self, parameters: Tensor) -> Tensor:
        """Returns the most likely action."""
        if self.config.head == "gaussian":
            return parameters
        chosen = parameters.unflatten(-1, (self.joints, self.config.bins)).argmax(dim=-1)
        return self.values[chosen]


class Gaussian:
    """Independent normal distributions, one per joint."""

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        self.mean, self.std = mean, std

    def sample(self) -> Tensor:
        """Returns actions, (..., joints)."""
        return self.mean + self.std * torch.randn_like(self.mean)

    def log_prob(self, action: Tensor) -> Tensor:
        """Returns the logarithm of the density of actions, (...)."""
        normal = torch.distributions.Normal(self.mean, self.std, validate_args=False)
        return normal.log_prob(action).sum(dim=-1)

    def entropy(self) -> Tensor:
        """Returns the entropy in nats, (...)."""
        return (0.5 + 0.5 * math.log(2.0 * math.pi) + self.std.log()).sum(dim=-1)

    def packed(self) -> Tensor:
        """Returns all of it in one tensor, for `kl`."""
        return torch.cat([self.mean, self.std], dim=-1)

    @torch.no_grad()
    def kl(self, old: Tensor) -> Tensor:
        """Returns KL(old || this), (...). old: packed."""
        mean, std = old.chunk(2, dim=-1)
        variance = self.std**2
        return (torch.log(self.std / std) + (std**2 + (mean - self.mean) ** 2) / (2.0 * variance) - 0.5).sum(dim=-1)


class Bins:
    """Independent choices among values, one per joint."""

    def __init__(self, logits: Tensor, values: Tensor) -> None:
        self.log_share, self.values = torch.log_softmax(logits, dim=-1), values

    def sample(self) -> Tensor:
        """Returns actions, (..., joints)."""
        noise = -torch.log(-torch.log(torch.rand_like(self.log_share).clamp(1e-12, 1.0 - 1e-7)))
        return self.values[(self.log_share + noise).argmax(dim=-1)]  # Gumbel's trick

    def log_prob(self, action: Tensor) -> Tensor:
        """Returns the logarithm of the probability of actions, (...)."""
        step = self.values[1] - self.values[0]
        chosen = torch.round((action - self.values[0]) / step).long().clamp(0, len(self.values) - 1)
        return self.log_share.gather(-1, chosen[..., None])[..., 0].sum(dim=-1)

    def entropy(self) -> Tensor:
        """Returns the entropy in nats, (...)."""
        return -(self.log_share.exp() * self.log_share).sum(dim=(-2, -1))

    def packed(self) -> Tensor:
        """Returns all of it in one tensor, for `kl`."""
        return self.log_share.flatten(-2)

    @torch.no_grad()
    def kl(self, old: Tensor) -> Tensor:
        """Returns KL(old || this), (...). old: packed."""
        before = old.unflatten(-1, self.log_share.shape[-2:])
        return (before.exp() * (before - self.log_share)).sum(dim=(-2, -1))


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
