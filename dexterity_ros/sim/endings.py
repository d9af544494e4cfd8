"""Where episodes of an environment end."""

import numpy as np

from dexterity_ros.contracts.arrays import Bools
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.tasks.sight import Verdict


def endings(config: EnvConfig, verdict: Verdict, over: Bools, rng: np.random.Generator) -> tuple[Bools, Bools, Bools]:
    """Returns where an episode ended in a failure, where its time was up, and where the hand is restarted, each (N,).

    over: episodes that are as long as they may be, (N,).
    """
    late_fails = config.reward.late != 0.0
    terminated = verdict.dropped | verdict.late if late_fails else verdict.dropped
    truncated = (verdict.late | over) & ~terminated
    return terminated, truncated, (terminated | truncated) & ~_goes_on(config, verdict.late & terminated, rng)


def _goes_on(config: EnvConfig, late: Bools, rng: np.random.Generator) -> Bools:
    """Returns which of the hands that were late are given another goal where they are."""
    share = config.late_goes_on
    return late & (rng.uniform(size=len(late)) < share) if share > 0.0 else np.zeros_like(late)
