"""How much of what a teacher does its student cannot know: found out before days are spent on imitating it."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.networks import RunningNorm, mlp

_HIDDEN, _EPOCHS, _MINIBATCH = (128, 128), 30, 512


@dataclass(frozen=True, kw_only=True)
class Unexplained:
    """share: of the variance of the teacher's actions that the best guess from the student's inputs leaves, 0 to 1.

    by_number: the same for each number of the action. samples: that were not learned from.
    """

    share: float
    by_number: tuple[float, ...]
    samples: int


def unexplained(batches: list[Batch], *, categorical: int = 0, seed: int = 0) -> Unexplained:
    """Returns what a network cannot predict of the labels from the observations, judged on every fifth episode column.

    categorical: actions are one of so many values in [-1, 1]; each value is a variable of its own then, because the
    mean of two codes is no code.
    """
    torch.manual_seed(seed)
    observation = torch.cat([b.observation.flatten(0, 1) for b in batches])
    label = torch.cat([b.label.flatten(0, 1) for b in batches])
    columns = torch.cat([torch.arange(b.done.shape[1]).repeat(b.done.shape[0]) for b in batches])
    held_out = columns % 5 == 0
    if categorical:
        index = torch.round((label[:, 0] + 1.0) * 0.5 * (categorical - 1)).long()
        label = torch.nn.functional.one_hot(index, categorical).float()
    norm = RunningNorm(observation.shape[1])
    norm.update(observation[~held_out])
    network = mlp([observation.shape[1], *_HIDDEN, label.shape[1]])
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    inputs, wanted = norm(observation[~held_out]), label[~held_out]
    for _ in range(_EPOCHS):
        for part in torch.randperm(len(inputs)).split(_MINIBATCH):
            loss = torch.nn.functional.mse_loss(network(inputs[part]), wanted[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.no_grad():
        left = ((network(norm(observation[held_out])) - label[held_out]) ** 2).mean(dim=0).numpy()
    spread = label[held_out].var(dim=0, unbiased=False).numpy()
    return _result(left, spread, int(held_out.sum()))


def _result(left: NDArray[np.float32], spread: NDArray[np.float32], samples: int) -> Unexplained:
    used = spread > 1e-8
    shares = np.where(used, left / np.maximum(spread, 1e-8), 0.0)
    return Unexplained(
        share=round(float(min(left[used].sum() / max(spread[used].sum(), 1e-8), 1.0)), 4),
        by_number=tuple(round(float(min(share, 1.0)), 4) for share in shares),
        samples=samples,
    )
