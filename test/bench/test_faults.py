"""Whatever the bus does: noticed, nothing unsafe reaches a motor, no old value passes for a new one, nothing hangs."""

import pytest

from dexterity_ros.bench.faults import run_fault, run_mixture
from dexterity_ros.drivers.emulated.faults import KINDS

NOTICED_WITHIN_MS = 400.0  # the watchdog kinds are silent for 300 ms themselves


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_is_noticed_and_survived(leap, kind):
    row = run_fault(leap, kind, seed=1)
    assert (row.unsafe_targets, row.stale_as_fresh, row.hang) == (0, 0, False)
    assert row.recovered_ms is not None
    if not KINDS[kind].harmless:
        assert row.detected_ms is not None and row.detected_ms < NOTICED_WITHIN_MS


@pytest.mark.parametrize(
    ("kind", "reaction"),
    [("packet_duplicated", "tolerated"), ("motor_gone", "hold"), ("overheat", "stop"), ("cable_pulled", "let go")],
)
def test_the_reaction_is_called_what_it_is(leap, kind, reaction):
    assert run_fault(leap, kind, seed=1).reaction == reaction


@pytest.mark.slow
@pytest.mark.realtime
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_is_survived_in_real_time_too(leap, kind):
    row = run_fault(leap, kind, seed=3, realtime=True)
    assert (row.unsafe_targets, row.stale_as_fresh, row.hang) == (0, 0, False)
    assert row.recovered_ms is not None
    assert row.detected_ms is not None or KINDS[kind].harmless


def test_a_mixture_of_faults_is_survived(leap):
    counts = run_mixture(leap, 1500, seed=2)
    assert (counts["unsafe_targets"], counts["stale_as_fresh"], counts["hang"]) == (0, 0, False)
    assert counts["faults"] > 5 and counts["following_cycles"] > 100
