"""The robot as a row of trials sees it: a system, started when needed, with the policy whose turn it is."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.evaluation.trials.plan import OnTrial, TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended
from dexterity_ros.systems.processes import own_domain, ros_environment
from dexterity_ros.systems.spec import NodeStart, SystemSpec, load_system, resolve
from dexterity_ros.systems.trials.session import RECORDER, TrialSession

OURS = ("policy", "task", "seed", "record")  # arguments that the trials set
_STILL_S = 20.0
_TASK_FILE = "task.yaml"


def emulated(system: SystemSpec) -> bool:
    """Returns whether a system is a simulated hand, into which the simulator puts the object."""
    return any(node.executable == "sim_node" for node in system.nodes)


def check_arguments(system: SystemSpec, arguments: Mapping[str, Any]) -> None:
    """Raises ConfigError when a system cannot be used for trials, or an argument is the trials' own to set."""
    if taken := sorted(set(arguments) & set(OURS)):
        raise ConfigError(f"the trials themselves set {taken}; --arg sets {sorted(set(system.arguments) - set(OURS))}")
    if lacks := sorted(set(OURS) - set(system.arguments)):
        raise ConfigError(f"system {system.name} has no argument {lacks}, which trials need: try real, eyes or sim")


def hand_on_trial(system: SystemSpec, arguments: Mapping[str, Any], policies: tuple[OnTrial, ...]) -> RobotHand:
    """Returns the hand, which every policy fits. Raises ConfigError, BundleError."""
    values = system.values(arguments)
    hand = load_robot_hand(values["hand"], values["robot"])
    for one in policies:
        load_manifest(resource(one.bundle)).check_hand(hand)
    return hand


class TrialRobot:
    """Starts the system at the first trial and, where several policies take turns, anew for each, also the same one.

    So nobody hears from a restart whether the policy has changed.
    """

    def __init__(self, plan: TrialPlan, hand: RobotHand, folder: Path, network: str = "") -> None:
        """folder: of the trials; the nodes' output goes into it. network: who may join, see systems/network.py."""
        self._plan, self._hand, self._folder = plan, hand, folder
        self._system = load_system(plan.system)
        self._emulated, self._network = emulated(self._system), network
        self._session: TrialSession | None = None

    @property
    def radius_m(self) -> float:
        """How near the grasp centre the object belongs."""
        return self._plan.task.drop_distance_m

    def ready(self, episode: int) -> None:
        """Has a system running for a trial. Raises DexterityError."""
        if self._plan.blind:
            self.leave()
        if self._session is None:
            session = TrialSession(
                self._starts(episode), self._environment(), self._folder / "nodes.log", self._hand.grasp_centre_m
            )
            self._session = session.__enter__()

    def leave(self) -> None:
        """Ends the system that runs, if one does."""
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None, None, None)

    def put_back(self) -> None:
        """Puts the object into an emulated hand; into another one only a person does. Lifts a stop that was told of."""
        self._running.runner.lift_stop()
        if self._emulated:
            self._running.put_back()

    def at_rest(self) -> str:
        """Waits until the object is seen and still; returns why not, if it is not in time."""
        return self._running.runner.at_rest(self.radius_m, _STILL_S)

    def truly_in_hand(self) -> bool:
        """Returns whether the object is in an emulated hand."""
        return self._running.truly_in_hand(self.radius_m)

    def trial(self, bag: Path, dropped: Callable[[], bool], say: Callable[[str], None]) -> Ended:
        """Returns what came of a trial, recorded in `bag`. See TrialRunner.trial."""
        session = self._running
        try:
            return session.trial(self._plan, bag, dropped, say)
        finally:
            if not session.limp:
                self.leave()

    @property
    def _running(self) -> TrialSession:
        assert self._session is not None
        return self._session

    def _environment(self) -> dict[str, str]:
        if self._emulated:
            return ros_environment(domain_id=own_domain())
        return ros_environment(network=self._network)

    def _starts(self, episode: int) -> list[NodeStart]:
        task = self._folder / _TASK_FILE
        with naming(task):
            task.write_text(yaml.safe_dump(config.to_mapping(self._plan.task)))
        ours: dict[str, Any] = {
            "policy": self._plan.policy(episode).bundle,
            "task": str(task.absolute()),
            "seed": self._plan.goal_seed(episode),
            "record": str(self._folder / RECORDER),  # the recorder is started by each trial with a folder of its own
        }
        if self._emulated:
            ours["port"] = f"{tempfile.gettempdir()}/dexterity_bus_{os.getpid()}.sock"
        elif "shadow" in self._system.arguments:
            ours["shadow"] = False
        # Under a protocol every turn of the object counts, also one that nobody can see.
        return resolve(self._system, ours | self._plan.arguments, {"goal_node": {"object": ""}})
