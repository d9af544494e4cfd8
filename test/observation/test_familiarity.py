"""What is outside of training is named by its joint, with its share of the last seconds."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.observation.familiarity import MARGIN, WINDOW_S, Familiarity, Ranges

TICKS = 40  # of 2 s at 20 Hz


@pytest.fixture(scope="module")
def manifest(bundle):
    return load_manifest(bundle)


@pytest.fixture(scope="module")
def ranges(manifest):
    return Ranges(manifest)


@pytest.fixture
def watch(manifest, ranges):
    return Familiarity(ranges, manifest.period_ns)


def seen(ranges, **widths):
    """Returns an observation in the middle of training, numbers named term__place beyond the end by so many widths."""
    observation = (0.5 * (ranges.low + ranges.high)).astype(np.float32)
    for name, beyond in widths.items():
        term, _, place = name.rpartition("__")
        k = ranges.starts[ranges.terms.index(term)] + int(place)
        observation[k] = ranges.high[k] + beyond * (ranges.high[k] - ranges.low[k])
    return observation


def test_what_training_saw_is_nothing_to_speak_of(watch, ranges):
    assert not any(watch.step(seen(ranges)) for _ in range(3 * TICKS))
    assert watch.terms() == {} and not watch.strange.any()


@pytest.mark.parametrize(("beyond", "outside"), [(0.9 * MARGIN, False), (1.2 * MARGIN, True)])
def test_a_little_beyond_the_range_is_still_inside(ranges, beyond, outside):
    excess = ranges.excess(seen(ranges, joint_vel__3=beyond))
    assert ranges.outside(excess).any() == outside
    assert excess.max() == pytest.approx(beyond, rel=1e-3)


def test_a_term_is_strange_when_it_is_outside_in_most_of_the_last_seconds(watch, ranges):
    told = [watch.step(seen(ranges, object_pos__2=0.5)) for _ in range(TICKS)]
    assert told.index(True) == TICKS // 2 and all(told[TICKS // 2 :])
    told = [watch.step(seen(ranges)) for _ in range(TICKS)]
    assert told.index(False) == TICKS // 2 - 1 and watch.terms() == {}


def test_the_worst_number_is_named_by_its_joint_and_share(watch, ranges, manifest):
    for k in range(2 * TICKS):
        watch.step(seen(ranges, joint_vel__3=2.0 if k % 4 == 0 else 0.0, joint_vel__5=0.3, object_pos__2=0.5))
    worst = watch.terms()
    assert list(worst) == ["joint_vel", "object_pos"] and worst["joint_vel"].share == 1.0
    assert worst["joint_vel"].worst == f"joint_vel of {manifest.joint_names[3]}"
    assert worst["joint_vel"].widths == pytest.approx(2.0, rel=1e-3)
    assert str(worst["object_pos"]) == f"object_pos[2] by 0.5 of its range, in 100 % of the last {WINDOW_S:.0f} s"


def test_joints_are_named_in_the_order_of_the_policy(manifest):
    names = manifest.joint_names
    n = len(names)
    turned = Convention(
        joint_order=names[::-1], sign=(1.0,) * n, zero_rad=(0.0,) * n, base_pos_m=(0.0, 0.0, 0.0),
        base_quat_wxyz=(1.0, 0.0, 0.0, 0.0),
    )  # fmt: skip
    assert Ranges(replace(manifest, convention=turned)).name("joint_vel", 0) == f"joint_vel of {names[-1]}"


def test_a_value_at_the_end_of_a_range_without_width_is_inside(manifest):
    told = manifest.training_range["object_pos"]
    flat = dict(manifest.training_range) | {"object_pos": replace(told, high=told.low)}
    ranges = Ranges(replace(manifest, training_range=flat))
    assert not ranges.outside(ranges.excess(seen(ranges))).any()


def test_what_was_forgotten_counts_no_more(watch, ranges):
    for _ in range(TICKS):
        watch.step(seen(ranges, joint_vel__3=2.0))
    watch.clear()
    assert watch.terms() == {} and not watch.step(seen(ranges, joint_vel__3=2.0))
