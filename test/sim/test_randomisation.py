"""Every randomised term changes what it claims to change, by as much as it says, and nothing else."""

from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("mujoco")

from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.randomisation import TERMS, ModelRandomisation, active_terms, random_model, random_models
from dexterity_ros.sim.reset_pool import ResetPool
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.sim.sensors import NO_NOISE, SampleNoise, SimulatedSensors, perfectly_sensed

PHYSICS = PhysicsConfig(timestep_s=1 / 60, substeps=3)
NOTHING = ModelRandomisation(copies=1)
N = 64


def on_object(model):
    return model.geom_bodyid == model.body("object_body").id


# What each term may change: (read, by how much it changes for a factor of 1.5 or a deviation of 0.1).
CLAIMS = {
    "friction": lambda m: m.geom_friction[:, 0],
    "friction_loss": lambda m: m.dof_frictionloss[:16],
    "contact_time": lambda m: m.geom_solref[:, 0],
    "object_mass": lambda m: np.append(m.body_inertia[m.body("object_body").id], m.body_mass[m.body("object_body").id]),
    "link_mass": lambda m: np.delete(m.body_mass, [0, m.body("object_body").id]),
    "object_com_m": lambda m: m.body_ipos[m.body("object_body").id],
    "object_size": lambda m: m.geom_size[on_object(m)],
    "stiffness": lambda m: np.concatenate([m.actuator_gainprm[:, 0], -m.actuator_biasprm[:, 1]]),
    "damping": lambda m: np.concatenate([m.dof_damping[:16], -m.actuator_biasprm[:, 2]]),
    "armature": lambda m: m.dof_armature[:16],
    "torque": lambda m: m.jnt_actfrcrange[:16],
    "joint_limit_rad": lambda m: m.jnt_range[:16],
    "gravity_m_s2": lambda m: m.opt.gravity,
    "mount_tilt_rad": lambda m: m.opt.gravity,
    "timestep": lambda m: np.array([m.opt.timestep]),
}


@pytest.fixture(scope="module")
def scene(leap):
    return build_scene(leap, "cube70", PHYSICS)


def test_perfect_sensors_leave_what_is_done_as_it_was():
    amounts = set(SampleNoise.__dataclass_fields__) - {"share"}
    everything = SampleNoise(**dict.fromkeys(amounts, 2))
    left = {name for name in amounts if getattr(perfectly_sensed(everything), name)}
    assert left == {
        "action_rad", "action_bias_rad", "backlash_rad", "action_delay_substeps", "latency_substeps", "freeze_s",
        "push_m_s2", "push_s",
    }  # fmt: skip


def test_every_term_has_a_claim_here():
    assert set(CLAIMS) == set(TERMS) == {f.name for f in fields(ModelRandomisation)} - {"copies"}


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_term_changes_what_it_claims_by_as_much_as_it_says_and_nothing_else(scene, name):
    is_factor = isinstance(getattr(NOTHING, name), tuple)
    ranges = replace(NOTHING, **{name: (0.5, 1.5) if is_factor else 0.1})
    assert active_terms(ranges) == (name,)
    rng = np.random.default_rng(0)
    upper = random_model(scene.model, ranges, rng, edge=(name, 1.0))
    for other, read in CLAIMS.items():
        before, after = read(scene.model), read(upper)
        if other == name and is_factor:
            np.testing.assert_allclose(after, before * 1.5, err_msg=name)
        elif other == name == "mount_tilt_rad":
            assert np.rad2deg(np.arccos(after @ before / 9.81**2)) == pytest.approx(np.rad2deg(0.1 * 2**0.5), rel=0.02)
        elif other == name:
            np.testing.assert_allclose(np.abs(after - before), 0.1, err_msg=name)
        elif {other, name} != {"gravity_m_s2", "mount_tilt_rad"}:
            np.testing.assert_array_equal(after, before, err_msg=f"{name} changed {other}")


@pytest.mark.parametrize("name", sorted(TERMS))
def test_values_fill_their_range_and_a_narrow_width_keeps_them_near_the_nominal(scene, name):
    is_factor = isinstance(getattr(NOTHING, name), tuple)
    ranges = replace(NOTHING, **{name: (0.5, 2.0) if is_factor else 0.1})
    rng = np.random.default_rng(0)
    read = CLAIMS[name]
    base = read(scene.model)

    def strength(width):
        models = [random_model(scene.model, ranges, rng, widths={name: width}) for _ in range(60)]
        if is_factor:
            return np.array([np.log(read(m)[base != 0.0] / base[base != 0.0]).ravel()[0] for m in models])
        return np.array([(read(m) - base).ravel()[0] for m in models])

    full, narrow = strength(1.0), strength(0.2)
    widest = np.log(2.0) if is_factor else 0.1 * (9.81 if name == "mount_tilt_rad" else 1.0)
    assert 0.75 * widest < np.abs(full).max() <= widest * 1.001 and (full > 0).any() and (full < 0).any()
    assert np.abs(narrow).max() < 0.35 * widest and np.abs(strength(0.0)).max() < 1e-9


