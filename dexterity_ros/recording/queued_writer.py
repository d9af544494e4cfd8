"""A bag written by a thread of its own, so that whoever receives messages never waits for the disk."""

import threading
from collections import Counter, deque

from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic

_Entry = tuple[RecordedTopic, int, int, bytes]
_WAKE_S = 0.05
_MAX_QUEUED_BYTES = 256 * 1024 * 1024


class QueuedWriter:
    """`put` from any thread. What does not fit because the disk is too slow is dropped and counted, newest first."""

    def __init__(self, bag: BagWriter) -> None:
        self._bag = bag
        self._queue: deque[_Entry] = deque()
        self._queued_bytes = 0
        self.dropped = 0
        self.written: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bag writer", daemon=True)
        self._thread.start()

    def put(self, topic: RecordedTopic, log_ns: int, publish_ns: int, data: bytes) -> None:
        """Queues one message."""
        if self._queued_bytes > _MAX_QUEUED_BYTES:
            self.dropped += 1
            return
        self._queued_bytes += len(data)
        self._queue.append((topic, log_ns, publish_ns, data))

    def close(self) -> None:
        """Writes what is queued and finishes the bag."""
        self._stop.set()
        self._thread.join()
        self._bag.close()

    @property
    def bytes_written(self) -> int:
        """Size of the bag so far."""
        return self._bag.bytes_written

    def _run(self) -> None:
        while not self._stop.wait(_WAKE_S):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._queue:
            topic, log_ns, publish_ns, data = self._queue.popleft()
            self._queued_bytes -= len(data)
            self._bag.write(topic, log_ns, publish_ns, data)
            self.written[topic.name] += 1
