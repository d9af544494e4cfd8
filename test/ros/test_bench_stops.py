"""Every kind of stop of a running system, once: the torque goes and stays off, or the hand stands still."""

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.bench.stops.real import KINDS, run_real_stop
from dexterity_ros.bench.stops.rows import shortcomings
from dexterity_ros.bench.stops.standing import standing_system

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def system():
    with standing_system() as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_every_stop_of_a_running_system_is_one(system, kind):
    row = run_real_stop(system, kind, "none", 0, after_s=1.2)
    assert shortcomings(row, KINDS[kind].allowed_ms, reachable=True) == [], row
