"""The decoder does what the action specification says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dexterity_ros.action.decoder import decode_action
from dexterity_ros.action.ramp import Ramp
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.spec import ActionSpec

LOWER, UPPER = np.full(4, -1.0), np.full(4, 2.0)


def decode(spec, raw, action=None, target=None, measured=None):
    zero = np.zeros(4)
    return decode_action(
        spec,
        np.asarray(raw, dtype=np.float32),
        previous_action=zero if action is None else action,
        previous_target_rad=zero if target is None else target,
        lower_rad=LOWER,
        upper_rad=UPPER,
        joint_pos_rad=measured,
    )


def test_relative_adds_to_the_last_target_and_clips_the_action():
    spec = ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=1.0)
    target, action = decode(spec, [0.5, -0.5, 7.0, 0.0], target=np.full(4, 0.25))
    np.testing.assert_allclose(target, [0.35, 0.15, 0.45, 0.25])
    np.testing.assert_allclose(action, [0.5, -0.5, 1.0, 0.0])


def test_absolute_is_about_the_centre_of_the_range():
    spec = ActionSpec(mode="absolute", scale_rad=1.5, clip=1.0, ema=1.0)
    target, _ = decode(spec, [0.0, 1.0, -1.0, 0.5])
    np.testing.assert_allclose(target, [0.5, 2.0, -1.0, 1.25])


def test_smoothing_mixes_with_the_last_action():
    spec = ActionSpec(mode="relative", scale_rad=1.0, clip=1.0, ema=0.25)
    _, action = decode(spec, [1.0] * 4, action=np.full(4, -1.0))
    np.testing.assert_allclose(action, -0.5)


@given(arrays(np.float32, 4, elements=st.floats(-100, 100, width=32)), st.floats(-1.0, 2.0))
def test_targets_stay_inside_the_limits_and_within_a_step(raw, start):
    spec = ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=1.0)
    target, _ = decode(spec, raw, target=np.full(4, start))
    assert (target >= LOWER).all() and (target <= UPPER).all()
    assert (np.abs(target - start) <= spec.max_step_rad + 1e-12).all()


def test_a_target_does_not_lead_the_measured_joint_by_more_than_it_may():
    spec = ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=1.0, max_lead_rad=0.5)
    measured, target = np.array([0.0, 0.0, 0.0, 1.9]), np.array([0.45, -0.45, 0.1, 1.9])
    decoded, action = decode(spec, [1.0, -1.0, 1.0, 1.0], target=target, measured=measured)
    np.testing.assert_allclose(decoded, [0.5, -0.5, 0.3, 2.0])  # the last: by the limit of the joint
    np.testing.assert_allclose(action, [1.0, -1.0, 1.0, 1.0])
    with pytest.raises(ConfigError, match="max_lead_rad is 0.5"):
        decode(spec, [0.0] * 4)


@given(arrays(np.float32, 4, elements=st.floats(-100, 100, width=32)), st.floats(-1.0, 2.0), st.floats(-1.5, 2.5))
def test_without_a_lead_limit_the_measured_joints_change_no_bit(raw, start, measured):
    spec = ActionSpec(mode="relative", scale_rad=0.2, clip=1.0, ema=0.7)
    without, _ = decode(spec, raw, target=np.full(4, start))
    told, _ = decode(spec, raw, target=np.full(4, start), measured=np.full(4, measured))
    np.testing.assert_array_equal(told, without)


@pytest.mark.parametrize(
    "change", [{"ema": 0.0}, {"ema": 1.5}, {"scale_rad": 0.0}, {"clip": -1.0}, {"max_lead_rad": 0.0}]
)
def test_a_specification_that_makes_no_sense_is_refused(change):
    with pytest.raises(ConfigError):
        ActionSpec(**{"mode": "relative", "scale_rad": 0.2, "clip": 1.0, "ema": 1.0} | change)


def test_a_ramp_starts_and_ends_where_it_should_and_keeps_its_speed():
    start, end = np.zeros(3), np.array([1.0, -0.5, 0.0])
    ramp = Ramp(start_rad=start, end_rad=end, max_velocity_rad_s=1.5, now_ns=0)
    times = np.arange(0, 1.2e9, 1e7)
    path = np.array([ramp.step(int(t)) for t in times])
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_allclose(path[-1], end)
    assert np.abs(np.diff(path, axis=0)).max() / 0.01 <= 1.5 + 1e-6
    assert ramp.done(int(ramp.duration_s * 1e9) + 1) and not ramp.done(0)


def _decoded(spec: ActionSpec, raw: float, *, target: float = 0.1, measured: float = 0.3, previous: float = 0.5):
    found, action = decode_action(
        spec,
        np.full(2, raw, dtype=np.float32),
        previous_action=np.full(2, previous),
        previous_target_rad=np.full(2, target),
        lower_rad=np.full(2, -1.0),
        upper_rad=np.full(2, 1.0),
        joint_pos_rad=np.full(2, measured),
    )
    return float(found[0]), float(action[0])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"mode": "measured"}, 0.3 + 0.2),
        ({"mode": "default", "default_pos_rad": (0.6, 0.6)}, 0.6 + 0.2),
        ({"mode": "relative"}, 0.1 + 0.2),
        ({"mode": "relative", "joint_scale_rad": (0.1, 0.2)}, 0.1 + 0.1),
    ],
)
def test_an_action_is_added_to_what_its_mode_says(said, expected):
    spec = ActionSpec(scale_rad=0.2, clip=1.0, ema=1.0, **said)
    assert _decoded(spec, 1.0)[0] == pytest.approx(expected)


def test_targets_can_be_smoothed_instead_of_actions():
    spec = ActionSpec(mode="default", scale_rad=0.2, clip=1.0, ema=0.25, smooths="target", default_pos_rad=(0.6, 0.6))
    target, action = _decoded(spec, 1.0)
    assert target == pytest.approx(0.25 * 0.8 + 0.75 * 0.1)
    assert action == 1.0


def test_a_policys_own_target_may_lie_beyond_the_limits():
    spec = ActionSpec(mode="default", scale_rad=2.0, clip=1.0, ema=1.0, default_pos_rad=(0.6, 0.6), within_limits=False)
    assert _decoded(spec, 1.0)[0] == pytest.approx(2.6)
