"""Tells time in which a thread wanted to run and did not: the machine was busy, or the process was stopped."""

_GRACE_S = 0.010  # what any scheduler may take; less is no starvation


class RunTime:
    """Compares when a thread comes to a point of its loop with when it meant to. Time comes in with every call.

    count: how often it came too late. longest_ms: by how much at most.
    """

    def __init__(self) -> None:
        self.count = 0
        self.longest_ms = 0.0
        self._due_s: float | None = None

    def figures(self) -> dict[str, float]:
        """Returns how often the thread was starved and for how long at most, in ms."""
        return {"count": self.count, "longest_ms": self.longest_ms}

    def reached(self, now_s: float, next_within_s: float) -> float:
        """Notes that the thread runs, and that it means to be at the next point within a time.

        Returns how long it did not run before this point, 0 for what is usual.
        """
        late_s = 0.0 if self._due_s is None else now_s - self._due_s
        self._due_s = now_s + max(next_within_s, 0.0)
        if late_s <= _GRACE_S:
            return 0.0
        self.count += 1
        self.longest_ms = max(self.longest_ms, round(late_s * 1e3, 1))
        return late_s
