"""A hand for Gazebo: URDF with ros2_control tags, SDF, controllers, and what the bridge passes on."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import yaml

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.perception.hand_urdf import BASE, add_origin, numbers, roll_pitch_yaw
from dexterity_ros.sim.rigid_links import RigidLink, Shape, rigid_links

FOLDER, URDF, SDF = "gazebo", "hand.urdf", "hand.sdf"
CONTROLLERS, BRIDGE = "controllers.yaml", "bridge.yaml"
CONTROLLER = "hand_controller"
_HEIGHT_M = 0.2  # of the hand frame above the ground
_LEAST_KG, _LEAST_KG_M2 = 1e-3, 1e-7  # Gazebo leaves out links without mass
_UPDATE_HZ = 500
# Source: gz_ros2_control of ROS 2 Jazzy, its README: names of the hardware and of the model's plugin.
_SYSTEM = "gz_ros2_control/GazeboSimSystem"
_PLUGIN = {"filename": "gz_ros2_control-system", "name": "gz_ros2_control::GazeboSimROS2ControlPlugin"}


def write_gazebo(hand: HandSpec, folder: Path) -> None:
    """Writes the files into folder/gazebo. The hand is an MJCF of single hinges, as imported hands are."""
    links = rigid_links(hand)
    texts = {
        URDF: _urdf(hand, links),
        SDF: _sdf(hand, links),
        CONTROLLERS: yaml.safe_dump(_controllers(links), sort_keys=False),
        BRIDGE: yaml.safe_dump(_bridge(), sort_keys=False),
    }
    with naming(folder):
        (folder / FOLDER).mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / FOLDER / name).write_text(text)


def _urdf(hand: HandSpec, links: list[RigidLink]) -> str:
    robot = ElementTree.Element("robot", name=hand.name)
    ElementTree.SubElement(robot, "link", name="world")
    _add_inertial(ElementTree.SubElement(robot, "link", name=BASE), 0.0, np.zeros(3), np.zeros((3, 3)))
    fixed = _add_joint(robot, "world_to_hand", "fixed", "world", BASE)
    add_origin(fixed, np.array([0.0, 0.0, _HEIGHT_M]), np.eye(3))
    for link in links:
        element = ElementTree.SubElement(robot, "link", name=link.name)
        _add_inertial(element, link.mass_kg, link.com_m, link.inertia)
        for shape in link.shapes:
            for role in ("visual", "collision"):
                _add_shape(element, role, shape)
        parent, hinge = links[link.parent].name if link.parent >= 0 else BASE, link.hinge
        name, kind = (hinge.name, "revolute") if hinge else (f"{link.name}_fixed", "fixed")
        joint = _add_joint(robot, name, kind, parent, link.name)
        add_origin(joint, link.pos_m, quat_to_matrix(link.quat_wxyz))
        if hinge:
            low, high = (f"{end:.9g}" for end in hinge.range_rad)
            ElementTree.SubElement(joint, "axis", xyz=numbers(hinge.axis))
            ElementTree.SubElement(
                joint, "limit", lower=low, upper=high, velocity=f"{hand.max_velocity_rad_s:g}",
                effort=f"{hinge.torque_nm:g}",
            )  # fmt: skip
            damping, friction = f"{hinge.damping_nm_s_rad:g}", f"{hinge.friction_nm:g}"
            ElementTree.SubElement(joint, "dynamics", damping=damping, friction=friction)
    _add_ros2_control(robot, hand)
    _add_plugin(ElementTree.SubElement(robot, "gazebo"))
    ElementTree.indent(robot)
    return ElementTree.tostring(robot, encoding="unicode") + "\n"


def _add_joint(robot: ElementTree.Element, name: str, kind: str, parent: str, child: str) -> ElementTree.Element:
    joint = ElementTree.SubElement(robot, "joint", name=name, type=kind)
    ElementTree.SubElement(joint, "parent", link=parent)
    ElementTree.SubElement(joint, "child", link=child)
    return joint


def _add_inertial(link: ElementTree.Element, mass_kg: float, com_m: Floats, inertia: Floats) -> None:
    inertial = ElementTree.SubElement(link, "inertial")
    add_origin(inertial, com_m, np.eye(3))
    ElementTree.SubElement(inertial, "mass", value=f"{max(mass_kg, _LEAST_KG):.9g}")
    ElementTree.SubElement(inertial, "inertia", _moments(inertia))


def _moments(inertia: Floats) -> dict[str, str]:
    full = inertia + np.eye(3) * max(_LEAST_KG_M2 - float(np.linalg.eigvalsh(inertia)[0]), 0.0)
    places = {"ixx": (0, 0), "iyy": (1, 1), "izz": (2, 2), "ixy": (0, 1), "ixz": (0, 2), "iyz": (1, 2)}
    return {name: f"{full[place] + 0.0:.9g}" for name, place in places.items()}


def _add_shape(link: ElementTree.Element, role: str, shape: Shape) -> None:
    """Adds a shape; a capsule as a cylinder and two balls, for URDF has none."""
    rotation = quat_to_matrix(shape.quat_wxyz)
    pieces = [(shape.kind, shape.pos_m)]
    if shape.kind == "capsule":
        ends = [shape.pos_m + sign * shape.size_m[1] * rotation[:, 2] for sign in (-1.0, 1.0)]
        pieces = [("cylinder", shape.pos_m), *(("sphere", end) for end in ends)]
    for kind, at in pieces:
        element = ElementTree.SubElement(link, role)
        add_origin(element, at, rotation)
        ElementTree.SubElement(ElementTree.SubElement(element, "geometry"), kind, _sizes(kind, shape.size_m))


def _sizes(kind: str, size_m: tuple[float, ...]) -> dict[str, str]:
    if kind == "box":
        return {"size": numbers(2.0 * np.array(size_m))}
    round_one = {"radius": f"{size_m[0]:.9g}"}
    return round_one if kind == "sphere" else round_one | {"length": f"{2.0 * size_m[1]:.9g}"}


def _add_ros2_control(robot: ElementTree.Element, hand: HandSpec) -> None:
    """Adds the block that gz_ros2_control reads: torques in, so that limits and compliance are those of the hand."""
    control = ElementTree.SubElement(robot, "ros2_control", name=hand.name, type="system")
    hardware = ElementTree.SubElement(control, "hardware")
    ElementTree.SubElement(hardware, "plugin").text = _SYSTEM
    for name, home in zip(hand.joint_names, hand.home_pos_rad, strict=True):
        joint = ElementTree.SubElement(control, "joint", name=name)
        ElementTree.SubElement(joint, "command_interface", name="effort")
        position = ElementTree.SubElement(joint, "state_interface", name="position")
        ElementTree.SubElement(position, "param", name="initial_value").text = f"{home:g}"
        for state in ("velocity", "effort"):
            ElementTree.SubElement(joint, "state_interface", name=state)


def _add_plugin(parent: ElementTree.Element) -> None:
    ElementTree.SubElement(ElementTree.SubElement(parent, "plugin", _PLUGIN), "parameters").text = CONTROLLERS


def _sdf(hand: HandSpec, links: list[RigidLink]) -> str:
    root = ElementTree.Element("sdf", version="1.9")
    model = ElementTree.SubElement(root, "model", name=hand.name)
    base = ElementTree.SubElement(model, "link", name=BASE)
    _add_pose(base, np.array([0.0, 0.0, _HEIGHT_M]), np.eye(3))
    _add_sdf_inertial(base, 0.0, np.zeros(3), np.zeros((3, 3)))
    _add_sdf_joint(model, "world_to_hand", "fixed", "world", BASE)
    for link in links:
        parent = links[link.parent].name if link.parent >= 0 else BASE
        element = ElementTree.SubElement(model, "link", name=link.name)
        _add_pose(element, link.pos_m, quat_to_matrix(link.quat_wxyz), relative_to=parent)
        _add_sdf_inertial(element, link.mass_kg, link.com_m, link.inertia)
        for k, shape in enumerate(link.shapes):
            for role in ("visual", "collision"):
                _add_sdf_shape(element, role, k, shape)
        _add_sdf_hinge(model, hand, link, parent)
    _add_plugin(model)
    ElementTree.indent(root)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_pose(element: ElementTree.Element, at: Floats, rotation: Floats, relative_to: str = "") -> None:
    said = {"relative_to": relative_to} if relative_to else {}
    pose = ElementTree.SubElement(element, "pose", said)
    pose.text = f"{numbers(at)} {numbers(roll_pitch_yaw(rotation))}"


def _add_sdf_inertial(link: ElementTree.Element, mass_kg: float, com_m: Floats, inertia: Floats) -> None:
    inertial = ElementTree.SubElement(link, "inertial")
    _add_pose(inertial, com_m, np.eye(3))
    ElementTree.SubElement(inertial, "mass").text = f"{max(mass_kg, _LEAST_KG):.9g}"
    tensor = ElementTree.SubElement(inertial, "inertia")
    for name, value in _moments(inertia).items():
        ElementTree.SubElement(tensor, name).text = value


def _add_sdf_shape(link: ElementTree.Element, role: str, number: int, shape: Shape) -> None:
    element = ElementTree.SubElement(link, role, name=f"{role}_{number}")
    _add_pose(element, shape.pos_m, quat_to_matrix(shape.quat_wxyz))
    geometry = ElementTree.SubElement(ElementTree.SubElement(element, "geometry"), shape.kind)
    for name, value in _sizes(shape.kind, shape.size_m).items():
        ElementTree.SubElement(geometry, name).text = value


def _add_sdf_hinge(model: ElementTree.Element, hand: HandSpec, link: RigidLink, parent: str) -> None:
    hinge = link.hinge
    if hinge is None:
        _add_sdf_joint(model, f"{link.name}_fixed", "fixed", parent, link.name)
        return
    joint = _add_sdf_joint(model, hinge.name, "revolute", parent, link.name)
    axis = ElementTree.SubElement(joint, "axis")
    ElementTree.SubElement(axis, "xyz").text = numbers(hinge.axis)
    limit = ElementTree.SubElement(axis, "limit")
    ends = {"lower": hinge.range_rad[0], "upper": hinge.range_rad[1]}
    for name, value in (ends | {"effort": hinge.torque_nm, "velocity": hand.max_velocity_rad_s}).items():
        ElementTree.SubElement(limit, name).text = f"{value:.9g}"
    dynamics = ElementTree.SubElement(axis, "dynamics")
    ElementTree.SubElement(dynamics, "damping").text = f"{hinge.damping_nm_s_rad:g}"
    ElementTree.SubElement(dynamics, "friction").text = f"{hinge.friction_nm:g}"


def _add_sdf_joint(model: ElementTree.Element, name: str, kind: str, parent: str, child: str) -> ElementTree.Element:
    joint = ElementTree.SubElement(model, "joint", name=name, type=kind)
    ElementTree.SubElement(joint, "parent").text = parent
    ElementTree.SubElement(joint, "child").text = child
    return joint


def _controllers(links: list[RigidLink]) -> dict[str, object]:
    """Returns parameters of the controller manager: positions in, torques out by the motors' own gains."""
    hinges = [link.hinge for link in links if link.hinge]
    gains = {h.name: {"p": h.stiffness_nm_rad, "i": 0.0, "d": h.motor_damping_nm_s_rad} for h in hinges}
    manager = {
        "update_rate": _UPDATE_HZ,
        "joint_state_broadcaster": {"type": "joint_state_broadcaster/JointStateBroadcaster"},
        CONTROLLER: {"type": "joint_trajectory_controller/JointTrajectoryController"},
    }
    hand = {
        "joints": [hinge.name for hinge in hinges],
        "command_interfaces": ["effort"],
        "state_interfaces": ["position", "velocity"],
        "gains": gains,
    }
    return {"controller_manager": {"ros__parameters": manager}, CONTROLLER: {"ros__parameters": hand}}


def _bridge() -> list[dict[str, str]]:
    """Returns what ros_gz_bridge passes on: the time. Joints go through ros2_control."""
    types = {"ros_type_name": "rosgraph_msgs/msg/Clock", "gz_type_name": "gz.msgs.Clock"}
    return [{"ros_topic_name": "/clock", "gz_topic_name": "/clock", **types, "direction": "GZ_TO_ROS"}]
