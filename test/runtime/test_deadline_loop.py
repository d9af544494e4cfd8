"""A loop counts every cycle it missed."""

import time

import pytest

from dexterity_ros.runtime.deadline_loop import DeadlineLoop, Histogram

pytestmark = pytest.mark.realtime

PERIOD_NS = 2_000_000


def run(body, cycles):
    loop = DeadlineLoop(PERIOD_NS, lambda: None, realtime=False)

    def counted():
        body(loop.cycles)
        if loop.cycles == cycles - 1:
            loop.stop()

    loop._body = counted
    loop.run()
    return loop


def test_every_overrun_is_counted():
    # Cycle 3 takes ten and a half periods, so nine or ten deadlines pass unserved.
    loop = run(lambda k: time.sleep(10.5 * PERIOD_NS * 1e-9) if k == 3 else None, 8)
    assert loop.cycles == 8 and loop.overruns >= 9
    assert loop.lateness.count == loop.duration.count == 8


def test_a_loop_in_a_thread_has_ended_when_stop_returns():
    loop = DeadlineLoop(PERIOD_NS, lambda: None, realtime=False)
    loop.start("test")
    loop.stop()
    before = loop.cycles
    assert loop._thread is not None and not loop._thread.is_alive() and loop.cycles == before


def test_histogram_quantiles_are_within_their_bin():
    histogram = Histogram()
    for micros in range(1, 1001):
        histogram.add(micros * 1e-6)
    assert abs(histogram.quantile_s(0.5) / 500e-6 - 1.0) < 0.03
    assert abs(histogram.quantile_s(0.99) / 990e-6 - 1.0) < 0.03
    assert histogram.max_s == 1e-3 and histogram.milliseconds()["max"] == 1.0
    assert Histogram().quantile_s(0.5) == 0.0


def broken():
    raise ZeroDivisionError("a body that raises")


def test_a_loop_whose_body_raises_ends_and_says_why():
    told = []
    loop = DeadlineLoop(PERIOD_NS, broken, realtime=False, on_death=told.append)
    loop.start("test")
    loop._thread.join(timeout=5.0)
    assert not loop._thread.is_alive() and loop.cycles == 0
    assert [str(error) for error in told] == ["a body that raises"]


def test_a_loop_that_nobody_asked_about_raises_what_its_body_raised():
    with pytest.raises(ZeroDivisionError):
        DeadlineLoop(PERIOD_NS, broken, realtime=False).run()
