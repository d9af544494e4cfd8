"""The best of the iterates, by how often the policy alone succeeded."""

import copy
from typing import Any

from torch import Tensor

from dexterity_ros.training.networks import Actor


class Best:
    """Weights of an actor at its best. rate: of success alone; below 0 = never validated. steps: learned from then."""

    def __init__(self) -> None:
        self.rate, self.steps = -1.0, 0
        self.weights: dict[str, Tensor] = {}

    def offer(self, actor: Actor, rate: float | None, steps: int) -> None:
        """Takes the actor as it is where it is better than before. rate: None = it was not validated."""
        if rate is not None and rate > self.rate:
            self.rate, self.steps, self.weights = rate, steps, copy.deepcopy(actor.state_dict())

    def put_back(self, actor: Actor) -> None:
        """Gives an actor the best weights; it stays as it is where nothing was validated."""
        if self.weights:
            actor.load_state_dict(self.weights)

    def snapshot(self) -> dict[str, Any]:
        """Returns it for a checkpoint."""
        return {"rate": self.rate, "steps": self.steps, "actor": self.weights}

    def restore(self, values: dict[str, Any]) -> None:
        """Goes on from a checkpoint."""
        self.rate, self.steps, self.weights = values["rate"], values["steps"], values["actor"]


def best_of(content: dict[str, Any], steps: int) -> tuple[dict[str, Tensor], int]:
    """Returns (an actor's weights in a checkpoint, steps learned from): the best there are, else the newest."""
    best = content.get("best", {"actor": {}})
    return (best["actor"], best["steps"]) if best["actor"] else (content["actor"], steps)
