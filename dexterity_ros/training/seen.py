"""What a policy has met in training, kept beside its weights: an export says so, and needs no simulator to find out."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from dexterity_ros.training.networks import Actor

EXAMPLES = 64  # pairs by which an exported network is checked
_QUANTILES = (0.001, 0.999)
_ROLLOUTS = 20  # lately: so many count
_MOST_ROWS = 8192  # of one rollout; twenty of them count


class Seen:
    """The range of each number of the observation, a mean of what the last rollouts had; and examples of the last one.

    low, high: (width,), 0.1 and 99.9 percentiles while exploring.
    """

    def __init__(self) -> None:
        self.low = self.high = torch.zeros(0)
        self._rollouts = 0
        self._last: tuple[Tensor, Tensor, Tensor] | None = None
        self._examples: dict[str, Tensor] = {}

    def take(self, observation: Tensor, restarted: Tensor, state: Tensor) -> None:
        """Takes a rollout. observation (T, N, width), restarted (T, N); state (N, s): of the actor before it."""
        low, high = _quantiles(observation.flatten(0, 1))
        share = max(1.0 / (self._rollouts + 1), 1.0 / _ROLLOUTS)
        if self._rollouts == 0:
            self.low, self.high = low, high
        self.low, self.high = self.low.lerp(low, share), self.high.lerp(high, share)
        self._rollouts += 1
        columns = torch.arange(min(EXAMPLES, observation.shape[1]))
        self._last = observation[:, columns], restarted[:, columns], state[columns]

    def snapshot(self, actor: Actor) -> dict[str, Any]:
        """Returns it all for a checkpoint: also what the actor, as it is now, would remember in the examples."""
        if self._last is not None:
            self._examples, self._last = _examples(actor, *self._last), None
        return {"low": self.low, "high": self.high, "rollouts": self._rollouts} | self._examples

    def restore(self, values: dict[str, Any]) -> None:
        """Goes on from a checkpoint."""
        self.low, self.high, self._rollouts = values["low"].cpu(), values["high"].cpu(), values["rollouts"]
        self._examples = {name: values[name] for name in ("observation", "state") if name in values}


def _quantiles(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Returns (low, high) of each column of (n, width)."""
    stride = (len(rows) // _MOST_ROWS) | 1  # odd, so that it is not the same hands in every step
    columns = np.ascontiguousarray(rows[::stride].T.cpu().numpy())
    places = [round(q * (columns.shape[1] - 1)) for q in _QUANTILES]
    found = np.partition(columns, places, axis=1)[:, places]
    return torch.from_numpy(found[:, 0].copy()), torch.from_numpy(found[:, 1].copy())


@torch.no_grad()
def _examples(actor: Actor, observation: Tensor, restarted: Tensor, state: Tensor) -> dict[str, Tensor]:
    """Returns {observation (EXAMPLES, width), state (EXAMPLES, s)}, from the whole rollout, evenly."""
    steps, hands = observation.shape[:2]
    states = []
    for seen, over in zip(observation, restarted, strict=True):
        states.append(state)
        state = actor.parameters_of(seen, state)[1] * (1.0 - over)[:, None]
    index = torch.linspace(0, steps * hands - 1, EXAMPLES).long()
    step, hand = index // hands, index % hands
    return {"observation": observation[step, hand].cpu().clone(), "state": torch.stack(states)[step, hand].cpu()}
