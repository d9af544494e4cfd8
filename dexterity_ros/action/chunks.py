"""The queue of chunks: what to do at a tick, out of the answers that came for earlier ones. A stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.chunk import NOISE, PREFIX, PREFIX_WEIGHT, ChunkSpec, Question
from dexterity_ros.contracts.errors import Fault, FaultCode


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """An answer. question: what it answers. actions: (..., horizon, n) raw, the first for the tick of the question."""

    question: Question
    actions: Singles

    @property
    def asked_ns(self) -> int:
        """The tick of its question."""
        return self.question.asked_ns


class ChunkQueue:
    """Chunks by the time they are for. Times are those of ticks; a tick that was missed is skipped in the chunk too."""

    def __init__(self, spec: ChunkSpec, period_ns: int) -> None:
        self.spec, self._period_ns = spec, period_ns
        self._chunks: tuple[Chunk, ...] = ()  # by asked_ns, the oldest first
        self.dropped = 0
        """Answers that came too late to be used at all."""

    def void(self) -> None:
        """Forgets every chunk."""
        self._chunks = ()

    def copies(self, hand: int, copies: int) -> "ChunkQueue":
        """Returns a queue for as many hands, with what there is for one hand of this batch."""
        other, rows = ChunkQueue(self.spec, self._period_ns), [hand] * copies
        other._chunks = tuple(replace(chunk, actions=chunk.actions[rows]) for chunk in self._chunks)
        return other

    def add(self, chunk: Chunk, now_ns: int) -> Fault | None:
        """Takes an answer. One that is too late is dropped; a broken one is a fault, and empties the queue."""
        if not np.isfinite(chunk.actions).all():
            self.void()
            return Fault(code=FaultCode.ACTION_INVALID, detail="the network returned a chunk that is not finite")
        if self.age(chunk, now_ns) >= self.spec.most_age:
            self.dropped += 1
            return None
        alive = [c for c in self._chunks if not self.over(c, now_ns)]
        self._chunks = tuple(sorted([*alive, chunk], key=lambda c: c.asked_ns))
        return None

    def age(self, chunk: Chunk, now_ns: int) -> int:
        """Returns how many periods ago a chunk was asked for: the place of this tick's action in it."""
        return round((now_ns - chunk.asked_ns) / self._period_ns)

    def over(self, chunk: Chunk, now_ns: int) -> bool:
        """Returns whether a chunk has no action for this tick."""
        return not 0 <= self.age(chunk, now_ns) < self.spec.horizon

    def level(self, now_ns: int) -> int:
        """Returns for how many ticks from this one on there are actions."""
        newest = self._usable(now_ns)[-1:]
        return sum(self.spec.most_age - self.age(chunk, now_ns) for chunk in newest)

    def due(self, asked_ns: int | None, now_ns: int) -> bool:
        """Returns whether it is time for the next question. asked_ns: when the last one was asked; None: never."""
        return asked_ns is None or round((now_ns - asked_ns) / self._period_ns) >= self.spec.executed

    def take(self, now_ns: int) -> tuple[Chunk, ...] | Fault:
        """Returns the chunks that say what to do at this tick, the oldest first; a fault when there are none."""
        usable = self._usable(now_ns)
        if not usable:
            said = f"none of the last {self.spec.most_age} ticks has an answer of the network"
            return Fault(code=FaultCode.QUEUE_EMPTY, detail=said)
        return usable if self.spec.blend == "ensemble" else usable[-1:]

    def _usable(self, now_ns: int) -> tuple[Chunk, ...]:
        spec = self.spec
        found = tuple(c for c in self._chunks if self.age(c, now_ns) >= spec.delay and not self.over(c, now_ns))
        return found if found and self.age(found[-1], now_ns) < spec.most_age else ()

    def blended(self, chunks: Sequence[Chunk], now_ns: int) -> Singles:
        """Returns the raw action of this tick, (..., n), out of these chunks, the oldest first."""
        actions = [chunk.actions[..., self.age(chunk, now_ns), :] for chunk in chunks]
        weights = np.exp(-self.spec.decay * np.arange(len(actions)))
        total = np.zeros_like(actions[0], dtype=np.float64)
        for weight, action in zip(weights / weights.sum(), actions, strict=True):
            total = total + weight * action
        return total.astype(np.float32)

    def prefix(self, now_ns: int, like: NDArray[np.float32], joints: int) -> Mapping[str, Singles]:
        """Returns the inputs that tell the network what the chunk before will have done; without one, weights of 0.

        The weights are 1 until the answer is used and fall to 0 where the chunk before ends or would be replaced.
        like: (..., any), whose leading dimensions they have.
        """
        spec, usable = self.spec, self._usable(now_ns)
        if spec.blend != "prefix":
            return {}
        prefix = np.zeros((*like.shape[:-1], spec.horizon, joints), dtype=np.float32)
        weight = np.zeros((*like.shape[:-1], spec.horizon), dtype=np.float32)
        if usable:
            left = usable[-1].actions[..., self.age(usable[-1], now_ns) :, :]
            known = left.shape[-2]
            end = max(min(known, spec.horizon - spec.executed), spec.delay)
            prefix[..., :known, :] = left
            fall = (end - np.arange(spec.horizon)) / (end - spec.delay + 1)
            weight[...] = np.clip(fall, 0.0, 1.0) * (np.arange(spec.horizon) < known)
        return {PREFIX: prefix, PREFIX_WEIGHT: weight}


def noise_of(spec: ChunkSpec, asked_ns: int, count: int) -> Mapping[str, Singles]:
    """Returns the noise of a question to `count` hands, {} or {noise: (count, noise_width)}: its time is the seed."""
    if spec.noise_width == 0:
        return {}
    rng = np.random.default_rng([spec.seed, asked_ns])
    return {NOISE: rng.standard_normal((count, spec.noise_width), dtype=np.float32)}
