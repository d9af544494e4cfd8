"""ACT from state: a variational autoencoder whose latent tells ways apart, and a transformer that says a chunk.

Source: Zhao et al., Learning Fine-Grained Bimanual Manipulation with Low-Cost Hardware, arXiv 2304.13705, section IV
and appendix C. Smaller, without dropout, and from a state instead of images.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.learners.attention import Block
from dexterity_ros.training.learners.learner import Learner, mean_where
from dexterity_ros.training.ranges import HEADS, HORIZON, TRANSFORMER_LAYERS, WIDTH


@dataclass(frozen=True, kw_only=True)
class ActConfig(Checked):
    """horizon: actions at once. latent: numbers that tell ways apart. kl: weight of what it says, beside the L1 error.

    width, heads, layers: of every transformer. The paper has horizon 100, latent 32, kl 10, width 512, 8 heads and 4
    layers.
    """

    horizon: Annotated[int, HORIZON]
    width: Annotated[int, WIDTH] = 64
    heads: Annotated[int, HEADS] = 4
    layers: Annotated[int, TRANSFORMER_LAYERS] = 1
    latent: Annotated[int, Range(1, 10_000, "ways are told apart by something")] = 4
    kl: Annotated[float, Range(0.0, 1e6, "0 = the latent may say everything")] = 0.1


class Act(Learner):
    """Its noise is the latent: zeros give the one way that its authors run, draws all the ways it has learned."""

    def __init__(self, width: int, joints: int, config: ActConfig) -> None:
        super().__init__(width, joints, horizon=config.horizon, noise_width=config.latent)
        self.config, inner = config, config.width
        self.seen_token, self.latent_token = nn.Linear(width, inner), nn.Linear(config.latent, inner)
        self.action_token, self.last = nn.Linear(joints, inner), nn.Linear(inner, joints)
        self.summary = nn.Parameter(0.02 * torch.randn(1, 1, inner))
        self.places = nn.Parameter(0.02 * torch.randn(config.horizon, inner))
        self.queries = nn.Parameter(0.02 * torch.randn(config.horizon, inner))
        self.recogniser = nn.ModuleList(Block(inner, config.heads) for _ in range(config.layers))
        self.posterior = nn.Linear(inner, 2 * config.latent)
        self.encoder = nn.ModuleList(Block(inner, config.heads) for _ in range(config.layers))
        self.decoder = nn.ModuleList(Block(inner, config.heads, with_memory=True) for _ in range(config.layers))

    def error(self, seen: Tensor, actions: Tensor, valid: Tensor) -> Tensor:
        """Returns the mean absolute error, and the weighted divergence of the latent from a standard normal one."""
        mean, log_variance = self._recognised(seen, actions, valid)
        latent = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        missed = mean_where(valid, (self.chunk(seen, latent) - actions).abs())
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum(dim=-1).mean()
        return missed + self.config.kl * divergence

    def chunk(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Returns a chunk, (n, horizon, joints). noise: the latent."""
        memory = torch.stack([self.seen_token(seen), self.latent_token(noise)], dim=1)
        for block in self.encoder:
            memory = block(memory)
        tokens = self.queries.expand(seen.shape[0], -1, -1)  # len() would fix the batch in a network file
        for block in self.decoder:
            tokens = block(tokens, memory)
        outputs: Tensor = self.last(tokens)
        return outputs

    def _recognised(self, seen: Tensor, actions: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Returns (mean, logarithm of the variance) of the latent, which sees what was done."""
        summary = self.summary.expand(seen.shape[0], -1, -1)
        tokens = torch.cat([summary, self.seen_token(seen)[:, None], self.action_token(actions) + self.places], dim=1)
        looked_at = torch.cat([torch.ones_like(valid[:, :1]).expand(-1, 2), valid], dim=1)
        for block in self.recogniser:
            tokens = block(tokens, valid=looked_at)
        mean, log_variance = self.posterior(tokens[:, 0]).chunk(2, dim=-1)
        return mean, log_variance.clamp(-10.0, 10.0)
