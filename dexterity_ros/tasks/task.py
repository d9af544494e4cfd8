"""Task: the parts that make one, a row of tasks/table.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.tasks.sight import Sight, Verdict
from dexterity_ros.tasks.spec import TaskSpec

Term = Callable[[Sight], NDArray[np.floating[Any]]]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What makes a task.

    draw: (task, rotation of the objects (N, 4), random numbers) to goals (N, 4).
    judge: a sight to (there, dropped), each (N,): where the object is as it should be, where it is lost.
    reward: (verdict, change of the action (N, n)) to terms by name, unscaled, each (N,).
    privileged: terms of the critic beside those of sim/privileged.py, each (N, width).
    critic: names of the terms that a critic sees when its configuration names none.
    """

    draw: Callable[[TaskSpec, Floats, np.random.Generator], Floats]
    judge: Callable[[Sight], tuple[Bools, Bools]]
    reward: Callable[[Verdict, Floats], dict[str, Floats]]
    privileged: Mapping[str, Term]
    critic: tuple[str, ...]
