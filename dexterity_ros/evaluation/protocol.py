"""Evaluation protocols of published work; one YAML file each in config/protocols."""

from dataclasses import dataclass

from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.tasks.reorient import TaskSpec


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """about: where it comes from. task: rules of a goal. episodes, goals: how many at most. episode_s: 0 = no limit."""

    about: str
    task: TaskSpec
    episodes: int
    goals: int
    episode_s: float


def load_protocol(name: str) -> Protocol:
    """Returns the protocol called `name` in config/protocols, or in the YAML file `name`. Raises ConfigError."""
    return config.load(Protocol, named_resource("config/protocols", name))
