"""Proximal policy optimisation with an asymmetric critic.

Source: Schulman et al., arXiv 1707.06347 (clipped objective); Schulman et al., arXiv 1506.02438 (generalised
advantages); Andrychowicz et al., arXiv 2006.05990 (which details matter); learning rate adapted to the KL divergence
as in rsl_rl (Schwarke et al., arXiv 2509.10771).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import SHARE, UNSAID_AT_DEFAULT, Checked, Range
from dexterity_ros.training.networks import Actor, ActorConfig, Critic, Gaussian
from dexterity_ros.training.ranges import EPOCHS, LAYERS, LEARNING_RATE, MINIBATCH, STACK, STD, WIDTH


@dataclass(frozen=True, kw_only=True)
class PpoConfig(Checked):
    """Hyper-parameters; the learning rate is doubled or halved in small steps to hold `target_kl`.

    critic_learning_rate: of a critic that has to catch up with an actor that can act already; 0 = the actor's own.
    beyond_clip: price of mean actions beyond +-1, per square and joint, in the actor's loss: there exploration by small
    steps changes nothing. final_std: the gaussian's standard deviation is not learned, it goes from initial_std to this
    in anneal_updates; 0 = it is learned.
    """

    horizon: Annotated[int, Range(1, 100_000, "steps kept in memory")]
    epochs: Annotated[int, EPOCHS]
    minibatch: Annotated[int, MINIBATCH]
    gamma: Annotated[float, SHARE]
    gae_lambda: Annotated[float, SHARE]
    clip: Annotated[float, Range(1e-3, 10.0, "0.2 in the paper; 0 would learn nothing")]
    entropy: Annotated[float, Range(0.0, 10.0, "0 = no reward for chance")]
    value_weight: Annotated[float, Range(0.0, 1000.0, "of a loss")]
    learning_rate: Annotated[float, LEARNING_RATE]
    learning_rate_range: Annotated[tuple[float, float], LEARNING_RATE]
    target_kl: Annotated[float, Range(1e-6, 10.0, "nats; 0.01 to 0.02 in practice")]
    max_grad_norm: Annotated[float, Range(1e-6, 1e6, "0 would learn nothing")]
    initial_std: Annotated[float, STD]
    actor_hidden: Annotated[tuple[int, ...], WIDTH, LAYERS]
    critic_hidden: Annotated[tuple[int, ...], WIDTH, LAYERS]
    critic_learning_rate: Annotated[float, Range(0.0, 1.0, "0 = the actor's own")] = 0.0
    actor_memory: Literal["none", "stack", "gru", "lstm"] = "none"
    actor_memory_width: Annotated[int, WIDTH] = 128
    actor_stack: Annotated[int, STACK] = 4
    actor_head: Literal["gaussian", "bins"] = "gaussian"
    beyond_clip: Annotated[float, Range(0.0, 1e3, "of a loss; 0 = no price")] = field(
        default=0.0, metadata=UNSAID_AT_DEFAULT
    )
    final_std: Annotated[float, Range(0.0, 100.0, "raw actions are of order one; 0 = learned")] = field(
        default=0.0, metadata=UNSAID_AT_DEFAULT
    )
    anneal_updates: Annotated[int, Range(1, 10_000_000, "at least one")] = field(default=1, metadata=UNSAID_AT_DEFAULT)

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.learning_rate_range
        if not low <= self.learning_rate <= high:
            raise ConfigError(f"learning_rate {self.learning_rate} is outside learning_rate_range {[low, high]}")

    def log_std(self, update: int) -> float | None:
        """Returns the logarithm of the exploration's standard deviation in an update; None = it is learned."""
        if self.final_std == 0.0:
            return None
        share = min(update / self.anneal_updates, 1.0)
        return (1.0 - share) * math.log(self.initial_std) + share * math.log(self.final_std)

    def actor(self) -> ActorConfig:
        """Returns what the actor is made of."""
        return ActorConfig(
            hidden=self.actor_hidden,
            memory=self.actor_memory,
            memory_width=self.actor_memory_width,
            stack=self.actor_stack,
            head=self.actor_head,
            initial_std=self.initial_std,
        )


