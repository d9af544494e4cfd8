"""Recovery leads where there is no progress, gives back, and does the same again from the same inputs."""

import numpy as np
import pytest

from dexterity_ros.action.recovery import watch_progress
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.recovery import RecoverySpec

SPEC = RecoverySpec(after_s=5.0, lead_s=1.5, decoy_rad=1.2, gain=0.1, filter_s=0.5)
STEP_NS = 50_000_000
OBJECT = np.array([1.0, 0.0, 0.0, 0.0])
GOAL = rotvec_to_quat(np.array([0.0, 0.0, 1.0]))
OTHER = rotvec_to_quat(np.array([0.7, 0.0, 0.0]))


def run(distances, goal=GOAL, before=None, begin=0):
    """Returns the progress after each control step."""
    steps = []
    for k, distance in enumerate(distances, begin):
        before = watch_progress(
            SPEC, before, distance=distance, goal_quat_wxyz=goal, object_quat_wxyz=OBJECT, now_ns=k * STEP_NS
        )
        steps.append(before)
    return steps


def test_a_hand_that_gets_nearer_is_never_led():
    steps = run(np.linspace(3.0, 0.3, 400))
    assert not any(step.recovering for step in steps)
    np.testing.assert_array_equal(steps[-1].shown, GOAL)


def test_without_progress_a_decoy_leads_after_5_s_for_1_5_s_and_then_every_5_s_again():
    led = [bool(step.recovering) for step in run([1.0] * 300)]
    changes = [k for k in range(1, 300) if led[k] != led[k - 1]]
    assert changes == [100, 130, 230, 260]


def test_noise_of_the_sensors_is_no_progress():
    noisy = 1.0 + 0.1 * np.random.default_rng(0).normal(size=140)
    assert any(step.recovering for step in run(noisy))


def test_the_decoy_is_as_far_from_the_object_as_the_spec_says_and_another_each_time():
    steps = run([1.0] * 300)
    decoys = [steps[k].shown for k in (110, 240)]
    for decoy in decoys:
        assert rotation_angle(rotation_between(OBJECT, decoy)) == pytest.approx(1.2)
    assert rotation_angle(rotation_between(*decoys)) > 0.01
    np.testing.assert_array_equal(steps[105].shown, steps[125].shown)


def test_a_new_goal_ends_the_decoy_at_once_and_begins_to_count_anew():
    led = run([1.0] * 110)[-1]
    steps = run([0.7] * 101, goal=OTHER, before=led, begin=110)
    assert led.recovering and not any(step.recovering for step in steps[:100]) and steps[100].recovering
    assert steps[100].count == 1


def test_the_same_inputs_give_the_same_bits_alone_and_in_a_batch():
    rng = np.random.default_rng(1)
    goals, objects = np.stack([GOAL, OTHER, GOAL]), np.stack([OBJECT, OTHER, GOAL])
    distances = np.stack([np.full(260, 1.0), np.linspace(2.0, 0.1, 260), 1.5 + 0.1 * rng.normal(size=260)], axis=-1)
    together, alone = None, [None] * 3
    for k, row in enumerate(distances):
        now = {"now_ns": k * STEP_NS}
        together = watch_progress(SPEC, together, distance=row, goal_quat_wxyz=goals, object_quat_wxyz=objects, **now)
        for i in range(3):
            own = {"goal_quat_wxyz": goals[i], "object_quat_wxyz": objects[i]}
            alone[i] = watch_progress(SPEC, alone[i], distance=row[i], **own, **now)
            assert alone[i].shown.tobytes() == together.shown[i].tobytes()
            assert bool(alone[i].recovering) == bool(together.recovering[i])
    assert together.count.tolist() == [2, 0, 2]


def test_one_step_leaves_what_was_remembered_before_as_it_was():
    before = run([1.0] * 100)[-1]
    assert run([1.0], before=before, begin=100)[0].recovering
    assert not before.recovering and before.count == 0


def test_a_decoy_that_leads_nearly_all_the_time_is_refused():
    with pytest.raises(ConfigError, match="short detour"):
        RecoverySpec(after_s=0.1, lead_s=2.0, decoy_rad=1.2, gain=0.1, filter_s=0.5)
