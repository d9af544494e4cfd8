"""Weights of the reward terms that tasks have."""

from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.ranges import Checked, Range

_WEIGHT = Range(-1e6, 1e6, "of a reward")


@dataclass(frozen=True, kw_only=True)
class RewardConfig(Checked):
    """Weights of the reward terms; the sum is multiplied by `scale`. The default is Dactyl's, arXiv 1808.00177.

    late: of a goal not reached in time. Other than 0, that is a failure like a drop: nothing can be won afterwards, so
    standing still is no safe choice. With 0 the time-out is nobody's fault, and the value behind it counts.
    """

    progress: Annotated[float, _WEIGHT] = 1.0
    success: Annotated[float, _WEIGHT] = 5.0
    drop: Annotated[float, _WEIGHT] = -20.0
    late: Annotated[float, _WEIGHT] = 0.0
    off_centre: Annotated[float, _WEIGHT] = 0.0
    action_rate: Annotated[float, _WEIGHT] = 0.0
    scale: Annotated[float, Range(1e-6, 1e6, "brings returns to order one; 0 would pay nothing")] = 0.2

    def paid(self, terms: dict[str, Floats]) -> Floats:
        """Returns the reward, (N,), for terms of a task, each (N,)."""
        total: Floats = self.scale * sum(getattr(self, name) * value for name, value in terms.items())
        return total
