"""The MuJoCo model of an ObjectSpec."""

import mujoco
import numpy as np

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid

BODY = "body"  # what scenes attach; under the prefix object_ it is called object_body
_KINDS = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "hull": mujoco.mjtGeom.mjGEOM_MESH,
}
_TORSION, _ROLLING = 0.005, 0.0001  # MuJoCo's own defaults
_COLLIDES = 3  # geom group, see sim/depth_camera.py
_DENSITY = 1000.0


def object_model(spec: ObjectSpec) -> mujoco.MjSpec:
    """Returns an editable model with one free body. Raises ConfigError for parts that MuJoCo cannot take."""
    model = _parts_only(spec)
    body = model.body(BODY)
    if spec.inertia_kg_m2 is None:
        density = _DENSITY * spec.mass_kg / _compiled(spec, model).body(BODY).mass[0]
        for geom in body.geoms:
            geom.density = density
        return model
    body.explicitinertial = True
    body.mass, body.ipos = spec.mass_kg, list(spec.com_m or ())
    body.fullinertia = list(spec.inertia_kg_m2)
    return model


def _parts_only(spec: ObjectSpec) -> mujoco.MjSpec:
    model = mujoco.MjSpec()
    model.modelname = spec.name
    body = model.worldbody.add_body(name=BODY)
    body.add_freejoint(name="joint")
    for k, part in enumerate(spec.parts):
        _add_part(model, body, part, f"part_{k}", spec.friction)
    return model


def _add_part(model: mujoco.MjSpec, body: mujoco.MjsBody, part: Solid, name: str, friction: float) -> None:
    if part.kind == "hull":
        model.add_mesh(name=name, uservert=np.ravel(part.points_m).tolist())
    body.add_geom(
        name=name,
        type=_KINDS[part.kind],
        size=[*part.size_m, 0.0, 0.0, 0.0][:3],
        meshname=name if part.kind == "hull" else "",
        pos=list(part.pos_m),
        quat=list(part.quat_wxyz),
        friction=[friction, _TORSION, _ROLLING],
        density=_DENSITY,
        contype=2,
        conaffinity=1,
        condim=3,
        group=_COLLIDES,
        rgba=[*(value / 255.0 for value in part.rgb), 1.0],
    )


def _compiled(spec: ObjectSpec, model: mujoco.MjSpec) -> mujoco.MjModel:
    try:
        return model.compile()
    except ValueError as error:
        raise ConfigError(f"MuJoCo cannot compile the object {spec.name}: {' '.join(str(error).split())}") from error
