"""A person moves the fingers, or those of a second hand that leads: what they show, by episodes; a stage, and its bag.

The bag is like that of a policy which a person leads: each tick consumed the joints, and its target is what the leader
wanted, or without one, where the joints were one tick later. So everything that reads ticks reads it: datasets,
`train data`, `play`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import numpy as np

import dexterity_ros
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.messages import write_tick
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.wire import TickRecord, tick_record

RATE_KEY, TASK_KEY = "rate_hz", "task"
_LEAST_ROWS = 5


class Key(StrEnum):
    """What a person presses; a pedal that types one of these does as well."""

    TURN = " "
    KEEP = "k"
    THROW = "t"
    END = "q"


class Doing(StrEnum):
    """What goes on."""

    WAITING = "space begins an episode, q ends"
    RECORDING = "recording: space ends the episode"
    DECIDING = "k keeps the episode, t throws it away"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """A measurement, and what a leader wanted then, rad (n,); None where the fingers themselves are moved."""

    sample: JointSample
    wanted_rad: Floats | None


@dataclass(kw_only=True)
class Lesson:
    """A stage. kept: episodes of rows, one every period."""

    period_ns: int
    kept: list[list[Row]] = field(default_factory=list)
    doing: Doing = Doing.WAITING
    thrown: int = 0
    _now: list[Row] = field(default_factory=list)
    _due_ns: int = 0

    def step(self, sample: JointSample, key: str, wanted_rad: Floats | None = None) -> Doing:
        """Takes a measurement and what was pressed since the last one, or ""; returns what goes on.

        wanted_rad: what a leader wants, (n,); None without one.
        """
        self._press(key)
        if self.doing is Doing.RECORDING and int(sample.stamp_ns) >= self._due_ns:
            late = not self._now or int(sample.stamp_ns) - self._due_ns > self.period_ns
            self._due_ns = (int(sample.stamp_ns) if late else self._due_ns) + self.period_ns
            self._now.append(Row(sample=sample, wanted_rad=wanted_rad))
        return self.doing

    def _press(self, key: str) -> None:
        if self.doing is Doing.WAITING and key == Key.TURN:
            self._now, self._due_ns, self.doing = [], 0, Doing.RECORDING
        elif self.doing is Doing.RECORDING and key in (Key.TURN, Key.END):
            self.doing = Doing.DECIDING
        elif self.doing is Doing.DECIDING and key in (Key.KEEP, Key.THROW):
            keeps = key == Key.KEEP and len(self._now) >= _LEAST_ROWS
            self.kept += [self._now] if keeps else []
            self.thrown += not keeps
            self.doing = Doing.WAITING
        elif self.doing is Doing.WAITING and key == Key.END:
            self.doing = Doing.DONE


def write_lesson(folder: Path, lesson: Lesson, hand: HandFile) -> None:
    """Writes what was kept as a bag. Raises BagError when there is something there already, or nothing was kept."""
    if folder.exists():
        raise BagError(f"{folder} exists already; a lesson never overwrites anything")
    if not lesson.kept:
        raise BagError(f"no episode was kept ({lesson.thrown} thrown away): there is nothing to write to {folder}")
    info = {
        "code_version": dexterity_ros.__version__,
        "hand": hand.name,
        TASK_KEY: folder.name,
        RATE_KEY: f"{1e9 / lesson.period_ns:g}",
    }
    topics = recorded_topics()
    writer = BagWriter(folder, list(topics.values()), info)
    for number, episode in enumerate(lesson.kept, start=1):
        for here, after in pairwise(episode):
            write_tick(writer, topics, _tick(here, after, number), hand.joint_names)
    writer.close()


def _tick(row: Row, next_row: Row, episode: int) -> TickRecord:
    here, now = row.sample, int(row.sample.stamp_ns)
    target = np.asarray(next_row.sample.pos_rad if row.wanted_rad is None else row.wanted_rad)
    return TickRecord(
        now_ns=now,
        reset=episode,
        inputs=ObservationInputs({JOINTS.name: here}),
        observation=np.asarray(here.pos_rad, dtype=np.float32),
        outputs={ACTION.name: target.astype(np.float32)},
        target=JointTarget(stamp_ns=now, pos_rad=target),
        led=True,
    )


def read_motions(folder: Path, hand: HandFile) -> tuple[list[Floats], float]:
    """Returns (positions (T, n) rad of each episode, period in s) of a lesson, or of any recording with ticks.

    What is played is what was commanded: of a lesson where the fingers were, of a policy its targets.

    Raises BagError when there are none, or another hand was recorded.
    """
    bag = Bag(folder).whole()
    if (recorded := bag.info.get("hand", hand.name)) != hand.name:
        raise BagError(f"{folder} is of the hand {recorded}, this is {hand.name}")
    bag.need("policy/tick")
    ticks = [tick_record(value) for _, value in bag.values("policy/tick")]
    edges = [i for i in range(1, len(ticks)) if ticks[i].reset != ticks[i - 1].reset]
    pieces = [ticks[a:b] for a, b in zip([0, *edges], [*edges, len(ticks)], strict=True)]
    motions = [np.stack([tick.target.pos_rad for tick in piece]) for piece in pieces if len(piece) >= _LEAST_ROWS - 1]
    steps = [b.now_ns - a.now_ns for piece in pieces for a, b in pairwise(piece)]
    if not motions:
        raise BagError(f"{folder} has no episode of {_LEAST_ROWS - 1} ticks or more")
    return motions, float(np.median(steps)) * 1e-9
