"""dexterity import hand: what becomes of somebody's file, what is asked, what is refused by name."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import cv2
import mujoco
import numpy as np
import pytest
import yaml

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.nodes.hand.setup import HandParameters, hand_setup
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.systems.spec import load_system, resolve

JOINTS = ("a_1", "a_2", "b_1", "b_2")


def scene_of(folder):
    return build_scene(load_hand(str(folder)), "cube70", PhysicsConfig(timestep_s=0.005, substeps=2))


def test_joints_keep_the_order_names_and_limits_of_the_file_and_fingertips_are_the_ends_of_its_branches(imported):
    hand = load_hand(str(imported))
    assert hand.joint_names == JOINTS and hand.name == "two"
    np.testing.assert_allclose([hand.lower_rad, hand.upper_rad], [[-0.2] * 4, [1.6] * 4])
    assert hand.fingertip_sites == ("a_link_2_tip", "b_link_2_tip")
    assert hand.motor_ids == (11, 12, 21, 22)
    assert set(hand.unverified) == {"home_pos_rad", "grasp_centre_m"}


def test_the_palm_faces_up_and_the_fingers_point_along_x(imported):
    scene, hand = scene_of(imported), load_hand(str(imported))
    data = mujoco.MjData(scene.model)
    mujoco.mj_forward(scene.model, data)
    open_tip = data.site("a_link_2_tip").xpos.copy()
    data.qpos[scene.joint_qpos] = hand.home_pos_rad
    mujoco.mj_forward(scene.model, data)
    assert data.site("a_link_2_tip").xpos[2] > open_tip[2] + 0.03, "the fingers close upwards"
    assert open_tip[0] == pytest.approx(0.122 + 0.058 + 0.058, abs=0.002)


def test_the_eyes_know_the_shapes_that_the_model_collides_with(imported):
    scene, hand = scene_of(imported), load_hand(str(imported))
    body = HandBody(hand, load_shape(hand))
    data = mujoco.MjData(scene.model)
    pose = np.array([0.3, 0.8, 0.1, 1.2])
    data.qpos[scene.joint_qpos] = pose
    mujoco.mj_kinematics(scene.model, data)
    mine = (scene.model.geom_group == 3) & (scene.model.geom_bodyid != scene.object_body)
    placed = np.array([position for _, _, position, _ in body.placed_parts(pose)])
    np.testing.assert_allclose(np.sort(placed, axis=0), np.sort(data.geom_xpos[mine], axis=0), atol=1e-6)


def test_parts_are_as_near_to_the_meshes_as_is_said(imported):
    links = load_shape(load_hand(str(imported))).links
    palm, finger = links[0].parts[0], links[1].parts[0]
    assert palm.kind == "box"
    np.testing.assert_allclose(sorted(palm.size_m), [0.01, 0.055, 0.06], atol=0.002)
    assert finger.kind == "capsule"
    np.testing.assert_allclose(finger.size_m, [0.009, 0.02], atol=0.002)


def test_meshes_with_several_objects_and_a_scale_keep_their_size(imported):
    model = mujoco.MjModel.from_xml_path(str(imported / "hand.xml"))
    drawn = np.flatnonzero(model.geom_group == 2)
    assert len(drawn) == 5
    long = max(2.0 * model.geom_aabb[geom, 3:].max() for geom in drawn)
    assert long == pytest.approx(0.12, abs=0.001)
    finger = min(2.0 * model.geom_aabb[geom, 3:].max() for geom in drawn)
    assert finger == pytest.approx(0.059, abs=0.001)


def test_an_mjcf_of_other_names_units_and_order_becomes_a_hand_with_a_position_actuator_for_each_joint(
    mjcf, answers, dexterity
):
    own = {"stiffness_nm_rad": None, "damping_nm_s_rad": None, "friction_nm": None, "armature_kg_m2": None}
    file = answers(**own, torque_nm=None)
    path = mjcf()
    before = path.read_bytes()
    status, said = dexterity("import", "hand", path, "--out", "made/two", "--answers", file)
    assert status == 0, said
    assert path.read_bytes() == before
    hand, model = load_hand("made/two"), scene_of("made/two").model
    assert hand.joint_names == JOINTS
    assert [model.actuator(i).name for i in range(model.nu)] == list(JOINTS)
    np.testing.assert_allclose(model.actuator_gainprm[:, 0], 4.0)
    np.testing.assert_allclose(model.actuator_biasprm[:, 2], -0.1)
    np.testing.assert_allclose(model.jnt_actfrcrange[:4], [[-0.3, 0.3]] * 4)
    assert hand.joints[3].upper_rad == pytest.approx(1.396263), "the tighter range of its actuator counts"
    assert hand.joints[0].upper_rad == pytest.approx(np.deg2rad(91.0))
    assert hand.fingertip_sites == ("first_tip", "b_link_2_tip")


def test_a_joint_that_is_drawn_at_another_angle_than_0_stands_where_it_stood(mjcf, answers, dexterity):
    path = mjcf()
    assert dexterity("import", "hand", path, "--out", "made/two", "--answers", answers())[0] == 0
    theirs, ours = mujoco.MjModel.from_xml_path(str(path)), scene_of("made/two").model
    relative = []
    for model in (theirs, ours):
        data = mujoco.MjData(model)
        for name, angle in zip(JOINTS, (0.2, 0.9, 0.4, 0.7), strict=True):
            data.qpos[model.joint(name).qposadr[0]] = angle
        mujoco.mj_kinematics(model, data)
        palm = data.body("palm")
        relative.append(palm.xmat.reshape(3, 3).T @ (data.body("b_link_2").xpos - palm.xpos))
        relative.append(palm.xmat.reshape(3, 3).T @ data.body("b_link_2").xmat.reshape(3, 3))
    np.testing.assert_allclose(relative[0], relative[2], atol=1e-6)
    np.testing.assert_allclose(relative[1], relative[3], atol=1e-6)


def test_everything_that_the_file_does_not_say_is_asked_at_once_as_the_lines_of_a_file(urdf, answers, dexterity, here):
    status, said = dexterity("import", "hand", urdf(), "--out", "made/two")
    assert status == 2 and "UndecidedError" in said
    lines = [line for line in said.splitlines() if "  # " in line]
    asked = set(yaml.safe_load("\n".join(lines)))
    assert asked == {*yaml.safe_load(answers(grasp_centre_m=None).read_text()), "unknown"}
    assert not (here / "made" / "two").exists()


def test_an_effort_in_the_file_is_not_asked_for(urdf, answers, dexterity):
    said = dexterity("import", "hand", urdf(effort=0.4), "--out", "made/two", "--answers", answers(torque_nm=None))[1]
    assert scene_of("made/two").model.jnt_actfrcrange[0, 1] == pytest.approx(0.4), said


def test_what_nobody_knows_is_stood_in_for_and_listed_as_unverified(urdf, answers, dexterity):
    unknown = ["motor_ids", "gains", "baud_rate", "supply_v", "max_temperature_c", "stiffness_nm_rad"]
    file = answers(**dict.fromkeys(unknown), unknown=unknown)
    status, said = dexterity("import", "hand", urdf(), "--out", "made/two", "--answers", file, "--json", "made.json")
    assert status == 0, said
    hand = load_hand("made/two")
    assert set(unknown) < set(hand.unverified)
    assert hand.motor_ids == (1, 2, 3, 4) and hand.motors[0].gains.p == 1100
    for name in unknown:
        assert f"- {name}: a stand-in" in said
    assert set(json.loads(Path("made.json").read_text())["unverified"]) == set(hand.unverified)


@pytest.mark.parametrize("name", ["motor_model", "max_velocity_rad_s", "max_step_rad", "max_current_a"])
def test_nothing_stands_in_for_what_keeps_the_hand_whole(urdf, answers, dexterity, name):
    file = answers(**{name: None}, unknown=[name])
    status, said = dexterity("import", "hand", urdf(), "--out", "made/two", "--answers", file)
    assert status == 2 and f"unknown lists ['{name}']" in said


FOLLOWER = '<mimic joint="a_1" multiplier="0.7"/>'
SLIDE = """<link name="rail"><inertial><mass value="0.1"/><inertia ixx="1e-4" iyy="1e-4" izz="1e-4" ixy="0" ixz="0"
  iyz="0"/></inertial></link><joint name="lift" type="prismatic"><parent link="palm"/><child link="rail"/>
  <axis xyz="0 0 1"/><limit lower="0" upper="0.1" effort="1" velocity="1"/></joint>"""


def test_joints_that_have_no_motor_of_their_own_are_refused_by_name_all_at_once_with_the_questions(urdf, dexterity):
    status, said = dexterity("import", "hand", urdf(more=FOLLOWER, extra=SLIDE), "--out", "made/two")
    assert status == 2
    assert "cannot: joint lift is a slide joint, expected hinges" in said
    assert "cannot: joint a_2 follows a_1: every joint has a motor of its own here" in said
    assert "`fixed: {joint: rad}`" in said and "motor_model:  #" in said


def test_fixed_joints_stand_still_at_their_angles_and_are_no_joints_of_the_hand(urdf, answers, dexterity):
    file = answers(fixed={"a_2": 0.5, "lift": 0.0}, motor_ids={"a_1": 1, "b_1": 2, "b_2": 3})
    path = urdf(more=FOLLOWER, extra=SLIDE)
    status, said = dexterity("import", "hand", path, "--out", "made/two", "--answers", file)
    assert status == 0, said
    assert load_hand("made/two").joint_names == ("a_1", "b_1", "b_2")
    quat = scene_of("made/two").model.body("a_link_2").quat
    np.testing.assert_allclose(quat, [np.cos(0.25), np.sin(0.25), 0.0, 0.0], atol=1e-6)


def test_a_slide_that_stands_still_is_shifted_along_its_axis(urdf, answers, dexterity):
    status, said = dexterity(
        "import", "hand", urdf(extra=SLIDE), "--out", "made/two", "--answers", answers(fixed={"lift": 0.03})
    )
    assert status == 0, said
    rail = scene_of("made/two").model.body("rail")
    np.testing.assert_allclose(rail.pos, [0.0, 0.0, 0.03], atol=1e-6)
    np.testing.assert_allclose(rail.quat, [1.0, 0.0, 0.0, 0.0], atol=1e-6)


def test_a_joint_that_follows_one_that_stands_still_is_not_driven_instead(urdf, answers, dexterity):
    file = answers(fixed={"a_1": 0.0}, motor_ids={"a_2": 1, "b_1": 2, "b_2": 3})
    status, said = dexterity("import", "hand", urdf(more=FOLLOWER), "--out", "made/two", "--answers", file)
    assert status == 2 and "cannot: joint a_2 follows a_1" in said


TENDON = """<tendon><fixed name="pull"><joint joint="a_1" coef="1"/><joint joint="a_2" coef="1"/></fixed></tendon>"""
ON_TENDON = '<position name="m" tendon="pull" kp="1"/><position joint="b_1" kp="1"/><velocity joint="b_2" kv="1"/>'


def test_tendons_are_named_with_what_they_pull_and_kinds_of_actuators_are_counted(mjcf, answers, dexterity):
    path = mjcf(actuators=ON_TENDON, more=TENDON)
    status, said = dexterity("import", "hand", path, "--out", "made/two", "--answers", answers(stiffness_nm_rad=None))
    assert status == 2
    assert "cannot: joint a_1 has no actuator of its own" in said and "cannot: tendon pull over a_1, a_2" in said
    assert "stiffness_nm_rad:  #" in said, "a velocity actuator says nothing of it"


def test_a_folder_that_is_no_hand_is_left_alone_and_one_that_is_is_made_anew(imported, answers, dexterity, here):
    (here / "mine").mkdir()
    urdf = imported.parent / "my_hand" / "urdf" / "hand.urdf"
    status, said = dexterity("import", "hand", urdf, "--out", "mine", "--answers", answers())
    assert status == 2 and "choose another" in said
    shutil.copytree(imported, here / "two")
    again = answers(home={"a_1": 0.3})
    assert dexterity("import", "hand", urdf, "--out", "two", "--answers", again)[0] == 0
    assert load_hand("./two").home_pos_rad[0] == 0.3
    assert load_hand("./two").unverified == ("home_pos_rad",)


def test_a_hand_is_found_from_anywhere_by_its_folder_or_its_file(imported, tmp_path, monkeypatch):
    folder = imported
    here = load_hand(str(folder))
    monkeypatch.chdir("/")
    assert load_hand(str(folder / "hand.yaml")).digest == here.digest
    assert load_hand(os.path.relpath(folder)).mjcf_path == folder / "hand.xml"
    assert load_robot_hand(str(folder)).unverified == here.unverified


def test_what_is_unverified_changes_no_digest(imported):
    hand = load_hand(str(imported))
    assert dataclasses.replace(hand, unverified=()).digest == hand.digest


def test_the_drawing_shows_the_hand_between_the_names_of_its_joints(imported):
    picture = cv2.imread(str(imported / "preview.png"))
    assert picture.shape[0] > 600 and picture.shape[1] > 1200
    dark = (picture.max(axis=2) < 90).mean(axis=0)
    assert dark[:250].max() > 0.0, "names on the left"
    assert (picture.std(axis=2) > 40).any(), "dots at the joints"


def test_a_hand_that_nobody_has_confirmed_moves_where_it_is_emulated_and_on_a_robot_only_when_that_is_allowed(imported):
    given = {"policy": "none", "hardware": "dynamixel", "port": "", "max_reboots_per_hour": 0}
    said = r"two is unverified in \['home_pos_rad', 'grasp_centre_m'\].*allow_unverified:=true"
    with pytest.raises(ConfigError, match=said):
        hand_setup(HandParameters(hand=str(imported), shadow=False, **given))
    assert hand_setup(HandParameters(hand=str(imported), shadow=True, **given)).hand.name == "two"
    for system, allowed in (("exercise", True), ("sim", True), ("eyes", True), ("real", False)):
        starts = resolve(load_system(system), {"hand": str(imported)}, {})
        node = next(start for start in starts if start.executable == "hand_node")
        assert node.parameters["allow_unverified"] is allowed, system
