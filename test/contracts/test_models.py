"""The compiled models are what the HandSpec says."""

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.sim.scene import PhysicsConfig, build_scene, check_hand_model

PHYSICS = PhysicsConfig(timestep_s=0.005, substeps=10)
HANDS = sorted(path.stem for path in (data_root() / "config/hands").glob("*.yaml"))
FACES = {"x_pos", "x_neg", "y_pos", "y_neg", "z_pos", "z_neg"}


@pytest.mark.parametrize("name", HANDS)
def test_joint_order_and_limits_of_the_model_equal_the_hand_spec(name):
    hand = load_hand(name)
    scene = build_scene(hand, "cube70", PHYSICS)
    model = scene.model
    assert [model.actuator(i).name for i in scene.actuators] == list(hand.joint_names)
    ranges = np.array([model.joint(n).range for n in hand.joint_names])
    np.testing.assert_allclose(ranges, np.stack([hand.lower_rad, hand.upper_rad], axis=1), atol=1e-9)
    np.testing.assert_allclose(model.actuator_ctrlrange[scene.actuators], ranges, atol=1e-9)


def test_a_model_whose_limits_differ_is_refused(leap):
    model = build_scene(leap, "cube70", PHYSICS).model
    model.jnt_range[model.joint("mf_pip").id, 1] = 1.0
    with pytest.raises(ConfigError, match="joint mf_pip"):
        check_hand_model(leap, model)


def test_a_model_whose_joints_are_called_otherwise_is_refused(leap, leap_content):
    model = build_scene(leap, "cube70", PHYSICS).model
    del leap_content["drive"]
    leap_content["joints"][0]["name"] = "index"
    other = config.from_mapping(HandSpec, leap_content, where="hand")
    with pytest.raises(ConfigError, match="has the joints"):
        check_hand_model(other, model)


def test_the_cube_is_70_mm_and_has_six_different_faces(leap):
    model = build_scene(leap, "cube70", PHYSICS).model
    np.testing.assert_allclose(model.geom("object_shape").size, 0.035)
    colours = {tuple(model.geom(f"object_face_{face}").rgba) for face in FACES}
    assert len(colours) == 6


def test_the_hand_weighs_what_its_source_says(leap):
    model = build_scene(leap, "cube70", PHYSICS).model
    hand_mass = model.body_mass.sum() - model.body("object_body").mass[0]
    # Sum of the body masses in mujoco_menagerie leap_hand/right_hand.xml.
    assert abs(hand_mass - 0.749) < 0.002


def test_an_unknown_object_lists_what_exists(leap):
    with pytest.raises(ConfigError, match="cube70"):
        build_scene(leap, "banana", PHYSICS)
