"""What a manifest can say of a term, and how a policy of another simulator sees our samples."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.frames import quat_multiply, quat_rotate, quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.contracts.spec import ObservationSpec
from dexterity_ros.observation.builder import (
    build_observation,
    check_spec,
    described_term,
    needed_sources,
    observation_spec,
    recall,
)
from dexterity_ros.observation.fingertips import Fingertips
from dexterity_ros.observation.memory import observe_object, seed_memory
from dexterity_ros.observation.rotations import FORMS
from dexterity_ros.observation.view import PolicyView

HAND = load_hand("leap")
N, TIPS = len(HAND.joints), HAND.fingertip_sites
RNG = np.random.default_rng(0)


def inputs(seed: int, batch: tuple[int, ...] = ()) -> ObservationInputs:
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(2, *batch, 4))
    quats /= np.linalg.norm(quats, axis=-1, keepdims=True)
    stamp = np.full(batch, seed * 50_000_000)
    return ObservationInputs.of(
        joint_states=JointSample(
            stamp_ns=stamp, pos_rad=rng.uniform(-1, 1, (*batch, N)), vel_rad_s=rng.normal(size=(*batch, N))
        ),
        object_pose=PoseSample(stamp_ns=stamp, pos_m=rng.normal(size=(*batch, 3)), quat_wxyz=quats[0]),
        goal=GoalSample(stamp_ns=stamp, quat_wxyz=quats[1]),
    )


def spec_of(*terms: dict, **said) -> ObservationSpec:
    return ObservationSpec(terms=tuple(described_term(term, N, TIPS, 0.1) for term in terms), **said)


def seen(spec: ObservationSpec, ticks: int, tips=None) -> np.ndarray:
    memory = None
    for tick in range(1, ticks + 1):
        now = inputs(tick)
        memory = observe_object(memory or seed_memory(now), now)
        memory = recall(spec, now, memory, tips)
    return build_observation(spec, now, memory)


POS = {"name": "joint_pos"}


def test_offset_scale_and_limit_are_applied_in_this_order():
    spec = spec_of(POS | {"offset": (0.5,) * N, "scale": (2.0,) * N, "limit": (-1.0, 1.0)})
    expected = np.clip((inputs(1)[JOINTS].pos_rad - 0.5) * 2.0, -1.0, 1.0)
    np.testing.assert_allclose(seen(spec, 1), expected, atol=1e-6)


@pytest.mark.parametrize(("order", "ticks"), [("oldest_first", (2, 3, 4)), ("newest_first", (4, 3, 2))])
def test_a_history_holds_the_last_ticks_in_the_order_that_is_said(order, ticks):
    spec = spec_of(POS | {"history": 3}, history_order=order)
    expected = np.concatenate([inputs(tick)[JOINTS].pos_rad for tick in ticks])
    np.testing.assert_allclose(seen(spec, 4), expected, atol=1e-6)


@pytest.mark.parametrize(("fill", "share"), [("first", 1.0), ("zeros", 0.0)])
def test_before_the_first_tick_there_is_that_tick_again_or_zeros(fill, share):
    first = inputs(1)[JOINTS].pos_rad
    found = seen(spec_of(POS | {"history": 2}, history_fill=fill), 1)
    np.testing.assert_allclose(found, np.concatenate([share * first, first]), atol=1e-6)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_of_a_rotation_is_as_wide_as_it_says_and_finite(form):
    spec = spec_of({"name": "object_rotation", "form": form})
    assert seen(spec, 1).shape == (FORMS[form].width,)


def test_the_six_numbers_are_columns_rows_or_interleaved_columns():
    quat = rotvec_to_quat(np.array([0.3, -0.5, 0.9]))
    matrix = quat_to_matrix(quat)
    np.testing.assert_allclose(FORMS["rot6d"].write(quat), matrix[:, :2].T.reshape(6))
    np.testing.assert_allclose(FORMS["rot6d_rows"].write(quat), matrix[:2].reshape(6))
    np.testing.assert_allclose(FORMS["rot6d_last_rows"].write(quat), matrix[1:].reshape(6))
    np.testing.assert_allclose(FORMS["rot6d_interleaved"].write(quat), matrix[:, :2].reshape(6))
    np.testing.assert_allclose(FORMS["quat_xyzw"].write(quat), np.roll(quat, -1))


def test_a_rotation_relative_to_goal_or_start_cancels_there():
    now = inputs(1)
    same = now.having(OBJECT_POSE, replace(now[OBJECT_POSE], quat_wxyz=inputs(1).samples["goal"].quat_wxyz))
    for reference in ("goal", "start"):
        spec = spec_of({"name": "object_rotation", "form": "angle", "relative_to": reference})
        memory = recall(spec, same, observe_object(seed_memory(same), same))
        np.testing.assert_allclose(build_observation(spec, same, memory), [0.0], atol=1e-6)


def test_the_two_goal_errors_are_each_others_inverse():
    one, back = (seen(spec_of({"name": n, "form": "rotvec"}), 1) for n in ("goal_turn", "goal_turn_back"))
    np.testing.assert_allclose(one, -back, atol=1e-6)


def test_a_phase_is_sine_and_cosine_and_time_a_scaled_tick():
    spec = spec_of(
        {"name": "phase", "of": "tick", "period_ticks": 4.0}, {"name": "time", "of": "tick", "scale": (0.05,)}
    )
    np.testing.assert_allclose(seen(spec, 4), [-1.0, 0.0, 0.15], atol=1e-6)


def test_fingertips_are_where_the_simulator_has_them():
    model = mujoco.MjModel.from_xml_path(str(HAND.mjcf_path))
    data, angles = mujoco.MjData(model), inputs(3)[JOINTS].pos_rad
    for name, angle in zip(HAND.joint_names, angles, strict=True):
        data.joint(name).qpos[0] = angle
    mujoco.mj_kinematics(model, data)
    tips = Fingertips(HAND, load_shape(HAND)).at(np.stack([angles, angles]))
    for site, tip in tips.items():
        np.testing.assert_allclose(tip[1], data.site(site).xpos, atol=1e-6)


def test_fingertips_are_told_in_the_policys_frame_or_relative_to_the_object():
    spec = spec_of({"name": "fingertips", "relative_to": "object"})
    tips = Fingertips(HAND, load_shape(HAND)).at(inputs(1)[JOINTS].pos_rad)
    expected = np.concatenate([tip - inputs(1)[OBJECT_POSE].pos_m for tip in tips.values()])
    np.testing.assert_allclose(seen(spec, 1, tips), expected, atol=1e-6)


CONVENTION = Convention(
    joint_order=tuple(reversed(HAND.joint_names)),
    sign=(-1.0,) * 4 + (1.0,) * (N - 4),
    zero_rad=(0.2,) * N,
    base_pos_m=(0.01, 0.02, 0.03),
    base_quat_wxyz=(0.5, 0.5, 0.5, 0.5),
)


def test_what_a_policy_counts_comes_back_as_ours():
    view = PolicyView(CONVENTION, HAND)
    ours = inputs(2, (5,))[JOINTS].pos_rad
    np.testing.assert_allclose(view.ours(view.joints(ours)), ours, atol=1e-12)
    assert (view.lower_rad < view.upper_rad).all()


def test_a_policys_frame_moves_object_and_goal_alike():
    now = inputs(1)
    there = PolicyView(CONVENTION, HAND).seen(now)
    quat = np.array(CONVENTION.base_quat_wxyz)
    back = quat_rotate(quat, there[OBJECT_POSE].pos_m) + np.array(CONVENTION.base_pos_m)
    np.testing.assert_allclose(back, now[OBJECT_POSE].pos_m, atol=1e-12)
    np.testing.assert_allclose(
        quat_multiply(quat, there[OBJECT_POSE].quat_wxyz), now[OBJECT_POSE].quat_wxyz, atol=1e-12
    )


def test_a_convention_of_other_joints_is_refused():
    with pytest.raises(BundleError, match="joint_order"):
        replace(CONVENTION, joint_order=("thumb", *CONVENTION.joint_order[1:])).check_joints(HAND.joint_names)
    with pytest.raises(ConfigError, match="sign"):
        replace(CONVENTION, sign=(0.5,) * N)


@pytest.mark.parametrize(
    "term",
    [
        {"name": "object_rotation"},
        {"name": "joint_pos", "form": "quat_wxyz"},
        {"name": "joint_pos", "relative_to": "goal"},
        {"name": "object_rotation", "form": "euler"},
        {"name": "joint_pos", "period_ticks": 3.0},
        {"name": "wind"},
    ],
)
def test_a_term_that_makes_no_sense_is_refused(term):
    with pytest.raises(ConfigError, match=term["name"]):
        described_term(term, N, TIPS, 0.1)


def test_a_spec_in_this_language_passes_its_own_check_and_knows_its_sources():
    spec = spec_of(POS | {"history": 2}, {"name": "where", "of": "object_pos", "relative_to": "start"})
    check_spec(spec, N, TIPS)
    assert OBJECT_POSE in needed_sources(spec)


def test_torch_builds_the_same_bits_as_numpy():
    spec = spec_of(
        POS | {"history": 3, "offset": (0.1,) * N, "scale": (1.7,) * N},
        {"name": "turn", "of": "goal_turn", "form": "rot6d_rows"},
        {"name": "phase", "of": "tick", "period_ticks": 7.0},
    )
    found = []
    for turned in (lambda a: a, torch.from_numpy):
        memory = None
        for tick in range(1, 4):
            now = inputs(tick, (2,))
            samples = {
                name: type(sample)(**{key: turned(np.asarray(value)) for key, value in vars(sample).items()})
                for name, sample in now.samples.items()
            }
            now = ObservationInputs(samples)
            memory = recall(spec, now, observe_object(memory or seed_memory(now), now))
        found.append(np.asarray(build_observation(spec, now, memory)))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("name", ["tick", "goal_rotation", "fingertips"])
def test_a_term_of_imported_policies_cannot_be_trained_with(name):
    with pytest.raises(ConfigError, match=f"term {name} is of imported policies"):
        observation_spec((name,), 16, {"joint_states": 0.1, "object_pose": 0.1, "goal": 0.1})
