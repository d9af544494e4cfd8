"""Reads a hand's MJCF or URDF as MuJoCo compiles it; nothing of it is changed."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import read_bounded, shown_path
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.sim.foreign_hand import Coupling, ForeignGeom, ForeignHand, ForeignJoint, ForeignLink, Triple
from dexterity_ros.sim.scene import geom_colours

MOST_BYTES = 50_000_000  # of a model's file
_JOINTS = {0: "free", 1: "ball", 2: "slide", 3: "hinge"}
_GEOMS = {0: "plane", 1: "hfield", 2: "sphere", 3: "capsule", 4: "ellipsoid", 5: "cylinder", 6: "box", 7: "mesh"}
_ON_JOINT = (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT)
_ROUND = 24  # corners of the circles that stand for ellipsoids


def read_mjcf(path: Path) -> ForeignHand:
    """Returns the hand in an MJCF file. Raises ConfigError; files that it names and that are not there: all at once."""
    try:
        spec = mujoco.MjSpec.from_file(str(path)) if path.suffix == ".xml" else _other_ending(path)
    except ValueError as error:
        raise _refused(path, error) from error
    _check_meshes(spec, path)
    return _read(spec, path)


def read_urdf(path: Path, text: str) -> ForeignHand:
    """Returns the hand in a URDF whose text names its meshes by absolute paths. Raises ConfigError."""
    try:
        spec = mujoco.MjSpec.from_string(text)
    except ValueError as error:
        raise _refused(path, error) from error
    return _read(spec, path)


def _other_ending(path: Path) -> mujoco.MjSpec:
    """Returns the model in a file whose name does not end as MuJoCo wants it, such as hand.mjcf."""
    spec = mujoco.MjSpec.from_string(read_bounded(path, MOST_BYTES).decode(errors="replace"))
    spec.modelfiledir = str(path.parent.resolve())
    return spec


def _refused(path: Path, error: ValueError) -> ConfigError:
    return ConfigError(f"{shown_path(path)} is no model that MuJoCo reads: {' '.join(str(error).split())[:300]}")


def _check_meshes(spec: mujoco.MjSpec, path: Path) -> None:
    folder = Path(spec.modelfiledir or path.parent) / (spec.meshdir or "")
    files = sorted({mesh.file for mesh in spec.meshes if mesh.file})
    missing = [file for file in files if not (folder / (Path(file).name if spec.strippath else file)).is_file()]
    if missing:
        few = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        raise ConfigError(f"{shown_path(path)} names {len(missing)} of {len(files)} meshes not in {folder}: {few}")


def _read(spec: mujoco.MjSpec, path: Path) -> ForeignHand:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of textures, which nobody looks at
            model = spec.compile()
    except ValueError as error:
        raise _refused(path, error) from error
    if model.nbody < 2:
        raise ConfigError(f"{shown_path(path)} holds no link")
    _check_finite(model, path)
    names = [model.body(body).name or f"link_{body - 1}" for body in range(1, model.nbody)]
    joints = [_joint(model, j, names) for j in range(model.njnt)]
    return ForeignHand(
        name=spec.modelname or path.stem,
        links=tuple(_link(model, body, names[body - 1], joints) for body in range(1, model.nbody)),
        sites=tuple(_sites(model)),
        couplings=(*_equalities(model, joints), *_tendons(model, joints)),
        kinds=_kinds(model),
        excludes=tuple(_excludes(model, names)),
    )


def _check_finite(model: mujoco.MjModel, path: Path) -> None:
    numbers = (
        model.body_pos, model.body_quat, model.body_mass, model.body_inertia, model.body_ipos, model.body_iquat,
        model.jnt_axis, model.jnt_pos, model.jnt_range, model.qpos0, model.geom_pos, model.geom_quat, model.geom_size,
        model.geom_friction, model.mesh_vert, model.site_pos, model.dof_damping, model.dof_armature,
        model.dof_frictionloss, model.actuator_gainprm, model.actuator_biasprm, model.actuator_forcerange,
        model.actuator_ctrlrange, model.jnt_actfrcrange,
    )  # fmt: skip
    if not all(np.isfinite(array).all() for array in numbers):
        raise ConfigError(f"{shown_path(path)} holds numbers that are none (nan, inf)")


def _link(model: mujoco.MjModel, body: int, name: str, joints: list[ForeignJoint]) -> ForeignLink:
    return ForeignLink(
        name=name,
        parent=int(model.body_parentid[body]) - 1,
        pos_m=model.body_pos[body].copy(),
        quat_wxyz=model.body_quat[body].copy(),
        mass_kg=float(model.body_mass[body]),
        com_m=model.body_ipos[body].copy(),
        inertia_quat_wxyz=model.body_iquat[body].copy(),
        inertia_kg_m2=model.body_inertia[body].copy(),
        joints=tuple(joints[j] for j in range(model.njnt) if model.jnt_bodyid[j] == body),
        geoms=tuple(_geom(model, g) for g in range(model.ngeom) if model.geom_bodyid[g] == body),
    )


def _joint(model: mujoco.MjModel, joint: int, names: list[str]) -> ForeignJoint:
    dof = int(model.jnt_dofadr[joint])
    movers = [a for a in range(model.nu) if _moves(model, a) == joint]
    springs = [a for a in movers if _is_position(model, a)]
    return ForeignJoint(
        name=model.joint(joint).name or f"{names[model.jnt_bodyid[joint] - 1]}_joint",
        kind=_JOINTS[int(model.jnt_type[joint])],
        axis=_triple(model.jnt_axis[joint]),
        anchor_m=_triple(model.jnt_pos[joint]),
        ref_rad=float(model.qpos0[model.jnt_qposadr[joint]]) if model.jnt_type[joint] > 1 else 0.0,
        range_rad=_range(model, joint, springs),
        damping=_said(model.dof_damping[dof]),
        motor_damping=-float(model.actuator_biasprm[springs[0], 2]) if springs else 0.0,
        armature=_said(model.dof_armature[dof]),
        friction_nm=_said(model.dof_frictionloss[dof]),
        stiffness_nm_rad=float(model.actuator_gainprm[springs[0], 0]) if springs else None,
        torque_nm=_torque(model, joint, movers),
        actuated=bool(movers),
    )


def _moves(model: mujoco.MjModel, actuator: int) -> int:
    """Returns the joint that an actuator moves, -1 for one on a tendon or anything else."""
    on_joint = mujoco.mjtTrn(model.actuator_trntype[actuator]) in _ON_JOINT
    return int(model.actuator_trnid[actuator, 0]) if on_joint else -1


def _is_position(model: mujoco.MjModel, actuator: int) -> bool:
    """Returns whether an actuator is a spring to its target: force = kp (target - position) - kv velocity."""
    kp = model.actuator_gainprm[actuator, 0]
    return (
        model.actuator_gaintype[actuator] == mujoco.mjtGain.mjGAIN_FIXED
        and model.actuator_biastype[actuator] == mujoco.mjtBias.mjBIAS_AFFINE
        and kp > 0.0
        and model.actuator_gear[actuator, 0] == 1.0
        and bool(np.isclose(model.actuator_biasprm[actuator, 1], -kp))
    )


def _range(model: mujoco.MjModel, joint: int, springs: list[int]) -> tuple[float, float] | None:
    limits = [model.jnt_range[joint]] if model.jnt_limited[joint] else []
    limits += [model.actuator_ctrlrange[a] for a in springs if model.actuator_ctrllimited[a]]
    low, high = (max(r[0] for r in limits), min(r[1] for r in limits)) if limits else (0.0, 0.0)
    return (float(low), float(high)) if low < high else None


def _torque(model: mujoco.MjModel, joint: int, movers: list[int]) -> float | None:
    most = [abs(model.jnt_actfrcrange[joint]).max()] if model.jnt_actfrclimited[joint] else []
    most += [abs(model.actuator_forcerange[a]).max() for a in movers if model.actuator_forcelimited[a]]
    return _said(min(most, default=0.0))


def _said(value: float) -> float | None:
    """Returns a number that is above 0; else nothing: no joint has none."""
    return float(value) if value > 0.0 else None


def _geom(model: mujoco.MjModel, geom: int) -> ForeignGeom:
    pos, quat = model.geom_pos[geom].copy(), model.geom_quat[geom].copy()
    kind = _GEOMS.get(int(model.geom_type[geom]), "other")
    points, faces = _surface(model, geom, kind)
    r, g, b = (int(value) for value in geom_colours(model)[geom])
    return ForeignGeom(
        kind=kind,
        size_m=_triple(model.geom_size[geom]),
        pos_m=pos,
        quat_wxyz=quat,
        points_m=points @ np.asarray(quat_to_matrix(quat)).T + pos,
        faces=faces,
        collides=bool(model.geom_contype[geom] or model.geom_conaffinity[geom]),
        friction=_triple(model.geom_friction[geom]),
        rgb=(r, g, b),
    )


def _surface(model: mujoco.MjModel, geom: int, kind: str) -> tuple[Floats, Ints]:
    if kind == "mesh":
        mesh = model.mesh(int(model.geom_dataid[geom]))
        vertex, face = int(mesh.vertadr[0]), int(mesh.faceadr[0])
        points = model.mesh_vert[vertex : vertex + int(mesh.vertnum[0])]
        return points.astype(float), model.mesh_face[face : face + int(mesh.facenum[0])].astype(np.int64)
    if kind == "ellipsoid":
        return _ellipsoid(model.geom_size[geom])
    return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)


def _ellipsoid(size: Floats) -> tuple[Floats, Ints]:
    up, around = np.meshgrid(np.linspace(0.0, np.pi, _ROUND), np.linspace(0.0, 2.0 * np.pi, _ROUND), indexing="ij")
    points = np.stack([np.sin(up) * np.cos(around), np.sin(up) * np.sin(around), np.cos(up)], axis=-1)
    corner = (np.arange(_ROUND - 1)[:, None] * _ROUND + np.arange(_ROUND - 1)).ravel()
    one = np.stack([corner, corner + 1, corner + _ROUND], axis=1)
    other = np.stack([corner + 1, corner + _ROUND + 1, corner + _ROUND], axis=1)
    return points.reshape(-1, 3) * size, np.concatenate([one, other])


def _sites(model: mujoco.MjModel) -> list[tuple[str, int, Triple]]:
    named = [model.site(site) for site in range(model.nsite)]
    return [(s.name, int(s.bodyid[0]) - 1, _triple(s.pos)) for s in named if s.name and s.bodyid[0] > 0]


def _equalities(model: mujoco.MjModel, joints: list[ForeignJoint]) -> Iterator[Coupling]:
    """Yields joints that follow others, and closed loops. In a file without motors, who follows has none."""
    for k in range(model.neq):
        if model.eq_type[k] != mujoco.mjtEq.mjEQ_JOINT:
            kind = mujoco.mjtEq(model.eq_type[k]).name[5:].lower()
            yield Coupling(words=f"a closed loop ({kind} {model.equality(k).name})")
            continue
        one = joints[int(model.eq_obj1id[k])].name
        if model.eq_obj2id[k] < 0:
            yield Coupling(words=f"joint {one} is held", joints=(one,))
            continue
        other = joints[int(model.eq_obj2id[k])].name
        drivers = (one, other) if model.nu else (other,)
        yield Coupling(words=f"joint {one} follows {other}", joints=(one, other), drivers=drivers)


def _tendons(model: mujoco.MjModel, joints: list[ForeignJoint]) -> Iterator[Coupling]:
    for k in range(model.ntendon):
        first = int(model.tendon_adr[k])
        ids = [int(model.wrap_objid[first + i]) for i in range(int(model.tendon_num[k]))]
        on_joints = model.wrap_type[first] == mujoco.mjtWrap.mjWRAP_JOINT
        over = tuple(joints[i].name for i in ids) if on_joints else ()
        words = f"tendon {model.tendon(k).name or k} over {', '.join(over) or 'sites'}"
        yield Coupling(words=words, joints=over, drivers=over if len(over) > 1 else ())


def _kinds(model: mujoco.MjModel) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for actuator in range(model.nu):
        on = "position" if _is_position(model, actuator) else "torque, velocity or other"
        kind = on if _moves(model, actuator) >= 0 else "on tendons or sites"
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def _excludes(model: mujoco.MjModel, names: list[str]) -> list[tuple[str, str]]:
    pairs = [(int(s) >> 16, int(s) & 0xFFFF) for s in model.exclude_signature]
    return [(names[a - 1], names[b - 1]) for a, b in pairs if a > 0 and b > 0]


def _triple(values: Any) -> Triple:
    x, y, z = (float(value) for value in values)
    return x, y, z
