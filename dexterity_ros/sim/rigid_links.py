"""The links of a hand as other simulators want them: mass, joint, motor and colliding shapes, read from its MJCF."""

from dataclasses import dataclass

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_rotate, quat_to_matrix
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.resources import shipped_or_own

_KINDS = {
    mujoco.mjtGeom.mjGEOM_SPHERE: "sphere",
    mujoco.mjtGeom.mjGEOM_CAPSULE: "capsule",
    mujoco.mjtGeom.mjGEOM_CYLINDER: "cylinder",
    mujoco.mjtGeom.mjGEOM_BOX: "box",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A colliding shape in its link. size_m: radius; radius and half length along z; half sizes of a box."""

    kind: str
    size_m: tuple[float, ...]
    pos_m: Floats
    quat_wxyz: Floats


@dataclass(frozen=True, kw_only=True)
class Hinge:
    """A joint and its motor. axis: in the link's frame, (3,). torque_nm: at most.

    damping, friction: of the joint. stiffness, motor_damping: of the motor, which holds a position.
    """

    name: str
    axis: Floats
    range_rad: tuple[float, float]
    damping_nm_s_rad: float
    friction_nm: float
    torque_nm: float
    stiffness_nm_rad: float
    motor_damping_nm_s_rad: float


@dataclass(frozen=True, kw_only=True)
class RigidLink:
    """A link whose frame lies in its joint. pos_m, quat_wxyz: of that frame in the parent's; parent -1: the hand frame.

    com_m, inertia_quat_wxyz, inertia_kg_m2: centre of mass, and principal axes and moments about it.
    """

    name: str
    parent: int
    pos_m: Floats
    quat_wxyz: Floats
    mass_kg: float
    com_m: Floats
    inertia_quat_wxyz: Floats
    inertia_kg_m2: Floats
    hinge: Hinge | None
    shapes: tuple[Shape, ...]

    @property
    def inertia(self) -> Floats:
        """About the centre of mass along the link's axes, (3, 3), kg m2."""
        turn = quat_to_matrix(self.inertia_quat_wxyz)
        tensor: Floats = turn @ np.diag(self.inertia_kg_m2) @ turn.T
        return tensor


def rigid_links(hand: HandSpec) -> list[RigidLink]:
    """Returns the links of a hand, parents first."""
    model = mujoco.MjModel.from_xml_path(str(shipped_or_own(hand.mjcf)))
    anchors = [_anchor(model, body) for body in range(model.nbody)]
    return [_link(model, body, anchors) for body in range(1, model.nbody)]


def _anchor(model: mujoco.MjModel, body: int) -> Floats:
    joint = model.body_jntadr[body]
    anchor: Floats = np.zeros(3) if joint < 0 else model.jnt_pos[joint].copy()
    return anchor


def _link(model: mujoco.MjModel, body: int, anchors: list[Floats]) -> RigidLink:
    parent, quat = int(model.body_parentid[body]), model.body_quat[body].copy()
    joint = int(model.body_jntadr[body])
    geoms = [g for g in range(model.ngeom) if model.geom_bodyid[g] == body and model.geom_contype[g]]
    return RigidLink(
        name=model.body(body).name,
        parent=parent - 1,
        pos_m=model.body_pos[body] + quat_rotate(quat, anchors[body]) - anchors[parent],
        quat_wxyz=quat,
        mass_kg=float(model.body_mass[body]),
        com_m=model.body_ipos[body] - anchors[body],
        inertia_quat_wxyz=model.body_iquat[body].copy(),
        inertia_kg_m2=model.body_inertia[body].copy(),
        hinge=None if joint < 0 else _hinge(model, joint),
        shapes=tuple(_shape(model, g, anchors[body]) for g in geoms if model.geom_type[g] in _KINDS),
    )


def _hinge(model: mujoco.MjModel, joint: int) -> Hinge:
    dof = int(model.jnt_dofadr[joint])
    motor = int(np.flatnonzero(model.actuator_trnid[:, 0] == joint)[0])
    low, high = model.jnt_range[joint]
    torque = model.jnt_actfrcrange[joint][1] if model.jnt_actfrclimited[joint] else model.actuator_forcerange[motor][1]
    return Hinge(
        name=model.joint(joint).name,
        axis=model.jnt_axis[joint].copy(),
        range_rad=(float(low), float(high)),
        damping_nm_s_rad=float(model.dof_damping[dof]),
        friction_nm=float(model.dof_frictionloss[dof]),
        torque_nm=float(torque),
        stiffness_nm_rad=float(model.actuator_gainprm[motor][0]),
        motor_damping_nm_s_rad=float(-model.actuator_biasprm[motor][2]),
    )


def _shape(model: mujoco.MjModel, geom: int, anchor: Floats) -> Shape:
    kind = _KINDS[mujoco.mjtGeom(model.geom_type[geom])]
    count = {"sphere": 1, "box": 3}.get(kind, 2)
    return Shape(
        kind=kind,
        size_m=tuple(float(value) for value in model.geom_size[geom][:count]),
        pos_m=model.geom_pos[geom] - anchor,
        quat_wxyz=model.geom_quat[geom].copy(),
    )
