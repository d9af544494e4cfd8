"""What a step of N episodes brings, whoever learns from it: reinforcement and imitation have one task."""

from dataclasses import dataclass
from typing import Protocol

from dexterity_ros.contracts.arrays import Bools, Singles
from dexterity_ros.sim.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class Transition:
    """What one step of N environments brought. observation, privileged: after automatic restarts, (N, ...).

    final_privileged: before them; None where nothing is ever truncated. terminated: nothing can follow. truncated: time
    was up, and might have gone on well. restarted: memories begin anew. reached, failed: attempts that ended, one of
    several of an episode perhaps. All but the first three (N,).
    """

    observation: Singles
    privileged: Singles
    final_privileged: Singles | None = None
    reward: Singles
    terminated: Bools
    truncated: Bools
    restarted: Bools
    reached: Bools
    failed: Bools

    @property
    def attempted(self) -> Bools:
        """Attempts that ended, (N,)."""
        return self.reached | self.failed


class Task(Protocol):
    """N episodes at once. Actors see `observation`, expert and critic `privileged`; actions are in [-1, 1], (N, n)."""

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        ...

    def step(self, action: Singles) -> Transition:
        """Takes one step by actions, (N, n); episodes that end begin anew."""
        ...


class World(Task, Protocol):
    """A task that can say where it stands, and go on from there."""

    def snapshot(self) -> Snapshot:
        """Returns where all episodes stand."""
        ...

    def restore(self, values: Snapshot) -> None:
        """Goes on from there."""
        ...
