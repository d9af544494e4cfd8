"""Proximal policy optimisation with an asymmetric critic.

Source: Schulman et al., arXiv 1707.06347 (clipped objective); Schulman et al., arXiv 1506.02438 (generalised
advantages); Andrychowicz et al., arXiv 2006.05990 (which details matter); learning rate adapted to the KL divergence
as in rsl_rl (Schwarke et al., arXiv 2509.10771).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dexterity_ros.training.networks import Actor, Critic


@dataclass(frozen=True, kw_only=True)
class PpoConfig:
    """Hyper-parameters; the learning rate is doubled or halved in small steps to hold `target_kl`."""

    horizon: int
    epochs: int
    minibatch: int
    gamma: float
    gae_lambda: float
    clip: float
    entropy: float
    value_weight: float
    learning_rate: float
    learning_rate_range: tuple[float, float]
    target_kl: float
    max_grad_norm: float
    initial_std: float
    actor_hidden: tuple[int, ...]
    critic_hidden: tuple[int, ...]


@dataclass(kw_only=True)
class Rollout:
    """`horizon` steps of N environments, tensors of shape (horizon, N, ...)."""

    observation: Tensor
    privileged: Tensor
    action: Tensor
    log_prob: Tensor
    mean: Tensor
    std: Tensor
    reward: Tensor
    done: Tensor
    value: Tensor


def advantages(rollout: Rollout, last_value: Tensor, config: PpoConfig) -> tuple[Tensor, Tensor]:
    """Returns (advantages, returns), each (horizon, N). Rewards at a truncation already contain the bootstrap value."""
    result = torch.zeros_like(rollout.reward)
    running = torch.zeros_like(last_value)
    following = last_value
    for t in reversed(range(rollout.reward.shape[0])):
        alive = 1.0 - rollout.done[t]
        delta = rollout.reward[t] + config.gamma * following * alive - rollout.value[t]
        running = delta + config.gamma * config.gae_lambda * alive * running
        result[t] = running
        following = rollout.value[t]
    return result, result + rollout.value


class Ppo:
    """Actor, critic and optimiser."""

    def __init__(self, actor: Actor, critic: Critic, config: PpoConfig) -> None:
        self.actor, self.critic, self.config = actor, critic, config
        self.learning_rate = config.learning_rate
        self.optimiser = torch.optim.Adam(
            [*actor.parameters(), *critic.parameters()], lr=config.learning_rate, eps=1e-5
        )

    def update(self, rollout: Rollout, last_value: Tensor) -> dict[str, float]:
        """Improves actor and critic on one rollout. Returns mean losses, KL, entropy and the learning rate."""
        advantage, returns = advantages(rollout, last_value, self.config)
        self.critic.returns.update(returns.reshape(-1, 1))
        batch = {
            "observation": rollout.observation.flatten(0, 1),
            "privileged": rollout.privileged.flatten(0, 1),
            "action": rollout.action.flatten(0, 1),
            "log_prob": rollout.log_prob.flatten(),
            "mean": rollout.mean.flatten(0, 1),
            "std": rollout.std.flatten(0, 1),
            "advantage": ((advantage - advantage.mean()) / (advantage.std() + 1e-8)).flatten(),
            "returns": self.critic.returns(returns.reshape(-1, 1))[:, 0],
        }
        totals = {"policy_loss": 0.0, "value_loss": 0.0, "kl": 0.0, "entropy": 0.0}
        count = 0
        size = batch["action"].shape[0]
        for _ in range(self.config.epochs):
            for index in torch.randperm(size, device=batch["action"].device).split(self.config.minibatch):
                for name, value in self._minibatch({key: tensor[index] for key, tensor in batch.items()}).items():
                    totals[name] += value
                count += 1
        # Statistics change only between updates: within one, old and new policy must see the same normalisation.
        self.actor.norm.update(batch["observation"])
        self.critic.norm.update(batch["privileged"])
        return {name: value / count for name, value in totals.items()} | {"learning_rate": self.learning_rate}

    def _minibatch(self, batch: dict[str, Tensor]) -> dict[str, float]:
        distribution = self.actor.distribution(batch["observation"])
        log_prob = distribution.log_prob(batch["action"]).sum(dim=-1)
        entropy = distribution.entropy().sum(dim=-1).mean()
        kl = _gaussian_kl(batch["mean"], batch["std"], distribution).mean().item()
        self._adapt_learning_rate(kl)
        ratio = torch.exp(log_prob - batch["log_prob"])
        clipped = torch.clamp(ratio, 1.0 - self.config.clip, 1.0 + self.config.clip)
        policy_loss = -torch.minimum(ratio * batch["advantage"], clipped * batch["advantage"]).mean()
        value_loss = nn.functional.mse_loss(self.critic(batch["privileged"]), batch["returns"])
        loss = policy_loss + self.config.value_weight * value_loss - self.config.entropy * entropy
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*self.actor.parameters(), *self.critic.parameters()], self.config.max_grad_norm)
        self.optimiser.step()
        return {
            "policy_loss": policy_loss.item(),
            "value_loss": value_loss.item(),
            "kl": kl,
            "entropy": entropy.item(),
        }

    def _adapt_learning_rate(self, kl: float) -> None:
        low, high = self.config.learning_rate_range
        if kl > 2.0 * self.config.target_kl:
            self.learning_rate = max(self.learning_rate / 1.5, low)
        elif 0.0 < kl < 0.5 * self.config.target_kl:
            self.learning_rate = min(self.learning_rate * 1.5, high)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate


def _gaussian_kl(mean: Tensor, std: Tensor, new: torch.distributions.Normal) -> Tensor:
    """Returns KL(old || new) of diagonal Gaussians, (n,)."""
    with torch.no_grad():
        variance = new.scale**2
        return (torch.log(new.scale / std) + (std**2 + (mean - new.mean) ** 2) / (2.0 * variance) - 0.5).sum(dim=-1)
