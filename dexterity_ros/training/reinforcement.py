"""Reinforcement of a student in the simulated hand: stages of the task, fresh hands, what is counted on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.tasks.spec import GOAL_ANGLE
from dexterity_ros.training.checkpoint import packed, random_states, restore_random, unpacked
from dexterity_ros.training.imitation.fine_tuning import Tuner

NEAR_RAD = (0.2, 0.4)  # goals are counted that came within these


@dataclass(frozen=True, kw_only=True)
class SuccessStage(Checked):
    """From this many steps on a goal counts as reached within success_rad, held for hold_steps control steps."""

    from_steps: Annotated[int, Range(0, 10**15, "the longest trainings known have 10^13")]
    success_rad: Annotated[float, GOAL_ANGLE]
    hold_steps: Annotated[int, Range(1, 10_000, "at least one step; at most minutes")]


class GoalCount:
    """Counts goals that ended: how near they came, and how they failed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forgets what was counted."""
        self._goals = self._drops = self._late = 0
        self._near = np.zeros(len(NEAR_RAD))

    def watch(self, step: EnvStep) -> None:
        """Takes one control step."""
        over = step.reached | step.failed
        self._goals += int(over.sum())
        self._drops += int(step.terms["drop"].sum())
        self._late += int(step.terms["late"].sum())
        self._near += [(step.least_error_rad[over] < near).sum() for near in NEAR_RAD]

    def portion(self) -> dict[str, Any]:
        """Returns what was counted, for another to add."""
        return {"goals": self._goals, "drops": self._drops, "late": self._late, "near": self._near.tolist()}

    def add(self, portion: dict[str, Any]) -> None:
        """Counts what another counted."""
        self._goals += portion["goals"]
        self._drops += portion["drops"]
        self._late += portion["late"]
        self._near += np.array(portion["near"])

    def shares(self) -> dict[str, float]:
        """Returns shares of the goals: within_RAD, dropped, late; and their number."""
        total = max(self._goals, 1)
        near = {f"within_{rad}": float(count) / total for rad, count in zip(NEAR_RAD, self._near, strict=True)}
        return near | {"dropped": self._drops / total, "late": self._late / total, "goals": self._goals}


class Reinforcement:
    """One run of a tuner in the simulated hand."""

    def __init__(
        self,
        tuner: Tuner,
        env: ReorientEnv,
        count: GoalCount,
        *,
        success: tuple[SuccessStage, ...],
        redraw_updates: int,
        validated: Callable[[int], float | None],
    ) -> None:
        """count: watches the environment. redraw_updates: models are drawn anew after so many; 0 = never.

        validated: update to the success rate of the student alone, where that is due.
        """
        self.tuner, self._env, self._count = tuner, env, count
        self._success, self._redraw_updates, self._validated = success, redraw_updates, validated

    @property
    def steps_per_update(self) -> int:
        """Control steps of all hands in one update."""
        return self.tuner.config.ppo.horizon * self._env.num_envs

    def update(self, number: int) -> tuple[dict[str, float], float | None]:
        """Collects and learns once. Returns (what is logged, success rate alone where it was validated)."""
        self._set_stage(number * self.steps_per_update)
        if self._redraw_updates and number and number % self._redraw_updates == 0:
            self._env.redraw_models()
        self._count.begin()
        stats = self.tuner.update(number) | self._count.shares() | self._speed()
        alone = self._validated(number)
        if alone is not None:
            self.tuner.collector.restart()
        return stats, alone

    def snapshot(self) -> dict[str, Any]:
        """Returns what a checkpoint holds beside the networks."""
        return {
            "optimiser": self.tuner.ppo.optimiser.state_dict(),
            "learning_rate": self.tuner.ppo.learning_rate,
            "collector": packed(self.tuner.collector.snapshot()),
            "random": random_states(),
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Goes on exactly where a run of the same configuration stood."""
        self.tuner.ppo.optimiser.load_state_dict(content["optimiser"])
        self.tuner.ppo.learning_rate = content["learning_rate"]
        self.tuner.collector.restore(unpacked(content["collector"]))
        restore_random(content["random"])

    def _set_stage(self, steps: int) -> None:
        for stage in self._success:
            if steps >= stage.from_steps:
                self._env.set_success(stage.success_rad, stage.hold_steps)

    def _speed(self) -> dict[str, float]:
        """Returns steps per second, and the shares of the time, since the last look."""
        seconds = self.tuner.collector.seconds
        shares = {name: value / seconds.all for name, value in vars(seconds).items()}
        speed = {"steps_per_s": self.steps_per_update / seconds.all, "seconds_spent": seconds.all}
        seconds.clear()
        return speed | {f"share_{name}": value for name, value in shares.items()}


def progress_line(stats: dict[str, float], steps: int) -> str:
    """Returns what the progress bar shows of an update."""
    near = " ".join(f"<{rad}: {100 * stats[f'within_{rad}']:.1f} %" for rad in NEAR_RAD)
    shares = " ".join(f"{name} {100 * stats[f'share_{name}']:.0f} %" for name in ("simulation", "network", "learning"))
    ends = f"dropped {100 * stats['dropped']:.1f} % late {100 * stats['late']:.1f} %"
    return f"{steps / 1e6:.2f}M steps, goals {near} {ends}, {stats['steps_per_s']:.0f} steps/s ({shares})"
