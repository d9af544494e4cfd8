"""Random copies of a model: one small function per physical property, each with its range and source.

Ranges are written down at full width; a curriculum may narrow each of them towards the nominal model (width 0).
Sources: [Dactyl] OpenAI, arXiv 1808.00177, appendix C, tables 6 and 7; [DeXtreme] Handa et al., arXiv 2210.13702,
table 6; [Playground] MuJoCo Playground's LeapCubeReorient, arXiv 2502.08844.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import Checked, Range

Factors = tuple[float, float]  # smallest and largest

_SAME: Factors = (1.0, 1.0)
_FACTOR = Range(0.01, 100.0, "a factor; beyond, another hand or object would be meant")


@dataclass(frozen=True, kw_only=True)
class ModelRandomisation(Checked):
    """What differs between model copies; a pair is a factor's range, a single number a largest deviation.

    copies: how many models there are; environments share them in turn.
    """

    copies: Annotated[int, Range(1, 10_000, "each is a model in memory")]
    friction: Annotated[Factors, _FACTOR] = _SAME
    friction_loss: Annotated[Factors, _FACTOR] = _SAME
    contact_time: Annotated[Factors, _FACTOR] = _SAME
    object_mass: Annotated[Factors, _FACTOR] = _SAME
    link_mass: Annotated[Factors, _FACTOR] = _SAME
    object_com_m: Annotated[float, Range(0.0, 0.1, "within an object that a hand can hold")] = 0.0
    object_size: Annotated[Factors, _FACTOR] = _SAME
    stiffness: Annotated[Factors, _FACTOR] = _SAME
    damping: Annotated[Factors, _FACTOR] = _SAME
    armature: Annotated[Factors, _FACTOR] = _SAME
    torque: Annotated[Factors, _FACTOR] = _SAME
    joint_limit_rad: Annotated[float, Range(0.0, 1.0, "less than the range of a joint")] = 0.0
    gravity_m_s2: Annotated[float, Range(0.0, 10.0, "as much as gravity itself")] = 0.0
    mount_tilt_rad: Annotated[float, Range(0.0, 1.0, "a hand that still holds something")] = 0.0
    timestep: Annotated[Factors, _FACTOR] = _SAME

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in fields(self):
            limits = getattr(self, field.name)
            if isinstance(limits, tuple) and limits[0] > limits[1]:
                raise ConfigError(f"{field.name} is {list(limits)}, expected the smaller factor first")


class Draw:
    """Draws the values of one term for one copy: anywhere in its range, or at one end of it."""

    def __init__(self, rng: np.random.Generator, width: float, edge: float) -> None:
        """width: share of the full range, 0 to 1. edge: 0 = anywhere, -1 and 1 = at the lower and upper end."""
        self._rng, self._width, self._edge = rng, width, edge

    def factor(self, limits: Factors, size: int | None = None) -> Floats:
        """Returns a factor, as likely x as 1/x where the range allows it (logarithmically even)."""
        low, high = (1.0 + self._width * (limit - 1.0) for limit in limits)
        share = self._share(size)
        return np.asarray(np.exp(np.log(low) + share * (np.log(high) - np.log(low))))

    def spread(self, largest: float, size: int) -> Floats:
        """Returns deviations in [-largest, largest], (size,); at an edge, all as large as they can be."""
        signs = self._rng.choice([-1.0, 1.0], size=size)
        amount = np.ones(size) if self._edge != 0.0 else self._rng.uniform(0.0, 1.0, size=size)
        return np.asarray(self._width * largest * signs * amount)

    def _share(self, size: int | None) -> Floats:
        if self._edge != 0.0:
            return np.full(() if size is None else (size,), 0.5 + 0.5 * self._edge)
        return np.asarray(self._rng.uniform(0.0, 1.0, size=size))


def friction(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Sliding friction of hand and object alike, because a contact has the larger of the two. [Dactyl] 0.7 to 1.3."""
    model.geom_friction[:, 0] *= draw.factor(limits)


