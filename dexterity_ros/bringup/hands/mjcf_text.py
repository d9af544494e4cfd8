"""The hand.xml of an imported hand: its links and joints, primitives that collide, meshes to look at, motors, tips."""

from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from dexterity_ros.bringup.hands.anatomy import Mount, Tip, moved
from dexterity_ros.bringup.hands.answers import JointNumbers
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import matrix_to_quat, quat_multiply, quat_rotate
from dexterity_ros.contracts.hand_shape import Part
from dexterity_ros.sim.foreign_hand import PRIMITIVES, ForeignGeom, ForeignHand, ForeignLink

MESHES = "meshes"  # the folder beside hand.xml
_NO_WEIGHT = 0.0


@dataclass(frozen=True, kw_only=True)
class Looks:
    """A mesh to look at: its file in the folder of meshes, the link that it is on, and its colour, 0 to 255."""

    file: str
    link: int
    rgb: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class HandDrawing:
    """All that hand.xml is made of.

    joints: numbers of the joints that move, by name, in order. fixed: where the others stand, slides in m.
    parts: fitted to meshes, by link (an index). excludes: pairs of links that do not collide.
    """

    source: str
    hand: ForeignHand
    mount: Mount
    joints: dict[str, JointNumbers]
    fixed: dict[str, float]
    parts: dict[int, tuple[Part, ...]]
    looks: tuple[Looks, ...]
    tips: tuple[Tip, ...]
    excludes: tuple[tuple[str, str], ...]


def mjcf_text(drawing: HandDrawing) -> str:
    """Returns the MJCF. Colliding shapes are in group 3, what is only looked at in group 2, as in the shipped hands."""
    root = ElementTree.Element("mujoco", model=drawing.hand.name)
    root.append(ElementTree.Comment(_head(drawing)))
    ElementTree.SubElement(root, "compiler", angle="radian", autolimits="true", meshdir=MESHES)
    _add_defaults(root)
    asset = ElementTree.SubElement(root, "asset")
    for looks in drawing.looks:
        ElementTree.SubElement(asset, "mesh", name=looks.file, file=looks.file, inertia="shell")
    elements = [ElementTree.SubElement(root, "worldbody")]
    for k, link in enumerate(drawing.hand.links):
        elements.append(_add_link(elements[link.parent + 1], k, link, drawing))
    contact = ElementTree.SubElement(root, "contact")
    for one, other in drawing.excludes:
        ElementTree.SubElement(contact, "exclude", body1=one, body2=other)
    actuator = ElementTree.SubElement(root, "actuator")
    for name, numbers in drawing.joints.items():
        gains = {"kp": _text(numbers.stiffness_nm_rad), "kv": _text(numbers.motor_damping)}
        ElementTree.SubElement(actuator, "position", {"name": name, "joint": name, "inheritrange": "1", **gains})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _head(drawing: HandDrawing) -> str:
    mount = f"z up is the file's {drawing.mount.up}, x its {drawing.mount.forward}"
    return f" Made from {drawing.source} by dexterity import hand. Hand frame: {mount}; metres, radians. "


def _add_defaults(root: ElementTree.Element) -> None:
    default = ElementTree.SubElement(root, "default")
    ElementTree.SubElement(default, "geom", density=_text(_NO_WEIGHT))
    ElementTree.SubElement(default, "site", size="0.003", group="4", rgba="1 0.3 0.2 1")
    visual = ElementTree.SubElement(default, "default", {"class": "visual"})
    ElementTree.SubElement(visual, "geom", type="mesh", group="2", contype="0", conaffinity="0")
    contact = ElementTree.SubElement(default, "default", {"class": "contact"})
    ElementTree.SubElement(contact, "geom", group="3", contype="1", conaffinity="3", rgba="0.45 0.55 0.7 1")