@dataclass(kw_only=True)
class Rollout:
    """`horizon` steps of N environments, tensors of shape (horizon, N, ...); state (N, s) is the actor's before them.

    packed: the distribution each action was drawn from (training/networks.py). done: nothing that follows counts for
    what was done here. restarted: the actor's memory begins anew. used: the action was drawn, so the actor learns
    from it.
    """

    state: Tensor
    observation: Tensor
    privileged: Tensor
    action: Tensor
    log_prob: Tensor
    packed: Tensor
    reward: Tensor
    done: Tensor
    restarted: Tensor
    used: Tensor
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
        if actor.config.head != "gaussian" and (config.beyond_clip > 0.0 or config.final_std > 0.0):
            raise ConfigError(f"beyond_clip and final_std are of a gaussian, the actor's head is {actor.config.head}")
        self.learning_rate = config.learning_rate
        if config.final_std > 0.0:
            actor.log_std.requires_grad_(False)
        groups = [{"params": [*actor.parameters(), *critic.parameters()]}]
        if config.critic_learning_rate > 0.0:
            groups = [{"params": [*network.parameters()]} for network in (actor, critic)]
        self.optimiser = torch.optim.Adam(groups, lr=config.learning_rate, eps=1e-5)
        if config.critic_learning_rate > 0.0:
            self.optimiser.param_groups[1]["lr"] = config.critic_learning_rate

    def explore(self, update: int) -> None:
        """Sets how far actions are drawn from their mean, where that is not learned."""
        log_std = self.config.log_std(update)
        if log_std is not None:
            self.actor.log_std.data.fill_(log_std)

    def update(self, rollout: Rollout, last_value: Tensor, *, critic_only: bool = False) -> dict[str, float]:
        """Improves actor and critic on one rollout. Returns mean losses, KL, entropy, learning rate.

        critic_only: leaves the actor as it is.
        """
        advantage, returns = advantages(rollout, last_value, self.config)
        self.critic.returns.update(returns.reshape(-1, 1))
        mean, std = _moments(advantage, rollout.used)
        normal = (advantage - mean) / (std + 1e-8)
        batch = {
            "observation": rollout.observation,
            "privileged": rollout.privileged,
            "action": rollout.action,
            "log_prob": rollout.log_prob,
            "packed": rollout.packed,
            "restarted": rollout.restarted,
            "used": rollout.used,
            "advantage": normal,
            "returns": self.critic.returns(returns.reshape(-1, 1))[:, 0].reshape(returns.shape),
        }
        totals = {"policy_loss": 0.0, "value_loss": 0.0, "kl": 0.0, "entropy": 0.0}
        count = 0
        for _ in range(self.config.epochs):
            for part, state in self._parts(batch, rollout.state):
                for name, value in self._minibatch(part, state, critic_only).items():
                    totals[name] += value
                count += 1
        # Statistics change only between updates: within one, old and new policy must see the same normalisation.
        if not critic_only:
            self.actor.norm.update(rollout.observation.flatten(0, 1))
        self.critic.norm.update(rollout.privileged.flatten(0, 1))
        return {name: value / count for name, value in totals.items()} | {"learning_rate": self.learning_rate}

    def _parts(self, batch: dict[str, Tensor], state: Tensor) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        """Yields minibatches, (T, n, ...): single steps in any order, or with memory whole rollouts of some hands."""
        steps, hands = batch["returns"].shape
        if self.actor.state_width > 0:
            for index in torch.randperm(hands, device=state.device).split(max(self.config.minibatch // steps, 1)):
                yield {name: tensor[:, index] for name, tensor in batch.items()}, state[index]
            return
        flat = {name: tensor.flatten(0, 1)[None] for name, tensor in batch.items()}
        for index in torch.randperm(steps * hands, device=state.device).split(self.config.minibatch):
            yield {name: tensor[:, index] for name, tensor in flat.items()}, state[:0]

    def _minibatch(self, batch: dict[str, Tensor], state: Tensor, critic_only: bool) -> dict[str, float]:
        distribution = self.actor.distribution(self.actor.sequence(batch["observation"], state, batch["restarted"]))
        log_prob = distribution.log_prob(batch["action"])
        entropy = distribution.entropy().mean()
        kl = distribution.kl(batch["packed"]).mean().item()
        if not critic_only:
            self._adapt_learning_rate(kl)
        ratio = torch.exp(log_prob - batch["log_prob"])
        clipped = torch.clamp(ratio, 1.0 - self.config.clip, 1.0 + self.config.clip)
        gain = torch.minimum(ratio * batch["advantage"], clipped * batch["advantage"])
        policy_loss = -_moments(gain, batch["used"])[0]
        privileged, returns = batch["privileged"].flatten(0, 1), batch["returns"].flatten()
        value_loss = nn.functional.mse_loss(self.critic(privileged), returns)
        actor_loss = 0.0 if critic_only else policy_loss - self.config.entropy * entropy
        if self.config.beyond_clip > 0.0 and not critic_only and isinstance(distribution, Gaussian):
            actor_loss = actor_loss + self.config.beyond_clip * _beyond(distribution.mean)
        loss = actor_loss + self.config.value_weight * value_loss
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
        self.optimiser.param_groups[0]["lr"] = self.learning_rate


def _moments(values: Tensor, used: Tensor) -> tuple[Tensor, Tensor]:
    """Returns mean and standard deviation of the values of the steps that are learned from; 0 and 1 of none."""
    if bool((used > 0.0).all()):
        return values.mean(), values.std()
    chosen = values[used > 0.0]
    if len(chosen) < 2:
        return chosen.sum(), torch.ones_like(values[0, 0])
    return chosen.mean(), chosen.std()


def _beyond(mean: Tensor) -> Tensor:
    """Returns the mean square of what mean actions have beyond +-1."""
    return ((mean.abs() - 1.0).clamp(min=0.0) ** 2).mean()
