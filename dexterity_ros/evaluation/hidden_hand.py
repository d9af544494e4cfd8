"""How a hidden hand and object differ from the nominal ones, by name, for somebody who reads about a failure."""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.sim.scene import Model, Scene

Index = int | NDArray[np.int64] | tuple[int | NDArray[np.int64], int]


def hidden_hand(scene: Scene, model: Model) -> dict[str, float]:
    """Returns factors (1 = nominal), means over all joints, the least of some, and the tilt of gravity in rad.

    torque is what the motors still have: warm ones have less.
    """
    nominal, body, joints = scene.model, scene.object_body, scene.joint_qvel
    geom = int(np.flatnonzero(nominal.geom_bodyid == body)[0])
    stiffness = _factor(model, nominal, "actuator_gainprm", (scene.actuators, 0))
    torque = _factor(model, nominal, "jnt_actfrcrange", (nominal.dof_jntid[joints], 1))
    down, nominal_down = (m.opt.gravity / np.linalg.norm(m.opt.gravity) for m in (model, nominal))
    return {
        "friction": float(_factor(model, nominal, "geom_friction", (geom, 0))),
        "object_mass": float(_factor(model, nominal, "body_mass", body)),
        "object_size": float(_factor(model, nominal, "geom_size", (geom, 0))),
        "stiffness": float(stiffness.mean()),
        "stiffness_least": float(stiffness.min()),
        "damping": float(_factor(model, nominal, "dof_damping", joints).mean()),
        "friction_loss": float(_factor(model, nominal, "dof_frictionloss", joints).mean()),
        "torque": float(torque.mean()),
        "torque_least": float(torque.min()),
        "gravity": float(np.linalg.norm(model.opt.gravity) / np.linalg.norm(nominal.opt.gravity)),
        "tilt_rad": float(np.arccos(np.clip(down @ nominal_down, -1.0, 1.0))),
        "control_period": float(model.opt.timestep / nominal.opt.timestep),
    }


def _factor(model: Model, nominal: Model, name: str, index: Index) -> NDArray[np.float64]:
    """Returns how often a property of the nominal model this one has, of each entry; 1 where the nominal has none."""
    ours, theirs = np.asarray(getattr(model, name)[index]), np.asarray(getattr(nominal, name)[index])
    return np.where(theirs == 0.0, 1.0, ours / np.where(theirs == 0.0, 1.0, theirs))