def contact_time(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Time constant of all contacts: hard or soft pads. [own]; MuJoCo takes two time steps at least."""
    model.geom_solref[:, 0] *= draw.factor(limits)


def friction_loss(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Dry friction of each joint's gears. [Playground] 0.9 to 1.1 of 0.1 N.m."""
    hinges = _hinges(model)
    model.dof_frictionloss[hinges] *= draw.factor(limits, len(hinges))


def object_mass(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Mass and inertia of the object. [Dactyl] 0.5 to 1.5."""
    body, factor = _object(model), draw.factor(limits)
    model.body_mass[body] *= factor
    model.body_inertia[body] *= factor


def link_mass(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Mass and inertia of each of the hand's links. [Dactyl] 0.5 to 1.5."""
    links = np.flatnonzero(np.arange(model.nbody) != _object(model))
    factor = draw.factor(limits, len(links))
    model.body_mass[links] *= factor
    model.body_inertia[links] *= factor[:, None]


def object_com_m(model: mujoco.MjModel, largest: float, draw: Draw) -> None:
    """Centre of mass of the object along each axis. [Playground] 5 mm."""
    model.body_ipos[_object(model)] += draw.spread(largest, 3)


def object_size(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Size of the object along all axes. [Dactyl] 0.95 to 1.05."""
    mine = model.geom_bodyid == _object(model)
    factor = draw.factor(limits)
    for sizes in (model.geom_size, model.geom_rbound, model.geom_aabb, model.geom_pos):
        sizes[mine] *= factor
    meshes = model.geom_dataid[mine & (model.geom_type == mujoco.mjtGeom.mjGEOM_MESH)]
    for mesh in set(meshes.tolist()):
        begin = int(model.mesh_vertadr[mesh])
        model.mesh_vert[begin : begin + int(model.mesh_vertnum[mesh])] *= factor


def stiffness(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Proportional gain of each motor. [Dactyl] 0.75 to 1.5."""
    factor = draw.factor(limits, model.nu)
    model.actuator_gainprm[:, 0] *= factor
    model.actuator_biasprm[:, 1] *= factor


def damping(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Viscous damping of each joint, the motor's share included. [Dactyl] 0.3 to 3."""
    hinges = _hinges(model)
    factor = draw.factor(limits, len(hinges))
    model.dof_damping[hinges] *= factor
    model.actuator_biasprm[:, 2] *= factor


def armature(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Rotor inertia of each motor. [Playground] 1.0 to 1.05; wider here, because it is known least."""
    hinges = _hinges(model)
    model.dof_armature[hinges] *= draw.factor(limits, len(hinges))


def torque(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Largest torque of all motors: a sagging supply, warm windings. 0.7 is a 5 V supply at 4.2 V, warm."""
    model.jnt_actfrcrange *= draw.factor(limits)


def joint_limit_rad(model: mujoco.MjModel, largest: float, draw: Draw) -> None:
    """Where each joint's mechanical ends are. [Dactyl] 0.15 rad (standard deviation)."""
    hinges = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE)
    model.jnt_range[hinges] += draw.spread(largest, 2 * len(hinges)).reshape(-1, 2)


def gravity_m_s2(model: mujoco.MjModel, largest: float, draw: Draw) -> None:
    """Each coordinate of gravity. [Dactyl] 0.4 m/s2 (standard deviation)."""
    model.opt.gravity[:] += draw.spread(largest, 3)


def mount_tilt_rad(model: mujoco.MjModel, largest: float, draw: Draw) -> None:
    """The hand's mount about both horizontal axes, as gravity seen from the hand."""
    about_x, about_y = draw.spread(largest, 2)
    down = float(np.linalg.norm(model.opt.gravity))
    model.opt.gravity[:2] += down * np.sin([about_y, -about_x])
    model.opt.gravity[:] *= down / np.linalg.norm(model.opt.gravity)


def timestep(model: mujoco.MjModel, limits: Factors, draw: Draw) -> None:
    """Length of a control period. [Dactyl] up to 1.1 on average, exponential."""
    model.opt.timestep *= float(draw.factor(limits))


TERMS: dict[str, Callable[[mujoco.MjModel, object, Draw], None]] = {
    function.__name__: function  # type: ignore[misc]
    for function in (
        friction,
        friction_loss,
        contact_time,
        object_mass,
        link_mass,
        object_com_m,
        object_size,
        stiffness,
        damping,
        armature,
        torque,
        joint_limit_rad,
        gravity_m_s2,
        mount_tilt_rad,
        timestep,
    )
}
assert set(TERMS) == {field.name for field in fields(ModelRandomisation)} - {"copies"}


def active_terms(ranges: ModelRandomisation) -> tuple[str, ...]:
    """Returns the terms that change anything."""
    return tuple(name for name in TERMS if getattr(ranges, name) not in (_SAME, 0.0))


def random_models(
    nominal: Sequence[mujoco.MjModel], ranges: ModelRandomisation | None, rng: np.random.Generator
) -> list[mujoco.MjModel]:
    """Returns a model for each nominal one, cycling through `ranges.copies` randomised copies (or the nominal ones).

    nominal: of as many kinds as there are objects, by turns; copies are made of each kind alike.
    """
    if ranges is None:
        return list(nominal)
    kinds = len({id(model) for model in nominal})
    count = min(-(-ranges.copies // kinds) * kinds, len(nominal))
    variants = [random_model(model, ranges, rng) for model in nominal[:count]]
    return [variants[i % count] for i in range(len(nominal))]


def random_model(
    model: mujoco.MjModel,
    ranges: ModelRandomisation,
    rng: np.random.Generator,
    widths: Mapping[str, float] | None = None,
    edge: tuple[str, float] | None = None,
) -> mujoco.MjModel:
    """Returns a copy of `model` with every term drawn.

    widths: share of its range per term, 1 where it is not named. edge: a term to put at one end (-1 or 1) of its range.
    """
    copy: mujoco.MjModel = model.__copy__()
    for name in active_terms(ranges):
        at = edge[1] if edge is not None and edge[0] == name else 0.0
        TERMS[name](copy, getattr(ranges, name), Draw(rng, 1.0 if widths is None else widths.get(name, 1.0), at))
    return copy


def _object(model: mujoco.MjModel) -> int:
    return int(model.body("object_body").id)


def _hinges(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Returns the degrees of freedom of the hand's joints."""
    return np.array([d for d in range(model.nv) if model.jnt_type[model.dof_jntid[d]] == mujoco.mjtJoint.mjJNT_HINGE])
