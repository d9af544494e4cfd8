"""A stop of every kind, at the moment of every kind of bus fault, is one; the judge of that can fail."""

from dataclasses import replace

import pytest

from dexterity_ros.bench.stops.rows import StopRow, named_motors, shortcomings
from dexterity_ros.bench.stops.virtual import BUS_FAULTS, KINDS, UNREACHABLE, run_stop

GOOD = StopRow(
    kind="estop", bus_fault="none", repeat=0, time="virtual", reaction="stop", torque_off_ms=20.0, still_ms=10.0,
    torque_commands_after=0, motors_with_torque_after_10s=0, motors_with_torque_after_return=None, said="stopped",
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_stop_on_a_sound_bus_is_one(leap, kind):
    row = run_stop(leap, kind, "none", 0)
    assert shortcomings(row, KINDS[kind].allowed_ms, reachable=True) == []
    assert row.reaction == "hold" or row.motors_with_torque_after_10s == 0


@pytest.mark.parametrize("fault", sorted(set(BUS_FAULTS) - {"none"}))
def test_a_stop_at_the_moment_of_a_bus_fault_is_one(leap, fault):
    row = run_stop(leap, "hand_node estop", fault, 1)
    assert shortcomings(row, KINDS["hand_node estop"].allowed_ms, reachable=fault not in UNREACHABLE) == []
    assert row.motors_with_torque_after_return == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"torque_commands_after": 1}, "switch torque on again"),
        ({"still_ms": 151.0}, "goals moved for 151 ms"),
        ({"torque_off_ms": 151.0}, "first torque off after 151"),
        ({"torque_off_ms": None}, "first torque off after None"),
        (
            {"motors_with_torque_after_10s": 2, "said": "torque off was not confirmed by 1 of 16 motors"},
            "2 motors have",
        ),
        ({"motors_with_torque_after_return": 1}, "although the bus works again"),
    ],
)
def test_what_is_no_stop_is_named(changed, said):
    assert shortcomings(GOOD, 150.0, reachable=True) == []
    (why,) = shortcomings(replace(GOOD, **changed), 150.0, reachable=True)
    assert said in why


def test_motors_that_are_named_are_no_surprise():
    assert named_motors("letting_go: torque off was not confirmed by 2 of 16 motors: motor 5") == 2
    assert named_motors("limp") == 0
