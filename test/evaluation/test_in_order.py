"""What two topics tell is judged in the order in which it happened, whichever was read first."""

import numpy as np

from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.evaluation.in_order import InOrder

MS = 1_000_000


class Diary:
    """A judge that writes down what it is told."""

    def __init__(self):
        self.lines = []

    def see(self, truth):
        self.lines.append(int(truth.stamp_ns) // MS)

    def event(self, event):
        self.lines.append(event["event"])


def pose(ms):
    return PoseSample(stamp_ns=ms * MS, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))


def told(*what):
    diary = Diary()
    order = InOrder([diary])
    for one in what:
        order.event({"event": one[0], "stamp_ns": one[1] * MS}) if isinstance(one, tuple) else order.see(pose(one))
    return diary.lines


def test_an_event_that_is_read_before_older_poses_waits_for_them():
    assert told(10, ("reached", 35), ("issued", 35), 20, 30, 40) == [10, 20, 30, "reached", "issued", 40]


def test_an_event_that_comes_after_its_poses_is_told_with_the_next_one():
    assert told(10, 20, ("issued", 15), 30) == [10, 20, "issued", 30]


def test_every_judge_is_told_the_same():
    one, two = Diary(), Diary()
    order = InOrder([one, two])
    order.event({"event": "issued", "stamp_ns": 0})
    order.see(pose(10))
    assert one.lines == two.lines == ["issued", 10]