def test_copies_are_shared_in_turn(scene):
    models = random_models(
        [scene.model] * 10, ModelRandomisation(copies=4, friction=(0.5, 1.5)), np.random.default_rng(0)
    )
    assert len({id(m) for m in models}) == 4 and models[0] is models[4]


@pytest.fixture(scope="module")
def grasp(leap, scene):
    return ResetPool(leap, scene, size=64, threads=2, rng=np.random.default_rng(0)).draw(1, np.random.default_rng(1))


def sensors(scene, *, seed=0, **noise):
    physics = BatchPhysics(scene, [scene.model] * N, threads=2)
    made = SimulatedSensors(
        physics,
        SampleNoise(**noise),
        joints=16,
        timestep_s=PHYSICS.timestep_s,
        substeps=PHYSICS.substeps,
        rng=np.random.default_rng(seed),
    )
    made.restart(np.ones(N, dtype=bool))
    return made


def shown(made, grasp, step=1):
    recent = np.repeat(np.repeat(grasp, N, axis=0)[:, None], PHYSICS.substeps, axis=1)
    return made.sample(recent, np.full(N, step * 50_000_000), np.tile([1.0, 0.0, 0.0, 0.0], (N, 1)))


def test_perfect_sensors_show_the_truth(scene, grasp):
    made = sensors(scene)
    seen = shown(made, grasp)
    np.testing.assert_array_equal(seen[JOINTS].pos_rad[0], made._physics.joint_pos(grasp[0]))
    np.testing.assert_array_equal(seen[OBJECT_POSE].pos_m[0], made._physics.object_pos(grasp[0]))
    target = np.random.default_rng(0).normal(size=(N, 16))
    np.testing.assert_array_equal(made.control(target, target), np.repeat(target[:, None], 3, axis=1))
    assert made.pushes() is None and SampleNoise() == NO_NOISE


@pytest.mark.parametrize(
    ("step_noise", "episode_noise", "read", "size"),
    [
        ("joint_pos_rad", "joint_zero_rad", lambda s: s[JOINTS].pos_rad, 0.03),
        ("object_pos_m", "object_pos_bias_m", lambda s: s[OBJECT_POSE].pos_m, 0.005),
    ],
)
def test_some_noise_is_new_in_every_step_and_some_stays_through_an_episode(
    scene, grasp, step_noise, episode_noise, read, size
):
    made = sensors(scene, **{step_noise: size})
    first, second = read(shown(made, grasp)), read(shown(made, grasp))
    assert (first - second).std() == pytest.approx(2**0.5 * size, rel=0.15)
    made = sensors(scene, **{episode_noise: size})
    first, second = read(shown(made, grasp)), read(shown(made, grasp))
    np.testing.assert_array_equal(first, second)
    assert first.std(axis=0).mean() == pytest.approx(size, rel=0.2)
    half = np.arange(N) < N // 2
    made.restart(half)
    third = read(shown(made, grasp))
    np.testing.assert_array_equal(third[~half], first[~half])
    assert (third[half] != first[half]).all()


def test_rotations_are_disturbed_by_as_much_as_asked(scene, grasp):
    for name in ("object_rot_rad", "object_rot_bias_rad"):
        seen = shown(sensors(scene, **{name: 0.1}), grasp)[OBJECT_POSE].quat_wxyz
        truth = sensors(scene)._physics.object_quat(np.repeat(grasp, N, axis=0))
        assert rotation_angle(rotation_between(truth, seen)).mean() == pytest.approx(0.16, rel=0.2)


def test_a_wrong_zero_shifts_measurement_and_command_alike(scene, grasp):
    made = sensors(scene, joint_zero_rad=0.05)
    truth = made._physics.joint_pos(grasp[0])
    zero = shown(made, grasp)[JOINTS].pos_rad - truth
    target = np.tile(truth, (N, 1))
    np.testing.assert_allclose(made.control(target, target)[:, 0], truth - zero, atol=1e-12)


def test_late_actions_act_late_and_noise_on_actions_is_as_large_as_asked(scene):
    old, new = np.zeros((N, 16)), np.ones((N, 16))
    late = sensors(scene, action_delay_substeps=2).control(old, new)[:, :, 0]
    assert {tuple(row) for row in late.tolist()} == {(1, 1, 1), (0, 1, 1), (0, 0, 1)}
    noisy = sensors(scene, action_rad=0.02).control(new, new)
    assert noisy.std() == pytest.approx(0.02, rel=0.1) and np.ptp(noisy, axis=1).max() == 0.0
    biased = sensors(scene, action_bias_rad=0.02)
    np.testing.assert_array_equal(biased.control(new, new), biased.control(new, new))


