"""Hands with different objects step together only where their models have one layout; codes tell shapes apart."""

import numpy as np
import pytest

pytest.importorskip("mujoco")

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.sim.object_set import build_scenes, check_one_layout, object_set, several
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.randomisation import ModelRandomisation, random_model, random_models
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.sim.shape_code import ShapeCode

PHYSICS = PhysicsConfig(timestep_s=0.01, substeps=5)


@pytest.fixture(scope="module")
def first():
    return several("family:first")


@pytest.fixture(scope="module")
def scenes(leap, first):
    return build_scenes(leap, first, PHYSICS)


def falling(scene, physics):
    """Returns a state in which the object falls beside the hand."""
    home = np.zeros((physics.count, len(scene.joint_qpos)))
    place, quat = np.array([[0.5, 0.0, 0.3]] * physics.count), np.array([[0.8, 0.6, 0.0, 0.0]] * physics.count)
    return physics.compose(joint_pos_rad=home, object_pos_m=place, object_quat_wxyz=quat)


def test_models_of_all_generated_objects_have_one_layout(leap):
    check_one_layout([scene.model for scene in build_scenes(leap, several("family:train"), PHYSICS)])


def test_models_of_different_layouts_are_refused_with_what_differs(leap, first):
    models = [build_scene(leap, item, PHYSICS).model for item in (first[0], first[-1])]
    with pytest.raises(ConfigError, match="ngeom"):
        check_one_layout(models)


def test_a_hand_moves_the_same_beside_other_objects_as_alone(scenes):
    """Steps all objects at once, then each alone: the same bits."""
    models = [scene.model for scene in scenes]
    together = BatchPhysics(scenes[0], models, threads=1)
    start, target = falling(scenes[0], together), np.full((len(models), 20, 16), 0.3)
    states, _ = together.advance(start, target)
    together.close()
    for k, model in enumerate(models):
        alone = BatchPhysics(scenes[0], [model], threads=1)
        np.testing.assert_array_equal(states[k], alone.advance(start[k : k + 1], target[k : k + 1])[0][0])
        alone.close()


def test_padding_leaves_an_object_as_heavy_as_it_was(leap, first, scenes):
    for item, scene in zip(first, scenes, strict=True):
        plain = build_scene(leap, item, PHYSICS)
        body, own = scene.object_body, plain.object_body
        np.testing.assert_allclose(scene.model.body_mass[body], item.mass_kg, rtol=1e-6)
        np.testing.assert_allclose(
            np.sort(scene.model.body_inertia[body]), np.sort(plain.model.body_inertia[own]), rtol=1e-6
        )
        np.testing.assert_allclose(scene.model.body_ipos[body], 0.0, atol=2e-5)


def test_a_larger_copy_is_larger_in_all_its_parts(scenes, first):
    twice = ModelRandomisation(copies=1, object_size=(2.0, 2.0))
    names = [item.name for item in first]
    letter, hull = scenes[names.index("letter_00")], scenes[names.index("hull_00")]
    mine = letter.model.geom_bodyid == letter.object_body
    larger = random_model(letter.model, twice, np.random.default_rng(0))
    np.testing.assert_allclose(larger.geom_pos[mine], 2.0 * letter.model.geom_pos[mine])
    np.testing.assert_allclose(larger.geom_size[mine], 2.0 * letter.model.geom_size[mine])
    larger = random_model(hull.model, twice, np.random.default_rng(0))
    changed = np.any(larger.mesh_vert != hull.model.mesh_vert, axis=1)
    assert 8 <= changed.sum() <= 20, "the corners of the object's own hull, and of no other"
    np.testing.assert_allclose(larger.mesh_vert[changed], 2.0 * hull.model.mesh_vert[changed], rtol=1e-6)


def test_random_copies_are_of_each_simulations_own_object(leap):
    objects = object_set(leap, "family:first", PHYSICS, 48)
    models = random_models(
        objects.nominal, ModelRandomisation(copies=24, friction=(0.5, 1.5)), np.random.default_rng(0)
    )
    for model, nominal in zip(models, objects.nominal, strict=True):
        np.testing.assert_array_equal(model.geom_type, nominal.geom_type)
        np.testing.assert_array_equal(model.geom_size, nominal.geom_size)
    assert len({id(model) for model in models}) == 24


def test_a_number_of_hands_that_is_no_multiple_of_the_objects_is_refused(leap):
    with pytest.raises(ConfigError, match="num_envs is 50, expected a multiple of the 12 objects"):
        object_set(leap, "family:first", PHYSICS, 50)


def test_an_unknown_list_of_objects_is_refused_with_those_there_are(leap):
    with pytest.raises(ConfigError, match="family:held-out"):
        object_set(leap, "family:all", PHYSICS, 12)


def test_codes_are_the_same_for_rotations_that_look_alike_and_differ_between_objects(first):
    code = ShapeCode(first)
    kind = np.arange(len(first))
    quat = np.tile([0.8, 0.36, 0.48, 0.0], (len(first), 1))
    alike = quat_multiply(quat, np.stack([np.array(item.symmetry.turns[-1]) for item in first]))
    turned = quat_multiply(quat, rotvec_to_quat(np.tile([0.5, 0.4, 0.3], (len(first), 1))))
    same, other = np.abs(code(kind, alike) - code(kind, quat)), np.abs(code(kind, turned) - code(kind, quat))
    assert same.mean() < 0.05
    assert other.mean(axis=1).min() > 0.1
    codes = code(kind, quat)
    apart = np.abs(codes[:, None] - codes[None]).mean(axis=-1)[~np.eye(len(first), dtype=bool)]
    assert apart.min() > 0.05


def test_codes_of_a_cuboid_are_distances_to_it():
    """A basis point on an axis of the object, outside it, is as far from it as the face is."""
    item = next(item for item in load_catalogue().objects if item.family == "cuboid").spec
    code = ShapeCode([item])
    code._basis = np.array([[0.042, 0.0, 0.0], [0.0, 0.0, 0.0]])
    half = item.parts[0].size_m
    seen = code(np.array([0]), np.array([[1.0, 0.0, 0.0, 0.0]]))[0] / 50.0
    assert abs(seen[0] - (0.042 - half[0])) < 0.003
    assert abs(seen[1] + min(half)) < 0.003
