"""What an operator did when they took over a running policy, as a batch to learn from: human-gated DAgger's data.

Source: Kelly et al., HG-DAgger, arXiv 1810.02890: only the interventions are learned from.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.outputs import REACHED
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.wire import TickRecord

_GAP_PERIODS = 1.5


def corrections(
    ticks: Sequence[TickRecord], *, period_s: float, width: int, joints: int, stop_head: bool = False, steps: int = 400
) -> Batch:
    """Returns the stretches of a recording in which an operator led, with what the policy saw before and between.

    width: of the student's observation. stop_head: its own output stays its label there. steps: a stretch without
    a reset or a gap is split into pieces of this many ticks; where a piece begins, so does the student's memory.

    Raises:
        BagError: nobody led, or the recorded policy saw something else than the student.
    """
    led, outputs = sum(tick.led for tick in ticks), joints + stop_head
    if led == 0:
        raise BagError(f"nobody led in {len(ticks)} ticks; publish to leader/joint_targets while the policy runs")
    labels = {id(tick): _label(tick) for tick in ticks}
    found = {(tick.observation.size, labels[id(tick)].size) for tick in ticks}
    if found != {(width, outputs)}:
        raise BagError(
            f"the recorded policy's (observation, action) have {sorted(found)}, the student's {width, outputs}"
        )
    pieces = [piece for piece in _pieces(ticks, period_s, steps) if any(tick.led for tick in piece)]
    long = max(len(piece) for piece in pieces)
    shape = (long, len(pieces))
    observation, label = torch.zeros(*shape, width), torch.zeros(*shape, outputs)
    used, done = torch.zeros(shape), torch.ones(shape)
    for k, piece in enumerate(pieces):
        observation[: len(piece), k] = torch.from_numpy(np.stack([tick.observation for tick in piece]))
        label[: len(piece), k] = torch.from_numpy(np.stack([labels[id(tick)] for tick in piece]))
        used[: len(piece), k] = torch.tensor([float(tick.led) for tick in piece])
        done[: len(piece) - 1, k] = 0.0
    return Batch(observation=observation, label=label, done=done, used=used, attempts=0, successes=0, unexplained=0.0)


def _label(tick: TickRecord) -> NDArray[np.float32]:
    """Returns the action, and behind it the output of a stop head: recorded as 0 to 1, learned as -1 to 1."""
    reached = tick.outputs.get(REACHED.name)
    return tick.raw_action if reached is None else np.concatenate([tick.raw_action, 2.0 * reached - 1.0])


def _pieces(ticks: Sequence[TickRecord], period_s: float, steps: int) -> list[list[TickRecord]]:
    pieces: list[list[TickRecord]] = []
    for tick in ticks:
        last = pieces[-1][-1] if pieces else None
        goes_on = (
            last is not None
            and tick.reset == last.reset
            and (tick.now_ns - last.now_ns) * 1e-9 < _GAP_PERIODS * period_s
            and len(pieces[-1]) < steps
        )
        if goes_on:
            pieces[-1].append(tick)
        else:
            pieces.append([tick])
    return pieces
