"""Which parts of a hand touch its object."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.sim.scene import FULL_STATE, Scene


def touching(scene: Scene, model: mujoco.MjModel, sim_state: NDArray[np.float64]) -> tuple[str, ...]:
    """Returns the names of the bodies that touch the object in a state, (nstate,), sorted."""
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, sim_state, FULL_STATE)
    mujoco.mj_forward(model, data)
    touched = set()
    for contact in data.contact:
        bodies = {int(model.geom_bodyid[geom]) for geom in contact.geom}
        if scene.object_body in bodies and len(bodies) == 2 and contact.dist < 0.0:
            touched |= bodies - {scene.object_body}
    return tuple(sorted(model.body(body).name for body in touched))
