"""What a closed loop in simulation is to run."""

import os
import tempfile
from dataclasses import dataclass, field
from typing import Any

from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.sources import OBJECT_CLOUD
from dexterity_ros.systems.spec import NodeStart, load_system, resolve
from dexterity_ros.systems.trained import object_in_hand, sight_of
from dexterity_ros.tasks.goal_parameters import GoalParameters
from dexterity_ros.tasks.spec import TaskSpec


@dataclass(frozen=True, kw_only=True)
class ClosedLoop:
    """What to run: see `dexterity demo --help`.

    viewer_port: of the live page, 0 = none. leader: a second emulated hand leads. extra: parameters of nodes in place
    of the system's.
    """

    goals: int
    minutes: float
    policy: str
    task: str | None
    goal_rad: tuple[float, float]
    hand: str
    seed: int
    shadow: bool
    hardware: str
    robot: str = NO_ROBOT
    record: str = ""
    eyes: bool = False
    viewer_port: int = 0
    object: str | None = None
    captures: str = ""
    recovery: bool = True
    allow_unverified: bool = False
    leader: bool = False
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)

    def system(self, manifest: PolicyManifest) -> str:
        """Returns the name of the system in config/systems; a policy of points has eyes in any case."""
        return "eyes" if self.eyes or sight_of(manifest) == OBJECT_CLOUD.name else "sim"

    @property
    def leader_port(self) -> str:
        """Where the hand that leads can be opened; empty when there is none."""
        return f"{tempfile.gettempdir()}/dexterity_leader_{os.getpid()}.sock" if self.leader else ""

    def starts(self, manifest: PolicyManifest) -> list[NodeStart]:
        """Returns the nodes with their parameters."""
        arguments = {
            "hand": self.hand,
            "robot": self.robot,
            "policy": self.policy,
            "recovery": self.recovery,
            "allow_unverified": self.allow_unverified,
            "task": self.task or manifest.task,
            "object": object_in_hand(manifest, self.object),
            "captures": self.captures,
            "seed": self.seed,
            "shadow": self.shadow,
            "hardware": self.hardware,
            "record": self.record,
            "viewer": self.viewer_port > 0,
            "viewer_port": self.viewer_port,
            "port": f"{tempfile.gettempdir()}/dexterity_bus_{os.getpid()}.sock",
            "leader": "hand" if self.leader else "none",
            "leader_port": self.leader_port,
        }
        goal_range = {"goal_min_rad": self.goal_rad[0], "goal_max_rad": self.goal_rad[1]}
        return resolve(load_system(self.system(manifest)), arguments, {"goal_node": goal_range} | self.extra)

    def task_spec(self, manifest: PolicyManifest) -> TaskSpec:
        """Returns the task as goal_node runs it."""
        name = self.task or manifest.task
        low, high = self.goal_rad
        return GoalParameters(
            hand=self.hand, task=name, seed=self.seed, margin_rad=0.0, goal_min_rad=low, goal_max_rad=high
        ).task_spec()