def test_gears_with_play_follow_only_when_the_play_is_used_up(scene):
    made = sensors(scene, backlash_rad=0.1)
    play = made._play_rad
    assert play.min() >= 0.0 and 0.08 < play.max() <= 0.1
    out = [made.control(np.full((N, 16), x), np.full((N, 16), x))[:, -1] for x in (0.0, 0.5, 0.49, 0.0)]
    np.testing.assert_allclose(out[1], 0.5 - play / 2)
    np.testing.assert_allclose(out[2], np.clip(out[1], 0.49 - play / 2, 0.49 + play / 2))
    np.testing.assert_allclose(out[3], play / 2)


def test_a_frozen_pose_keeps_its_stamp_and_goes_on(scene, grasp):
    made = sensors(scene, freeze_rate_hz=4.0, freeze_s=0.1, object_pos_m=0.001)
    stamps = np.array([shown(made, grasp, step)[OBJECT_POSE].stamp_ns for step in range(1, 101)])
    age = (np.arange(1, 101)[:, None] * 50_000_000 - stamps) // 50_000_000
    assert set(np.unique(age)) == {0, 1, 2} and 0.1 < (age > 0).mean() < 0.4


def test_pushes_last_and_are_as_strong_as_asked(scene):
    made = sensors(scene, push_m_s2=2.0, push_s=0.5)
    forces = np.stack([made.pushes().copy() for _ in range(200)])
    mass = made._physics.object_mass[0]
    assert forces.std() == pytest.approx(2.0 * mass, rel=0.15)
    assert 0.85 < (forces[1:] == forces[:-1]).mean() < 0.95
    physics = made._physics
    state = physics.compose(
        joint_pos_rad=np.zeros((N, 16)), object_pos_m=np.tile([0, 0, 1.0], (N, 1)), object_quat_wxyz=np.eye(4)[[0] * N]
    )
    control = np.zeros((N, 3, 16))
    pushed, _ = physics.advance(state, control, np.tile([mass, 0.0, 0.0], (N, 1)))
    assert physics.object_vel(pushed[:, -1])[0, 0] == pytest.approx(0.05, rel=1e-3)  # 1 m/s2 for 50 ms


def test_a_smaller_scale_is_less_noise_in_that_simulation_only(scene, grasp):
    made = sensors(scene, joint_pos_rad=0.03)
    made.scale[: N // 2] = 0.0
    seen = shown(made, grasp)[JOINTS].pos_rad
    assert np.ptp(seen[: N // 2], axis=0).max() == 0.0 and seen[N // 2 :].std(axis=0).mean() > 0.02


def moving(scene, grasp, step):
    """States of one control step in which the object has moved 1 mm per substep since the beginning."""
    recent = np.repeat(np.repeat(grasp, N, axis=0)[:, None], PHYSICS.substeps, axis=1)
    numbers = np.arange(PHYSICS.substeps) + 1 + (step - 1) * PHYSICS.substeps
    recent[:, :, 1 + scene.object_qpos[0]] = 0.001 * numbers
    return recent


def test_a_pose_may_be_older_than_a_control_step_but_never_goes_back(scene, grasp):
    made = sensors(scene, pose_delay_substeps=5)
    identity = np.tile([1.0, 0.0, 0.0, 0.0], (N, 1))
    ages, before = [], np.full(N, -(10**9))
    for step in range(1, 40):
        stamp = np.full(N, step * 3 * round(PHYSICS.timestep_s * 1e9))
        seen = made.sample(moving(scene, grasp, step), stamp, identity)[OBJECT_POSE]
        late = (stamp - seen.stamp_ns) / (PHYSICS.timestep_s * 1e9)
        if step > 3:
            np.testing.assert_allclose(seen.pos_m[:, 0] * 1e3, 3 * step - np.rint(late), atol=1e-6)
        assert (seen.stamp_ns >= before).all()
        before = seen.stamp_ns
        ages.append(np.rint(late))
    assert set(np.unique(ages[5:])) == {0, 1, 2, 3, 4, 5}
    made.restart(np.ones(N, dtype=bool))
    fresh = np.repeat(np.repeat(grasp, N, axis=0)[:, None], PHYSICS.substeps, axis=1)
    seen = made.sample(fresh, stamp + 50_000_000, identity)[OBJECT_POSE]
    np.testing.assert_array_equal(seen.pos_m, made._physics.object_pos(np.repeat(grasp, N, axis=0)))
