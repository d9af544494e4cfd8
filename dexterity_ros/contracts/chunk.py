"""ChunkSpec: how a policy that says many actions at once is run; an optional part of its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import SEED, Checked, Range

CHUNK = "chunk"  # the output of the network, (batch, horizon, joints), in the place of an action
NOISE, PREFIX, PREFIX_WEIGHT = "noise", "prefix", "prefix_weight"  # inputs beside what is seen
_TICKS = Range(1, 1000, "control periods; ACT says 100 actions at once, diffusion 16")


@dataclass(frozen=True, kw_only=True)
class ChunkSpec(Checked):
    """All times in control periods, counted from the tick whose observation the network was asked about.

    horizon: actions of a chunk. executed: from one question to the next. delay: an answer is used from then on, however
    early it comes, so that a fast machine and the judge act alike; 0 = the control loop waits for it. late: how much
    longer an answer may take, and with it how much longer the chunk before may be used; then the queue is empty, which
    is a fault.
    blend: newest = the newest chunk alone; ensemble = all chunks that reach the tick, weighted exp(-decay * i), i = 0
    the oldest (arXiv 2304.13705, algorithm 2); prefix = the newest, and the network is given what the chunk before will
    have done meanwhile, to go on from there (real-time chunking, arXiv 2506.07339).
    noise_width: standard normal numbers that the network draws on. seed: of that noise, together with the tick's time.
    """

    horizon: Annotated[int, _TICKS]
    executed: Annotated[int, _TICKS]
    delay: Annotated[int, Range(0, 100, "inference beside the control loop answers for a later tick")] = 1
    late: Annotated[int, Range(0, 100, "0 = an answer that is not there in time stops the hand")] = 1
    blend: Literal["newest", "ensemble", "prefix"] = "newest"
    decay: Annotated[float, Range(0.0, 100.0, "0 = all chunks alike; ACT has 0.01")] = 0.01
    noise_width: Annotated[int, Range(0, 100_000, "0 = nothing is drawn")] = 0
    seed: Annotated[int, SEED] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most_age > self.horizon:
            said = "executed + delay + late, the age that an action may have"
            raise ConfigError(f"horizon is {self.horizon}, expected {self.most_age} or more: {said}")

    @property
    def most_age(self) -> int:
        """Ticks after its question from which a chunk is not used any more, unless in an ensemble with a newer one."""
        return self.executed + self.delay + self.late

    def inputs(self, joints: int) -> dict[str, tuple[int, ...]]:
        """Returns the inputs of the network beside what is seen, each with its shape."""
        noise = {NOISE: (self.noise_width,)} if self.noise_width else {}
        prefix = {PREFIX: (self.horizon, joints), PREFIX_WEIGHT: (self.horizon,)}
        return {**noise, **(prefix if self.blend == "prefix" else {})}


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """What a network is asked at a tick. ports: its inputs but the noise, each (..., *shape) float32."""

    asked_ns: int
    ports: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, eq=False)
class ChunkUse:
    """What an action was made of. used_ns: when each of the chunks in it was asked for, the oldest first.

    asked: the questions whose answers came since the last action; with these a replay answers them again.
    """

    used_ns: tuple[int, ...]
    asked: tuple[Question, ...]
