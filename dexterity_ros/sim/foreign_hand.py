"""ForeignHand: what a hand's MJCF or URDF says; links, joints, shapes, actuators (sim/foreign_file.py reads it)."""

from collections.abc import Set
from dataclasses import dataclass

from dexterity_ros.contracts.arrays import Floats, Ints

Triple = tuple[float, float, float]
PRIMITIVES = ("sphere", "capsule", "cylinder", "box")


@dataclass(frozen=True, kw_only=True)
class ForeignJoint:
    """A joint of a file; axis, anchor_m in its link's frame. What the file does not say is None.

    kind: hinge, slide, ball or free. ref_rad: its angle where the file draws it. range_rad: its limits, those of its
    actuator where they are tighter.
    stiffness_nm_rad: of a position actuator. motor_damping: of the same. torque_nm: the most that the actuator gives.
    actuated: whether an actuator moves this joint and no other.
    """

    name: str
    kind: str
    axis: Triple
    anchor_m: Triple
    ref_rad: float
    range_rad: tuple[float, float] | None
    damping: float | None
    motor_damping: float
    armature: float | None
    friction_nm: float | None
    stiffness_nm_rad: float | None
    torque_nm: float | None
    actuated: bool


@dataclass(frozen=True, kw_only=True)
class ForeignGeom:
    """A shape on a link, as it stands in the link's frame. size_m: of primitives, MuJoCo's.

    points_m, (v, 3), faces, (t, 3): its surface in the link's frame, for meshes and ellipsoids. rgb: 0 to 255.
    """

    kind: str
    size_m: Triple
    pos_m: Floats
    quat_wxyz: Floats
    points_m: Floats
    faces: Ints
    collides: bool
    friction: Triple
    rgb: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class ForeignLink:
    """A link in its parent's frame (an index before its own, -1: the file's frame). com_m, inertia: its own frame."""

    name: str
    parent: int
    pos_m: Floats
    quat_wxyz: Floats
    mass_kg: float
    com_m: Floats
    inertia_quat_wxyz: Floats
    inertia_kg_m2: Floats
    joints: tuple[ForeignJoint, ...]
    geoms: tuple[ForeignGeom, ...]


@dataclass(frozen=True, kw_only=True)
class Coupling:
    """What ties joints together. words: what it is. joints: those that it ties, none where these are not known.

    drivers: of those, each that may move while all others stand still.
    """

    words: str
    joints: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()

    def undone_by(self, fixed: Set[str]) -> bool:
        """Returns whether nothing is tied any more when these joints stand still: at most a driver is left."""
        left = [name for name in self.joints if name not in fixed]
        return bool(self.joints) and len(left) <= 1 and set(left) <= set(self.drivers)


@dataclass(frozen=True, kw_only=True)
class ForeignHand:
    """A hand as its file has it. sites: name, link, place in its frame. couplings: what ties joints together.

    kinds: how many actuators there are of each kind. excludes: pairs of links that do not collide.
    """

    name: str
    links: tuple[ForeignLink, ...]
    sites: tuple[tuple[str, int, Triple], ...]
    couplings: tuple[Coupling, ...]
    kinds: dict[str, int]
    excludes: tuple[tuple[str, str], ...]
