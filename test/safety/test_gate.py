"""Nothing leaves the gate outside its limits, and by default nothing leaves it at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dexterity_ros.contracts.errors import ConfigError, FaultCode
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.safety.faults import first_holding
from dexterity_ros.safety.gate import HEARTBEAT_MAX_AGE_S, OVERTRAVEL_RAD, PURSUIT_S, TARGET_MAX_AGE_S, Gate, Permit
from dexterity_ros.safety.limits import GateLimits, Tightening, check_decoder, gate_limits

MS = 1_000_000
LIMITS = GateLimits(
    lower_rad=np.array([-1.0, -1.0, 0.0]),
    upper_rad=np.array([1.0, 0.5, 2.0]),
    max_step_rad=0.25,
    max_velocity_rad_s=6.0,
    current_limit_a=0.35,
)
START = np.array([0.0, 0.0, 1.0])


def armed(now_ns=0):
    return Permit(armed=True, heartbeat_ns=now_ns)


def target(values, stamp_ns=0):
    return JointTarget(stamp_ns=stamp_ns, pos_rad=np.array(values, dtype=float))


def test_passes_a_target_within_limits_unchanged():
    result = Gate(LIMITS, START, 0).step(target([0.2, -0.2, 1.1]), armed(), 0)
    np.testing.assert_array_equal(result.output.pos_rad, [0.2, -0.2, 1.1])
    assert result.faults == ()
    assert result.output.current_limit_a == 0.35


@pytest.mark.parametrize(
    ("wanted", "permit", "code"),
    [
        (target([0.1, 0.1, 1.1]), Permit(armed=True, heartbeat_ns=None), FaultCode.HEARTBEAT_LOST),
        (target([0.1, 0.1, 1.1]), Permit(armed=False, heartbeat_ns=0), FaultCode.NOT_ARMED),
        (None, armed(), FaultCode.TARGET_STALE),
        (target([np.nan, 0.1, 1.1]), armed(), FaultCode.TARGET_INVALID),
        (target([np.inf, 0.1, 1.1]), armed(), FaultCode.TARGET_INVALID),
        (target([0.1, 0.1]), armed(), FaultCode.TARGET_INVALID),
    ],
)
def test_holds_and_says_why(wanted, permit, code):
    result = Gate(LIMITS, START, 0).step(wanted, permit, 0)
    np.testing.assert_array_equal(result.output.pos_rad, START)
    assert first_holding(result.faults).code == code


def test_holds_when_measurements_behind_the_target_are_older_than_the_limit():
    at_limit = round(TARGET_MAX_AGE_S * 1e9)
    gate = Gate(LIMITS, START, 0)
    assert first_holding(gate.step(target([0.1, 0, 1]), armed(at_limit), at_limit).faults) is None
    assert (
        first_holding(gate.step(target([0.2, 0, 1]), armed(at_limit + 1), at_limit + 1).faults).code
        == FaultCode.TARGET_STALE
    )


def test_holds_when_the_supervisor_is_silent_longer_than_the_limit():
    at_limit = round(HEARTBEAT_MAX_AGE_S * 1e9)
    gate = Gate(LIMITS, START, 0)
    assert first_holding(gate.step(target([0.1, 0, 1], at_limit), armed(0), at_limit).faults) is None
    lost = gate.step(target([0.2, 0, 1], at_limit + 1), armed(0), at_limit + 1)
    assert first_holding(lost.faults).code == FaultCode.HEARTBEAT_LOST
    np.testing.assert_array_equal(lost.output.pos_rad, [0.1, 0.0, 1.0])


def test_the_reason_for_holding_gives_the_figures_in_milliseconds():
    late = round((HEARTBEAT_MAX_AGE_S + 0.123) * 1e9)
    (silent,) = Gate(LIMITS, START, 0).step(target([0, 0, 1], late), armed(0), late).faults
    assert silent.detail == f"no supervisor for {HEARTBEAT_MAX_AGE_S * 1e3 + 123:.0f} ms"
    old = round((TARGET_MAX_AGE_S + 0.05) * 1e9)
    (stale,) = Gate(LIMITS, START, 0).step(target([0, 0, 1], 0), armed(old), old).faults
    assert stale.detail == "it rests on measurements 250 ms old, limit 200 ms"


@pytest.mark.parametrize(("share", "current_a"), [(0.5, 0.175), (5.0, 0.35), (-1.0, 0.0)])
def test_standing_still_never_takes_more_than_the_limits_current(share, current_a):
    assert Gate(LIMITS, START, 0).rest(0, share).current_limit_a == pytest.approx(current_a)


def test_a_permit_says_nothing_about_disarming_unless_told():
    assert not armed().disarmed


def test_a_step_larger_than_the_limit_is_cut_and_reported():
    result = Gate(LIMITS, START, 0).step(target([0.9, 0, 1]), armed(), 0)
    assert result.output.pos_rad[0] == LIMITS.max_step_rad
    assert [fault.code for fault in result.faults] == [FaultCode.TARGET_CLAMPED]
    assert first_holding(result.faults) is None


def test_a_stream_of_targets_moves_no_faster_than_the_velocity_limit():
    gate, positions = Gate(LIMITS, START, 0), [START]
    for k in range(1, 101):
        now = k * 10 * MS
        wanted = target([1.0 if k % 20 < 10 else -1.0, 0, 1], now)
        positions.append(gate.step(wanted, armed(now), now).output.pos_rad)
    moved = np.abs(np.diff(np.array(positions)[:, 0]))
    for start in range(100):
        for length in (1, 5, 20):
            allowed = LIMITS.max_step_rad + LIMITS.max_velocity_rad_s * 0.01 * length
            assert moved[start : start + length].sum() <= allowed + 1e-9


def test_one_target_moves_the_hand_for_a_short_while_only():
    gate, far = Gate(LIMITS, START, 0), target([0.9, 0, 1])
    path = [gate.step(far, armed(k * 10 * MS), k * 10 * MS).output.pos_rad[0] for k in range(20)]
    last_move = max(k for k in range(1, 20) if path[k] != path[k - 1])
    assert last_move * 0.01 <= PURSUIT_S
    assert path[-1] < 0.9
    again = gate.step(target([0.9, 0, 1], 200 * MS), armed(200 * MS), 200 * MS)
    assert again.output.pos_rad[0] > path[-1]


def test_starts_where_the_hand_is_a_little_outside_its_limits_and_only_moves_inwards():
    gate = Gate(LIMITS, np.array([1.05, -1.05, 1.0]), 0)
    np.testing.assert_array_equal(gate.last_rad, [1.05, -1.05, 1.0])
    out = gate.step(target([1.08, -1.04, 1.0]), armed(), 0).output.pos_rad
    np.testing.assert_array_equal(out, [1.05, -1.04, 1.0])
    inside = gate.step(target([0.95, -0.95, 1.0]), armed(), 0).output.pos_rad
    np.testing.assert_allclose(inside, [0.95, -0.95, 1.0])
    np.testing.assert_array_equal(gate.step(target([1.05, -1.05, 1.0]), armed(), 0).output.pos_rad[:2], [1.0, -1.0])


def test_starts_at_most_the_overtravel_outside_its_limits():
    gate = Gate(LIMITS, np.array([5.0, -5.0, 1.0]), 0)
    np.testing.assert_array_equal(gate.last_rad, [1.0 + OVERTRAVEL_RAD, -1.0 - OVERTRAVEL_RAD, 1.0])


@pytest.mark.parametrize("jump_s", [-3600, 3600])
def test_a_clock_that_jumps_moves_nothing(jump_s):
    gate = Gate(LIMITS, START, 0)
    now = jump_s * 1_000_000_000
    jumped = gate.step(target([0.1, 0.0, 1.0], 0), armed(0), now)
    assert first_holding(jumped.faults).code == FaultCode.HEARTBEAT_LOST
    np.testing.assert_array_equal(jumped.output.pos_rad, START)


def test_a_target_from_the_future_is_refused_however_long_it_waits():
    gate, hour = Gate(LIMITS, START, 0), 3600 * 1_000_000_000
    ahead = target([0.1, 0.0, 1.0], hour)
    for now in (0, 10 * MS, hour - 60 * MS):
        result = gate.step(ahead, armed(now), now)
        assert first_holding(result.faults).code == FaultCode.STAMP_AHEAD
        np.testing.assert_array_equal(result.output.pos_rad, START)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(-3_600_000, 3_600_000), st.integers(-3_600_000, 3_600_000)), max_size=30))
def test_nothing_moves_without_a_heartbeat_that_is_fresh_on_this_clock(steps):
    """Steps, freezes and jumps of the clock; heartbeats and stamps of any time."""
    gate, now, beat = Gate(LIMITS, START, 0), 0, 0
    before = gate.last_rad
    for elapsed_ms, heard_ms in steps:
        now += elapsed_ms * MS
        beat = now + heard_ms * MS
        out = gate.step(target([0.3, 0.3, 1.3], now), Permit(armed=True, heartbeat_ns=beat), now).output.pos_rad
        fresh = 0 <= now - beat <= round(HEARTBEAT_MAX_AGE_S * 1e9)
        assert fresh or (out == before).all()
        before = out


anything = arrays(np.float64, 3, elements=st.floats(allow_nan=True, allow_infinity=True, width=64))


@settings(max_examples=200)
@given(
    st.lists(st.tuples(anything, st.booleans(), st.integers(-10, 400), st.integers(0, 300)), min_size=1, max_size=30)
)
def test_no_input_makes_the_gate_leave_its_limits(steps):
    gate, now, previous = Gate(LIMITS, START, 0), 0, START
    for values, is_armed, age_ms, elapsed_ms in steps:
        now += elapsed_ms * MS
        permit = Permit(armed=is_armed, heartbeat_ns=now - age_ms * MS // 2)
        output = gate.step(JointTarget(stamp_ns=now - age_ms * MS, pos_rad=values), permit, now).output.pos_rad
        assert np.isfinite(output).all()
        assert (output >= LIMITS.lower_rad).all() and (output <= LIMITS.upper_rad).all()
        assert (np.abs(output - previous) <= LIMITS.max_step_rad + 1e-12).all()
        previous = output


def test_time_that_runs_backwards_earns_no_budget():
    gate = Gate(LIMITS, START, 1000 * MS)
    gate.step(target([0.25, 0, 1], 1000 * MS), armed(1000 * MS), 1000 * MS)
    result = gate.step(target([0.5, 0, 1], 900 * MS), armed(900 * MS), 900 * MS)
    assert result.output.pos_rad[0] == 0.25


def test_deployment_may_only_tighten(leap):
    assert gate_limits(leap, None, Tightening(max_velocity_rad_s=1.0)).max_velocity_rad_s == 1.0
    with pytest.raises(ConfigError, match="may only tighten"):
        gate_limits(leap, None, Tightening(max_velocity_rad_s=leap.max_velocity_rad_s * 2))
    with pytest.raises(ConfigError, match="current_limit_a is 0.0"):
        gate_limits(leap, None, Tightening(current_limit_a=0.0))
    assert Tightening().nominal and not Tightening(max_step_rad=0.1).nominal


def test_a_decoder_step_larger_than_the_gates_is_refused(leap, bundle):
    from dexterity_ros.contracts.manifest import load_manifest

    manifest = load_manifest(bundle)
    check_decoder(manifest, gate_limits(leap, manifest, Tightening()))
    with pytest.raises(ConfigError, match="decoder of leap_yaw steps up to 0.200 rad, the gate allows 0.1"):
        check_decoder(manifest, gate_limits(leap, manifest, Tightening(max_step_rad=0.1)))
    with pytest.raises(ConfigError, match="needs 4.80 rad/s"):
        check_decoder(manifest, gate_limits(leap, manifest, Tightening(max_velocity_rad_s=4.0)))


def test_an_absolute_policy_is_left_to_the_gates_clamp(leap, bundle):
    from dataclasses import replace

    from dexterity_ros.contracts.manifest import load_manifest

    manifest = load_manifest(bundle)
    absolute = replace(manifest, action=replace(manifest.action, mode="absolute"))
    check_decoder(absolute, gate_limits(leap, absolute, Tightening(max_step_rad=0.1)))
