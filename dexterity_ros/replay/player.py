"""When each recorded message is due again: a stage that is told the time and says what to publish."""

from collections.abc import Iterator

from dexterity_ros.recording.bag_reader import BagMessage

LEAD_S = 1.0  # the clock runs this long before the first message, so that nodes can find each other


class Player:
    """Plays messages in the order of their reception, at a rate, pausable. Times in ns: `now_ns` of any clock."""

    def __init__(self, messages: Iterator[BagMessage], start_ns: int, rate: float) -> None:
        """start_ns: time of the first message in the bag."""
        self._messages, self._rate = messages, rate
        self._next = next(messages, None)
        self._bag_ns = start_ns - round(LEAD_S * 1e9)
        self._now_ns: int | None = None
        self.paused = False

    @property
    def bag_ns(self) -> int:
        """Where in the recording it stands."""
        return self._bag_ns

    @property
    def ended(self) -> bool:
        """Whether everything was played."""
        return self._next is None

    def step(self, now_ns: int) -> list[BagMessage]:
        """Returns what is due since the last step."""
        elapsed_ns = 0 if self._now_ns is None else max(now_ns - self._now_ns, 0)
        self._now_ns = now_ns
        if self.paused:
            return []
        self._bag_ns += round(elapsed_ns * self._rate)
        due = []
        while self._next is not None and self._next.log_ns <= self._bag_ns:
            due.append(self._next)
            self._next = next(self._messages, None)
        return due