def _add_link(parent: ElementTree.Element, k: int, link: ForeignLink, drawing: HandDrawing) -> ElementTree.Element:
    pos, quat = _placed(link, drawing)
    body = ElementTree.SubElement(parent, "body", name=link.name, pos=_texts(pos), quat=_texts(quat))
    if link.mass_kg > 0.0:
        ElementTree.SubElement(
            body, "inertial", mass=_text(link.mass_kg), pos=_texts(link.com_m), quat=_texts(link.inertia_quat_wxyz),
            diaginertia=_texts(link.inertia_kg_m2),
        )  # fmt: skip
    for joint in link.joints:
        if joint.name in drawing.joints:
            numbers = drawing.joints[joint.name]
            torque = (-numbers.torque_nm, numbers.torque_nm)
            ElementTree.SubElement(
                body, "joint", name=joint.name, axis=_texts(joint.axis), pos=_texts(joint.anchor_m),
                range=_texts(numbers.range_rad), damping=_text(numbers.damping), armature=_text(numbers.armature_kg_m2),
                frictionloss=_text(numbers.friction_nm), actuatorfrcrange=_texts(torque),
            )  # fmt: skip
    _add_shapes(body, k, link, drawing)
    for tip in drawing.tips:
        if tip.link == k:
            ElementTree.SubElement(body, "site", name=tip.site, pos=_texts(tip.pos_m))
    return body


def _placed(link: ForeignLink, drawing: HandDrawing) -> tuple[Floats, Floats]:
    """Returns where a link is in its parent with its joint at 0, or as it stands still, and the hand as mounted."""
    pos, quat = link.pos_m, link.quat_wxyz
    if link.parent < 0:
        mount = np.asarray(matrix_to_quat(drawing.mount.rotation))
        pos, quat = np.asarray(quat_rotate(mount, pos)), np.asarray(quat_multiply(mount, quat))
    for joint in link.joints:
        shift, turn = moved(joint, drawing.fixed.get(joint.name, 0.0))
        pos = pos + np.asarray(quat_rotate(quat, shift))
        quat = np.asarray(quat_multiply(quat, turn))
    return pos, quat


def _add_shapes(body: ElementTree.Element, k: int, link: ForeignLink, drawing: HandDrawing) -> None:
    colliding = [geom for geom in link.geoms if geom.collides]
    for geom in colliding:
        if geom.kind in PRIMITIVES:
            _add_primitive(body, geom.kind, geom.size_m, geom.pos_m, geom.quat_wxyz, geom)
    fitted = [geom for geom in link.geoms if len(geom.points_m)]
    for part in drawing.parts.get(k, ()):
        of = next((geom for geom in fitted if geom.collides), fitted[0])
        _add_primitive(body, part.kind, part.size_m, np.array(part.pos_m), np.array(part.quat_wxyz), of)
    for looks in drawing.looks:
        if looks.link == k:
            ElementTree.SubElement(body, "geom", {"class": "visual", "mesh": looks.file, "rgba": _rgba(looks.rgb)})
    for geom in link.geoms:
        if not geom.collides and geom.kind in PRIMITIVES:
            _add_primitive(body, geom.kind, geom.size_m, geom.pos_m, geom.quat_wxyz, geom)


def _add_primitive(
    body: ElementTree.Element, kind: str, size: tuple[float, ...], pos: Floats, quat: Floats, geom: ForeignGeom
) -> None:
    said = {"class": "contact" if geom.collides or len(geom.points_m) else "visual", "type": kind}
    look = {"friction": _texts(geom.friction)} if said["class"] == "contact" else {"rgba": _rgba(geom.rgb)}
    sizes = size[: {"sphere": 1, "capsule": 2, "cylinder": 2, "box": 3}[kind]]
    ElementTree.SubElement(
        body, "geom", {**said, "size": _texts(sizes), "pos": _texts(pos), "quat": _texts(quat), **look}
    )


def _rgba(rgb: tuple[int, int, int]) -> str:
    return _texts([*(value / 255.0 for value in rgb), 1.0])


def _texts(values: object) -> str:
    return " ".join(_text(value) for value in np.ravel(np.asarray(values, dtype=float)))


def _text(value: float) -> str:
    return f"{float(value) + 0.0:.9g}"
