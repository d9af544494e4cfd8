"""Times of a run as intervals (begin, end) in ns, in order and without overlap."""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
Intervals = list[Interval]


def merged(intervals: Iterable[Interval], gap_ns: int = 0) -> Intervals:
    """Returns intervals of which those are one that overlap or lie at most `gap_ns` apart."""
    done: Intervals = []
    for begin, end in sorted(intervals):
        if done and begin <= done[-1][1] + gap_ns:
            done[-1] = (done[-1][0], max(done[-1][1], end))
        elif end > begin:
            done.append((begin, end))
    return done


def inside(intervals: Iterable[Interval], limits: Sequence[Interval]) -> Intervals:
    """Returns the parts of intervals that lie in any of `limits`."""
    parts = ((max(begin, low), min(end, high)) for begin, end in intervals for low, high in limits)
    return merged(part for part in parts if part[1] > part[0])


def total_s(intervals: Iterable[Interval]) -> float:
    """Returns how long they are together, s."""
    return sum(end - begin for begin, end in intervals) * 1e-9
