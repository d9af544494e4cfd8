"""Slow, dead or broken inference leaves the hand standing, and the hand goes on when it is mended."""

import pytest

from dexterity_ros.bench.chunks import KINDS, run_chunk_fault


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_the_gates_output_stands_within_150_ms_and_goes_on_after(leap, kind, seed):
    row = run_chunk_fault(leap, kind, seed)
    assert row.empty_ms is not None and row.still_ms <= 150.0
    assert row.recovered_ms is not None and row.recovered_ms < 1000.0
