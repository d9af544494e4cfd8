"""A network that says chunks, as an action in every tick: asks in time, takes what has come, says what is due."""

import copy
from dataclasses import dataclass
from typing import Any

from dexterity_ros.action.chunks import Chunk, ChunkQueue
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.chunk import ChunkSpec, ChunkUse, Question
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.ports import Ports
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.runtime.asking import Answering, Asker, AtOnce, Beside
from dexterity_ros.runtime.deadline_loop import Histogram


@dataclass(frozen=True, kw_only=True, eq=False)
class ChunkedAction:
    """What is done at a tick. action: (..., n) raw. use: what it was made of."""

    action: Singles
    use: ChunkUse


class Chunked:
    """Memory of a policy that says chunks. All times are those of ticks."""

    def __init__(self, answering: Answering, asker: Asker | None = None) -> None:
        """asker: None: answers at once."""
        self._answering, self._asker = answering, asker or AtOnce(answering)
        self._spec: ChunkSpec = answering.spec
        self._joints = len(answering.manifest.joint_names)
        self._period_ns = answering.manifest.period_ns
        self._queue = ChunkQueue(self._spec, self._period_ns)
        self._asked_ns: int | None = None
        self._unsaid: list[Question] = []
        self._known: dict[int, Chunk] = {}
        self._level, self.ages, self.failed = 0, Histogram(), 0

    def reset(self) -> None:
        """Voids the queue and what is in flight."""
        self._queue.void()
        self._asker.void()
        self._asked_ns, self._unsaid, self._known = None, [], {}

    def step(self, ports: Ports, now_ns: int) -> ChunkedAction | Fault:
        """Returns this tick's action, or why there is none. ports: what is seen, each (..., *shape)."""
        broken = self._take_answers(now_ns)
        self._ask(ports, now_ns)
        broken = broken or self._take_answers(now_ns)  # of an asker that answers at once
        self._level = self._queue.level(now_ns)
        if broken is not None:
            return broken
        chunks = self._queue.take(now_ns)
        if isinstance(chunks, Fault):
            return chunks
        self.ages.add(self._queue.age(chunks[-1], now_ns) * self._period_ns * 1e-9)
        use = ChunkUse(used_ns=tuple(chunk.asked_ns for chunk in chunks), asked=tuple(self._unsaid))
        self._unsaid = []
        return ChunkedAction(action=self._queue.blended(chunks, now_ns), use=use)

    def repeat(self, use: ChunkUse, now_ns: int) -> ChunkedAction | Fault:
        """Returns the action that was made of these chunks, whose questions are answered anew."""
        for question in use.asked:
            self._known[question.asked_ns] = self._answering(question)
        chunks = [self._known[stamp] for stamp in use.used_ns if stamp in self._known]
        if len(chunks) < max(len(use.used_ns), 1) or any(self._queue.over(chunk, now_ns) for chunk in chunks):
            missing = f"the recording does not have what was asked at {list(use.used_ns)[:4]} ns"
            return Fault(code=FaultCode.QUEUE_EMPTY, detail=missing)
        self._known = {stamp: chunk for stamp, chunk in self._known.items() if stamp >= use.used_ns[0]}
        action = self._queue.blended(chunks, now_ns)
        return ChunkedAction(action=action, use=use)

    def fork(self, hand: int, copies: int) -> "Chunked":
        """Returns the memory of one hand of a batch as often as asked, answered at once."""
        other = copy.copy(self)
        other._asker = AtOnce(self._answering)
        other._queue = self._queue.copies(hand, copies)
        other._unsaid, other._known = [], {}
        return other

    def figures(self) -> dict[str, Any]:
        """Returns what /diagnostics says of it."""
        said = {"queue": self._level, "action_age_ms": self.ages.milliseconds(), "failed_inferences": self.failed}
        if isinstance(self._asker, Beside):
            said["inference_ms"] = self._asker.inference.milliseconds()
        return said | {"dropped_chunks": self._queue.dropped}

    def close(self) -> None:
        """Ends what runs beside."""
        if isinstance(self._asker, Beside):
            self._asker.close()

    def _ask(self, ports: Ports, now_ns: int) -> None:
        if self._asker.busy or not self._queue.due(self._asked_ns, now_ns):
            return
        prefix = self._queue.prefix(now_ns, ports[VECTOR], self._joints)
        self._asker.ask(Question(asked_ns=int(now_ns), ports={**ports, **prefix}))
        self._asked_ns = now_ns

    def _take_answers(self, now_ns: int) -> Fault | None:
        """Puts answers into the queue. Returns the fault of a broken one, which empties it."""
        broken = None
        for answer in self._asker.answers():
            fault = answer if isinstance(answer, Fault) else self._queue.add(answer, now_ns)
            if fault is not None:
                self.failed += 1
                self._queue.void()
                self._asked_ns, broken = None, fault
            elif not isinstance(answer, Fault):
                self._unsaid.append(answer.question)
        return broken
