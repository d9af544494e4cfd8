"""Who runs a network that says chunks: at once in simulation, beside the control loop on a robot."""

import queue
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from dexterity_ros.action.chunks import Chunk, noise_of
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.chunk import CHUNK, ChunkSpec, Question
from dexterity_ros.contracts.errors import BundleError, Fault, FaultCode
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.ports import NetworkPort
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.runtime.deadline_loop import Histogram

Answers = list[Chunk | Fault]
_CLOSE_S = 2.0


class Asker(Protocol):
    """Takes questions, and gives their answers when they are there."""

    @property
    def busy(self) -> bool:
        """Whether a question is not answered yet; then no other is taken."""
        ...

    def ask(self, question: Question) -> None:
        """Takes a question."""
        ...

    def answers(self) -> Answers:
        """Returns what has been answered since the last call."""
        ...

    def void(self) -> None:
        """Whatever is being answered is not wanted any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Answering:
    """A network and what it has to be given beside what is seen."""

    manifest: PolicyManifest
    spec: ChunkSpec
    network: NetworkPort

    def __call__(self, question: Question) -> Chunk:
        """Returns the answer, the same whenever it is asked: the noise comes from the question's time.

        Raises BundleError when the network cannot run.
        """
        shapes = self.manifest.inputs
        leading = question.ports[VECTOR].shape[:-1]
        try:
            batch = {name: values.reshape(-1, *shapes[name]) for name, values in question.ports.items()}
            noise = noise_of(self.spec, question.asked_ns, len(batch[VECTOR]))
            state: Singles = batch[VECTOR][:, :0]
            outputs, _ = self.network({**batch, **noise}, state)
        except Exception as error:  # ONNX Runtime raises a private class for every kind of trouble
            why = " ".join(str(error).split())[:200]
            raise BundleError(f"the network of {self.manifest.name} failed: {type(error).__name__}: {why}") from error
        said = outputs[CHUNK]
        return Chunk(question=question, actions=said.reshape(*leading, *said.shape[1:]))


class AtOnce:
    """An Asker that answers in the same tick: simulation, where inference takes no time but what the delay says."""

    busy = False

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._answers: Answers = []

    def ask(self, question: Question) -> None:
        """Answers."""
        self._answers.append(self._answering(question))

    def answers(self) -> Answers:
        """Returns the answers."""
        found, self._answers = self._answers, []
        return found

    def void(self) -> None:
        """Forgets them."""
        self._answers = []


class Beside:
    """An Asker with a thread of its own, so that a slow network cannot make the control loop late.

    An error of the network is a fault, not the end of the process: the hand holds, and the next question may succeed.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._questions: queue.SimpleQueue[tuple[int, Question] | None] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[tuple[int, Chunk | Fault]] = queue.SimpleQueue()
        self._epoch = self._asked = self._returned = 0
        self.inference = Histogram()
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether the network is at work."""
        return self._asked > self._returned

    def ask(self, question: Question) -> None:
        """Hands a question to the thread."""
        self._asked += 1
        self._questions.put((self._epoch, question))

    def answers(self) -> Answers:
        """Returns what the thread has answered, without what was asked before the last `void`."""
        found: Answers = []
        while not self._answered.empty():
            epoch, answer = self._answered.get()
            self._returned += 1
            if epoch == self._epoch:
                found.append(answer)
        return found

    def void(self) -> None:
        """Discards what is in flight when it lands."""
        self._epoch += 1

    def close(self) -> None:
        """Ends the thread after the question that it is at."""
        self._questions.put(None)
        self._thread.join(timeout=_CLOSE_S)

    def _run(self) -> None:
        while (item := self._questions.get()) is not None:
            epoch, question = item
            began = monotonic()
            try:
                answer: Chunk | Fault = self._answering(question)
            except BundleError as error:
                answer = Fault(code=FaultCode.INFERENCE_FAILED, detail=str(error))
            self.inference.add(monotonic() - began)
            self._answered.put((epoch, answer))
