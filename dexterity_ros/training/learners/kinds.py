"""The table of learners: a row is what adding one costs beside its own file."""

from dataclasses import dataclass
from typing import Any

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.training.learners.act import Act, ActConfig
from dexterity_ros.training.learners.cloning import Cloning, CloningConfig
from dexterity_ros.training.learners.denoiser import DenoiserConfig
from dexterity_ros.training.learners.diffusion import Diffusion
from dexterity_ros.training.learners.flow_matching import FlowMatching
from dexterity_ros.training.learners.learner import Learner

# kind: (its configuration, its class)
KINDS: dict[str, tuple[type[Any], type[Learner]]] = {
    "cloning": (CloningConfig, Cloning),
    "act": (ActConfig, Act),
    "diffusion": (DenoiserConfig, Diffusion),
    "flow": (DenoiserConfig, FlowMatching),
}


@dataclass(frozen=True, kw_only=True)
class LearnerConfig:
    """Which learner, and what it is made of: a kind and the keys of its configuration."""

    kind: str
    settings: dict[str, Any]

    def learner(self, width: int, joints: int) -> Learner:
        """Returns the learner, which knows nothing. Raises ConfigError for what is not in the table."""
        if self.kind not in KINDS:
            raise ConfigError(f"kind is {shown(self.kind)}; there are {', '.join(KINDS)}")
        settings, made = KINDS[self.kind]
        build: Any = made
        learner: Learner = build(width, joints, configs.from_mapping(settings, self.settings, where="settings"))
        return learner
