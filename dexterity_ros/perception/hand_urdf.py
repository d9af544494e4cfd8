"""A hand as URDF, for rviz, Foxglove and others that know no MJCF: from its HandSpec and its shape."""

from xml.etree import ElementTree

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, Link, Part

BASE = "hand"  # the hand frame


def hand_urdf(hand: HandSpec, shape: HandShape) -> str:
    """Returns the URDF. Links are named after the joint that turns them, or by number; the root is the hand frame."""
    robot = ElementTree.Element("robot", name=hand.name)
    ElementTree.SubElement(robot, "link", name=BASE)
    limits = {joint.name: joint for joint in hand.joints}
    names = [f"{link.joint}_link" if link.joint else f"link_{k}" for k, link in enumerate(shape.links)]
    for k, link in enumerate(shape.links):
        element = ElementTree.SubElement(robot, "link", name=names[k])
        for part in link.parts:
            _add_part(element, part, np.array(link.anchor_m))
        joint = ElementTree.SubElement(
            robot, "joint", name=link.joint or f"fixed_{k}", type="revolute" if link.joint else "fixed"
        )
        parent = shape.links[link.parent] if link.parent >= 0 else None
        ElementTree.SubElement(joint, "parent", link=names[link.parent] if parent is not None else BASE)
        ElementTree.SubElement(joint, "child", link=names[k])
        add_origin(joint, _from_parent(link, parent), quat_to_matrix(np.array(link.quat_wxyz)))
        if link.joint:
            spec = limits[link.joint]
            ElementTree.SubElement(joint, "axis", xyz=numbers(np.array(link.axis)))
            ElementTree.SubElement(
                joint,
                "limit",
                lower=f"{spec.lower_rad:g}",
                upper=f"{spec.upper_rad:g}",
                velocity=f"{hand.max_velocity_rad_s:g}",
                effort="1",
            )
    ElementTree.indent(robot)
    return ElementTree.tostring(robot, encoding="unicode")


def _from_parent(link: Link, parent: Link | None) -> Floats:
    """Returns where a link's joint is in its parent; a URDF link begins at its joint, an MJCF body need not."""
    at: Floats = np.array(link.pos_m) + quat_to_matrix(np.array(link.quat_wxyz)) @ np.array(link.anchor_m)
    return at if parent is None else at - np.array(parent.anchor_m)


def _add_part(link: ElementTree.Element, part: Part, anchor_m: Floats) -> None:
    rotation, at = quat_to_matrix(np.array(part.quat_wxyz)), np.array(part.pos_m) - anchor_m
    if part.kind == "box":
        _add_visual(link, at, rotation, "box", size=numbers(2.0 * np.array(part.size_m)))
        return
    radius, half = part.size_m
    _add_visual(link, at, rotation, "cylinder", radius=f"{radius:g}", length=f"{2.0 * half:g}")
    for end in (-half, half):
        _add_visual(link, at + rotation[:, 2] * end, rotation, "sphere", radius=f"{radius:g}")


def _add_visual(link: ElementTree.Element, at: Floats, rotation: Floats, kind: str, **size: str) -> None:
    visual = ElementTree.SubElement(link, "visual")
    add_origin(visual, at, rotation)
    ElementTree.SubElement(ElementTree.SubElement(visual, "geometry"), kind, size)


def add_origin(element: ElementTree.Element, at: Floats, rotation: Floats) -> None:
    """Adds where something is: at (3,), m, and turned by rotation (3, 3)."""
    ElementTree.SubElement(element, "origin", xyz=numbers(at), rpy=numbers(roll_pitch_yaw(rotation)))


def roll_pitch_yaw(rotation: Floats) -> Floats:
    """Returns fixed-axis angles about x, y, z as URDF wants them."""
    pitch = np.arctan2(-rotation[2, 0], np.hypot(rotation[0, 0], rotation[1, 0]))
    if np.hypot(rotation[0, 0], rotation[1, 0]) < 1e-7:  # looking straight up or down, only their sum counts
        return np.array([0.0, pitch, np.arctan2(-rotation[0, 1], rotation[1, 1])])
    return np.array([np.arctan2(rotation[2, 1], rotation[2, 2]), pitch, np.arctan2(rotation[1, 0], rotation[0, 0])])


def numbers(values: Floats) -> str:
    """Returns numbers as XML has them, with spaces between."""
    return " ".join(f"{value:.9g}" for value in values)
