"""Links, solid parts and fingertips of a hand's MJCF (contracts/hand_shape.py reads what this writes).

python -m dexterity_ros.sim.hand_shape leap   writes shape.yaml beside the hand's MJCF.
"""

import sys
from typing import Any

import mujoco
import numpy as np
import yaml

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand

_KINDS = {
    mujoco.mjtGeom.mjGEOM_BOX: ("box", 3),
    mujoco.mjtGeom.mjGEOM_CAPSULE: ("capsule", 2),
    mujoco.mjtGeom.mjGEOM_CYLINDER: ("capsule", 2),  # with round ends it masks a little more
    mujoco.mjtGeom.mjGEOM_SPHERE: ("capsule", 2),  # without length: MuJoCo keeps 0 there
}


def hand_shape(hand: HandSpec) -> dict[str, Any]:
    """Returns the content of shape.yaml for a hand. Raises ConfigError for a colliding part that is no primitive."""
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    tips = [_tip(model, site) for site in hand.fingertip_sites]
    return {"links": [_link(model, body) for body in range(1, model.nbody)], "tips": tips}


def _tip(model: mujoco.MjModel, name: str) -> dict[str, Any]:
    site = model.site(name)
    return {"site": name, "link": int(site.bodyid[0]) - 1, "pos_m": _numbers(site.pos)}


def _link(model: mujoco.MjModel, body: int) -> dict[str, Any]:
    joints = [j for j in range(model.njnt) if model.jnt_bodyid[j] == body]
    if len(joints) > 1:
        raise ConfigError(f"link {model.body(body).name} has {len(joints)} joints, expected one or none")
    joint = joints[0] if joints else None
    geoms = [g for g in range(model.ngeom) if model.geom_bodyid[g] == body and model.geom_contype[g]]
    return {
        "parent": int(model.body_parentid[body]) - 1,
        "pos_m": _numbers(model.body_pos[body]),
        "quat_wxyz": _numbers(model.body_quat[body]),
        "joint": "" if joint is None else model.joint(joint).name,
        "axis": [0.0, 0.0, 1.0] if joint is None else _numbers(model.jnt_axis[joint]),
        "anchor_m": [0.0, 0.0, 0.0] if joint is None else _numbers(model.jnt_pos[joint]),
        "parts": [_part(model, geom) for geom in geoms],
    }


def _part(model: mujoco.MjModel, geom: int) -> dict[str, Any]:
    kind = mujoco.mjtGeom(model.geom_type[geom])
    if kind not in _KINDS:
        raise ConfigError(f"part {geom} of {model.body(model.geom_bodyid[geom]).name} is a {kind.name}")
    name, sizes = _KINDS[kind]
    return {
        "kind": name,
        "size_m": _numbers(model.geom_size[geom][:sizes]),
        "pos_m": _numbers(model.geom_pos[geom]),
        "quat_wxyz": _numbers(model.geom_quat[geom]),
    }


def _numbers(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 9) for value in values]


def main() -> None:
    """Entry point."""
    hand = load_hand(sys.argv[1])
    path = hand.mjcf_path.with_name("shape.yaml")
    said = f"# Made from {hand.mjcf_path.name} by python -m dexterity_ros.sim.hand_shape {sys.argv[1]}; do not edit.\n"
    path.write_text(said + yaml.safe_dump(hand_shape(hand), sort_keys=False, default_flow_style=None, width=120))
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
