"""What learners learn from: episodes of observations and the actions that were taken there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """A minibatch. observation (n, width); actions (n, horizon, joints), from the observation on.

    valid: (n, horizon), 1 = in the episode; behind its end the last action stands, 0.
    """

    observation: Tensor
    actions: Tensor
    valid: Tensor


class Demonstrations:
    """All steps of all episodes in a row, on one device."""

    def __init__(self, episodes: Sequence[tuple[Singles, Singles]], device: torch.device | str = "cpu") -> None:
        """episodes: (observations (T, width), actions (T, joints)) each, in physical units.

        Raises ConfigError when there are none, or observations and actions are not alike in length and width.
        """
        _check(episodes)
        lengths = torch.tensor([len(actions) for _, actions in episodes])
        self.observation = torch.from_numpy(np.concatenate([seen for seen, _ in episodes])).float().to(device)
        self.actions = torch.from_numpy(np.concatenate([actions for _, actions in episodes])).float().to(device)
        self._last = torch.repeat_interleave(lengths.cumsum(0) - 1, lengths).to(device)  # of the step's episode

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self._last)

    @property
    def width(self) -> int:
        """Numbers of one observation."""
        return int(self.observation.shape[1])

    @property
    def joints(self) -> int:
        """Numbers of one action."""
        return int(self.actions.shape[1])

    def chunks(self, start: Tensor, horizon: int) -> Chunks:
        """Returns what was seen at the steps `start`, (n,), and the `horizon` actions from there on."""
        index = start[:, None] + torch.arange(horizon, device=start.device)
        last = self._last[start][:, None]
        return Chunks(
            observation=self.observation[start],
            actions=self.actions[torch.minimum(index, last)],
            valid=(index <= last).float(),
        )


def _check(episodes: Sequence[tuple[Singles, Singles]]) -> None:
    """Raises ConfigError."""
    if not episodes:
        raise ConfigError("there are 0 demonstrations, expected 1 or more")
    width, joints = episodes[0][0].shape[1], episodes[0][1].shape[1]
    for number, (seen, actions) in enumerate(episodes):
        expected = f"expected (T, {width}) and (T, {joints}), T of 1 or more"
        if seen.shape != (len(actions), width) or actions.shape != (len(seen), joints) or len(seen) == 0:
            raise ConfigError(f"demonstration {number} has the shapes {seen.shape} and {actions.shape}, {expected}")
        if not (np.isfinite(seen).all() and np.isfinite(actions).all()):
            raise ConfigError(f"demonstration {number} holds numbers that are not finite")
