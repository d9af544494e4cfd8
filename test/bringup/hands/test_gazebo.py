"""The files for Gazebo describe the hand that is driven: same joints, places and masses, a motor for each."""

from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

mujoco = pytest.importorskip("mujoco")

from dexterity_ros.bringup.hands.gazebo import write_gazebo
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.sim.rigid_links import rigid_links

HEIGHT = np.array([0.0, 0.0, 0.2])


@pytest.fixture(params=["leap", "dclaw"])
def hand(request):
    return load_hand(request.param)


@pytest.fixture
def folder(hand, tmp_path):
    write_gazebo(hand, tmp_path)
    return tmp_path / "gazebo"


def own_model(hand):
    return mujoco.MjModel.from_xml_path(str(data_root() / hand.mjcf))


def places(model, values):
    """Positions of all bodies by name, for joint positions by name; with hinges, the joint's place."""
    data = mujoco.MjData(model)
    for name, value in values.items():
        data.qpos[model.joint(name).qposadr[0]] = value
    mujoco.mj_kinematics(model, data)
    found = {}
    for body in range(1, model.nbody):
        joint, at = model.body_jntadr[body], data.xpos[body]
        found[model.body(body).name] = data.xanchor[joint] if joint >= 0 else at
    return found


def test_the_urdf_moves_as_the_hand_does(hand, folder):
    root = ElementTree.parse(folder / "hand.urdf").getroot()
    options = {"fusestatic": "false", "discardvisual": "true"}
    ElementTree.SubElement(ElementTree.SubElement(root, "mujoco"), "compiler", options)
    there = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))
    model, rng = own_model(hand), np.random.default_rng(0)
    for _ in range(3):
        drawn = hand.lower_rad + rng.uniform(size=len(hand.joints)) * (hand.upper_rad - hand.lower_rad)
        values = dict(zip(hand.joint_names, drawn, strict=True))
        ours, theirs = places(model, values), places(there, values)
        for name, at in ours.items():
            np.testing.assert_allclose(theirs[name] - HEIGHT, at, atol=5e-5, err_msg=name)
    for body in range(1, model.nbody):
        name = model.body(body).name
        assert there.body(name).mass[0] == pytest.approx(max(model.body(name).mass[0], 1e-3), rel=1e-6)


def test_the_sdf_names_each_link_once_and_hangs_them_where_they_are(hand, folder):
    root = ElementTree.parse(folder / "hand.sdf").getroot()
    assert root.tag == "sdf" and root.get("version") == "1.9"
    (model,) = root.findall("model")
    links = {link.get("name"): link for link in model.findall("link")}
    joints = model.findall("joint")
    assert len(links) == len(model.findall("link")) and len(joints) == len(links)
    assert sorted(joint.findtext("child") for joint in joints) == sorted(links)
    assert {joint.findtext("parent") for joint in joints} <= {"world", *links}
    at = {"hand": np.eye(4)}
    for name, link in list(links.items())[1:]:
        pose = link.find("pose")
        at[name] = at[pose.get("relative_to")] @ transform(pose.text)
    ours = places(own_model(hand), {})
    for name, place in ours.items():
        np.testing.assert_allclose(at[name][:3, 3], place, atol=5e-5, err_msg=name)


def transform(text):
    """The transform of an SDF pose: x y z roll pitch yaw."""
    *shift, roll, pitch, yaw = map(float, text.split())
    found = np.eye(4)
    for angle, axis in ((roll, 0), (pitch, 1), (yaw, 2)):
        turn = np.eye(4)
        quat = np.zeros(4)
        quat[0], quat[1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
        turn[:3, :3] = quat_to_matrix(quat)
        found = turn @ found
    found[:3, 3] = shift
    return found


def test_every_part_of_the_sdf_has_what_its_format_asks_for(hand, folder):
    model = ElementTree.parse(folder / "hand.sdf").getroot().find("model")
    for link in model.findall("link"):
        assert float(link.findtext("inertial/mass")) > 0.0
        moments = {part.tag: float(part.text) for part in link.find("inertial/inertia")}
        assert sorted(moments) == ["ixx", "ixy", "ixz", "iyy", "iyz", "izz"]
        full = [[moments["i" + "".join(sorted(a + b))] for a in "xyz"] for b in "xyz"]
        assert np.linalg.eigvalsh(np.array(full)).min() > 0.0
        names = [part.get("name") for part in link.findall("collision")]
        assert len(set(names)) == len(names)
        for part in link.findall("collision/geometry/*"):
            wanted = {"box": ["size"], "sphere": ["radius"]}.get(part.tag, ["length", "radius"])
            assert sorted(child.tag for child in part) == wanted
    hinges = [joint for joint in model.findall("joint") if joint.get("type") == "revolute"]
    assert {joint.get("name") for joint in hinges} == set(hand.joint_names)
    for joint in hinges:
        spec = hand.joints[hand.joint_names.index(joint.get("name"))]
        ends = [float(joint.findtext(f"axis/limit/{end}")) for end in ("lower", "upper")]
        np.testing.assert_allclose(ends, [spec.lower_rad, spec.upper_rad], atol=1e-4)
        assert np.linalg.norm(list(map(float, joint.findtext("axis/xyz").split()))) == pytest.approx(1.0, abs=1e-6)


def test_every_joint_has_a_motor_of_its_own_torque_and_gains(hand, folder):
    root = ElementTree.parse(folder / "hand.urdf").getroot()
    control = root.find("ros2_control")
    assert control.findtext("hardware/plugin") == "gz_ros2_control/GazeboSimSystem"
    assert [joint.get("name") for joint in control.findall("joint")] == list(hand.joint_names)
    for joint, home in zip(control.findall("joint"), hand.home_pos_rad, strict=True):
        assert [one.get("name") for one in joint.findall("command_interface")] == ["effort"]
        states = joint.findall("state_interface")
        assert [one.get("name") for one in states] == ["position", "velocity", "effort"]
        assert float(states[0].findtext("param")) == pytest.approx(home, abs=1e-5)
    told = yaml.safe_load((folder / "controllers.yaml").read_text())
    controller = told["hand_controller"]["ros__parameters"]
    assert set(controller["joints"]) == set(controller["gains"]) == set(hand.joint_names)
    hinges = {link.hinge.name: link.hinge for link in rigid_links(hand) if link.hinge}
    for name, gains in controller["gains"].items():
        assert gains["p"] == hinges[name].stiffness_nm_rad > 0.0 and gains["d"] >= 0.0
        limit = next(j for j in root.findall("joint") if j.get("name") == name).find("limit")
        assert (
            float(limit.get("effort")) == pytest.approx(hinges[name].torque_nm, rel=1e-4)
            and hinges[name].torque_nm > 0.0
        )
    for file in (root.find("gazebo"), ElementTree.parse(folder / "hand.sdf").getroot().find("model")):
        assert file.find("plugin").get("filename") == "gz_ros2_control-system"
        assert file.findtext("plugin/parameters") == "controllers.yaml"


def test_the_bridge_passes_on_the_time(folder):
    (row,) = yaml.safe_load((folder / "bridge.yaml").read_text())
    assert row["ros_type_name"] == "rosgraph_msgs/msg/Clock" and row["direction"] == "GZ_TO_ROS"
