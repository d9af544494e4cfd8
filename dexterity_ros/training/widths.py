"""Automatic domain randomisation: how wide each range is at present, and when to widen it.

Source: OpenAI, Solving a Rubik cube with a robot hand, arXiv 1910.07113, section 5. Some copies stand at one end of
one term's present range; how many goals are reached there decides whether that range grows or shrinks. Here a term has
one width for both of its ends.
"""

from collections import deque
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.ranges import SHARE, Checked, Range
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.randomisation import active_terms, random_model
from dexterity_ros.sim.scene import Model

NOISE = "noise"  # everything in SampleNoise together


@dataclass(frozen=True, kw_only=True)
class WidthConfig(Checked):
    """Widths are shares of the ranges in the configuration, 0 to 1.

    start, step: of every width. up, down: shares of goals reached at an end above which a range grows, below which it
    shrinks. window_goals: how many goals decide. redraw_updates: after so many updates the models are drawn anew.
    """

    start: Annotated[float, SHARE]
    step: Annotated[float, SHARE]
    up: Annotated[float, SHARE]
    down: Annotated[float, SHARE]
    window_goals: Annotated[int, Range(1, 1_000_000, "at least one goal decides")]
    redraw_updates: Annotated[int, Range(1, 1_000_000, "at least one update later")]


class WidthCurriculum:
    """Widths of the randomised terms of one environment."""

    def __init__(self, config: WidthConfig, env: ReorientEnv, rng: np.random.Generator) -> None:
        """Draws the first models."""
        self._config, self._env, self._rng = config, env, rng
        ranges = env.config.randomisation
        assert ranges is not None, "a width curriculum needs ranges"
        self._ranges = ranges
        self.terms = (*active_terms(ranges), NOISE)
        assert 2 * len(self.terms) <= ranges.copies, f"{ranges.copies} model copies for {len(self.terms)} terms"
        self.widths = dict.fromkeys(self.terms, config.start)
        self._outcomes: dict[str, deque[bool]] = {name: deque(maxlen=config.window_goals) for name in self.terms}
        kinds = len(env.objects.names)
        assert ranges.copies % kinds == 0, f"{ranges.copies} model copies of {kinds} objects"
        self._copy = np.arange(env.num_envs) % min(ranges.copies, env.num_envs)
        self._updates = self.draws = 0
        self.redraw()

    @property
    def mean(self) -> float:
        """Mean width of all terms."""
        return float(np.mean(list(self.widths.values())))

    def snapshot(self) -> dict[str, Any]:
        """Returns all that a later update depends on."""
        outcomes = {name: list(values) for name, values in self._outcomes.items()}
        standing = {"drawn_widths": dict(self._drawn_widths), "drawn_from": self._drawn_from, "updates": self._updates}
        standing["draws"] = self.draws
        return standing | {"widths": dict(self.widths), "outcomes": outcomes}

    def restore(self, values: dict[str, Any]) -> None:
        """Continues with widths of a checkpoint; terms that it does not know begin at the start.

        values: of `snapshot`, with which it goes on exactly, or no more than the widths.
        """
        if "drawn_from" in values:
            self._rng.bit_generator.state, self._updates = values["drawn_from"], values["updates"]
            for name, outcomes in values["outcomes"].items():
                self._outcomes[name].extend(outcomes)
            self.widths |= values["drawn_widths"]
            self.redraw()
        self.widths |= {name: value for name, value in values["widths"].items() if name in self.widths}
        if "drawn_from" not in values:
            self.redraw()
        self.draws = values.get("draws", self.draws)

    def record(self, step: EnvStep) -> None:
        """Takes the goals that ended in one control step."""
        for number, name in enumerate(self.terms):
            here = self._at_an_end(number)
            ended = here & (step.reached | step.failed)
            self._outcomes[name].extend(step.reached[ended].tolist())

    def portion(self) -> dict[str, list[bool]]:
        """Returns what was recorded since the last time, for another to add, and forgets it."""
        taken = {name: list(outcomes) for name, outcomes in self._outcomes.items()}
        for outcomes in self._outcomes.values():
            outcomes.clear()
        return taken

    def add(self, portion: dict[str, list[bool]]) -> None:
        """Takes what another recorded."""
        for name, outcomes in portion.items():
            self._outcomes[name].extend(outcomes)

    @property
    def drawn(self) -> dict[str, float]:
        """Widths at which the present models were drawn."""
        return self._drawn_widths

    def follow(self, drawn: dict[str, float], draws: int) -> None:
        """Draws as another did, if it has drawn anew since."""
        if draws != self.draws:
            self.widths |= drawn
            self.redraw()
            self.draws = draws

    def update(self) -> None:
        """Call once per update of the policy: changes widths that are due, and draws new models now and then."""
        config = self._config
        for name, outcomes in self._outcomes.items():
            if len(outcomes) < config.window_goals:
                continue
            share = sum(outcomes) / len(outcomes)
            if share > config.up or share < config.down:
                change = config.step if share > config.up else -config.step
                self.widths[name] = round(float(np.clip(self.widths[name] + change, 0.0, 1.0)), 6)
                outcomes.clear()
        self._updates += 1
        if self._updates % config.redraw_updates == 0:
            self.redraw()

    def redraw(self) -> None:
        """Draws all models and the shares of noise at the present widths."""
        self.draws += 1
        self._drawn_from, self._drawn_widths = self._rng.bit_generator.state, dict(self.widths)
        nominal, count = self._env.objects.nominal, int(self._copy.max()) + 1
        copies: list[Model] = []
        for c in range(count):
            name = self.terms[c // 2] if c < 2 * len(self.terms) else NOISE
            edge = None if name == NOISE else (name, -1.0 if c % 2 else 1.0)
            copies.append(random_model(nominal[c], self._ranges, self._rng, self.widths, edge))
        self._env.replace_models([copies[c] for c in self._copy])
        scale = self._rng.uniform(0.0, self.widths[NOISE], size=self._env.num_envs)
        at_end = self._at_an_end(len(self.terms) - 1)
        self._env.sensors.scale = np.where(at_end, self.widths[NOISE], scale)

    def _at_an_end(self, number: int) -> NDArray[np.bool_]:
        """Returns which environments stand at an end of a term's range."""
        return self._copy // 2 == number
