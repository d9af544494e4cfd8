"""A pose comes as seldom, as late and as wrong as it was asked for."""

from itertools import pairwise

import numpy as np

from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.sim.pose_feed import PoseErrors, PoseFeed

MS = 1_000_000
PERFECT = {"rate_hz": 50.0, "latency_s": 0.03, "dropout": 0.0, "noise_m": 0.0, "noise_rad": 0.0}


def fed(count=200, **change):
    """Returns (time, pose) of all that came in `count` cycles of 10 ms."""
    feed = PoseFeed(PoseErrors(**(PERFECT | change)), seed=0)
    still = np.array([1.0, 0.0, 0.0, 0.0])
    came = []
    for k in range(1, count + 1):
        truth = PoseSample(stamp_ns=k * 10 * MS, pos_m=np.zeros(3), quat_wxyz=still)
        came += [(k * 10 * MS, pose) for pose in feed.step(truth, k * 10 * MS)]
    return came


def test_poses_come_at_their_rate_and_as_late_as_they_are_said_to():
    came = fed()
    assert {now - pose.stamp_ns for now, pose in came} == {30 * MS}
    assert {b[1].stamp_ns - a[1].stamp_ns for a, b in pairwise(came[1:])} == {20 * MS}
    assert all((pose.pos_m == 0.0).all() for _, pose in came)


def test_at_rate_zero_nothing_comes():
    assert fed(rate_hz=0.0) == []


def test_some_are_lost_and_the_rest_is_noisy():
    whole, came = len(fed(2000)), fed(2000, dropout=0.5, noise_m=0.002, noise_rad=0.1)
    assert 0.4 < len(came) / whole < 0.6
    assert 0.0015 < np.std([pose.pos_m for _, pose in came]) < 0.0025
    assert 0.04 < np.std([pose.quat_wxyz[1:] for _, pose in came]) < 0.06
