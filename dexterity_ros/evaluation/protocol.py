"""Evaluation protocols of published work; one YAML file each in config/protocols."""

from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.contracts import config
from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.tasks.spec import TaskSpec


@dataclass(frozen=True, kw_only=True)
class Protocol(Checked):
    """about: where it comes from. task: rules of a goal. episodes, goals: how many at most. episode_s: 0 = no limit."""

    about: str
    task: TaskSpec
    episodes: Annotated[int, Range(1, 100_000, "all of them are simulated at once")]
    goals: Annotated[int, Range(1, 100_000, "at least one")]
    episode_s: Annotated[float, Range(0.0, 86_400.0, "at most a day; 0 = no limit")]


def load_protocol(name: str) -> Protocol:
    """Returns the protocol called `name` in config/protocols, or in the YAML file `name`. Raises ConfigError."""
    return config.load_named(Protocol, "config/protocols", name)
