"""What only a simulator knows of hand and object, by name; beside it a critic sees what its task says of goals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_rotate, quat_to_cubic, quat_to_rot6d
from dexterity_ros.observation.memory import PolicyMemory
from dexterity_ros.sim.object_set import ObjectSet
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.tasks.sight import Sight
from dexterity_ros.tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class World:
    """N hands at one moment. tips: of the fingers in the hand frame, m, (N, tips, 3).

    hidden: what randomisation made of each hand and object, (N, h). errors: what the sensors of each add in this
    episode, (N, e). objects, models: what each holds, and its model, N of them.
    """

    physics: BatchPhysics
    state: Floats
    memory: PolicyMemory
    tips: Floats
    hidden: Callable[[], Floats]
    errors: Callable[[], Floats]
    objects: ObjectSet
    models: Sequence[mujoco.MjModel]

    @cached_property
    def quat(self) -> Floats:
        """Rotation of the object, (N, 4)."""
        return self.physics.object_quat(self.state)

    @cached_property
    def position(self) -> Floats:
        """Position of the object, (N, 3)."""
        return self.physics.object_pos(self.state)

    @cached_property
    def joints(self) -> Floats:
        """Positions of the joints, (N, n)."""
        return self.physics.joint_pos(self.state)


TERMS: dict[str, Callable[[World], NDArray[np.floating[Any]]]] = {
    "joint_pos": lambda w: w.joints,
    "joint_vel": lambda w: w.physics.joint_vel(w.state),
    "joint_error": lambda w: w.memory.target_pos_rad - w.joints,
    "object_pos": lambda w: w.position,
    "object_rot6d": lambda w: quat_to_rot6d(w.quat),
    "object_cubic": lambda w: quat_to_cubic(w.quat),
    "object_lin_vel": lambda w: w.physics.object_vel(w.state)[:, :3],
    "object_ang_vel": lambda w: quat_rotate(w.quat, w.physics.object_vel(w.state)[:, 3:]),
    "fingertips": lambda w: (w.tips - w.position[:, None, :]).reshape(len(w.state), -1),
    "last_action": lambda w: w.memory.action,
    "hidden_hand": lambda w: w.hidden(),
    "sensor_errors": lambda w: w.errors(),
    "object_shape": lambda w: w.objects.shape_code(w.quat),
    "object_mass": lambda w: np.log(w.physics.object_mass / _USUAL_MASS_KG)[:, None],
    "object_friction": lambda w: _frictions(w.models),
}


_USUAL_MASS_KG = 0.1


def _frictions(models: Sequence[mujoco.MjModel]) -> Floats:
    """Returns the sliding friction of the objects against the hands, (N, 1): a contact has the larger of the two."""
    known = {id(model): float(model.geom_friction[model.geom_contype > 0, 0].max()) for model in models}
    return np.array([[known[id(model)]] for model in models])


def privileged_terms(chosen: Sequence[str], task: Task, *, shaped: bool) -> tuple[str, ...]:
    """Returns the names of the terms: those chosen, or where there are none those of the task.

    shaped: the objects are generated ones, of which the shape is known.

    Raises:
        ConfigError: an unknown name, or a shape that is not known.
    """
    if "object_shape" in chosen and not shaped:
        raise ConfigError("privileged has object_shape, which is known of generated objects: object must be family:...")
    known = {*TERMS, *task.privileged}
    unknown = sorted(set(chosen) - known)
    if unknown:
        raise ConfigError(f"no privileged term {unknown}; there are {sorted(known)}")
    return tuple(chosen) or task.critic


def privileged_values(names: Sequence[str], world: World, task: Task, goals: Sight) -> dict[str, NDArray[np.float32]]:
    """Returns the terms by name, (N, width) float32 each."""
    found = {name: TERMS[name](world) if name in TERMS else task.privileged[name](goals) for name in names}
    return {name: values.astype(np.float32) for name, values in found.items()}


def hidden_parameters(models: Sequence[mujoco.MjModel], nominal: Sequence[mujoco.MjModel]) -> Floats:
    """Returns how random copies differ from their nominal models, (N, h); copies may occur many times."""
    pairs = {id(model): (model, original) for model, original in zip(models, nominal, strict=True)}
    known = {key: _differences(*pair) for key, pair in pairs.items()}
    return np.stack([known[id(model)] for model in models])


def _differences(model: mujoco.MjModel, nominal: mujoco.MjModel) -> Floats:
    """Returns how a model differs from another, (h,): logarithms of factors, and differences."""
    body = int(nominal.body("object_body").id)
    geom = int(np.flatnonzero(nominal.geom_bodyid == body)[0])
    hinges = nominal.jnt_dofadr[nominal.jnt_type == mujoco.mjtJoint.mjJNT_HINGE]

    def factor(name: str, index: object) -> Floats:
        ours, theirs = np.asarray(getattr(model, name)[index]), np.asarray(getattr(nominal, name)[index])
        same = theirs == 0.0
        return np.atleast_1d(np.log(np.where(same, 1.0, ours) / np.where(same, 1.0, theirs)))

    return np.concatenate(
        [
            factor("geom_friction", (geom, 0)),
            factor("geom_solref", (geom, 0)),
            factor("body_mass", body),
            factor("geom_size", (geom, 0)),
            factor("dof_frictionloss", hinges),
            factor("actuator_gainprm", (slice(None), 0)),
            factor("dof_damping", hinges),
            factor("jnt_actfrcrange", (slice(0, 1), 1)),
            100.0 * (model.body_ipos[body] - nominal.body_ipos[body]),  # in cm, of order one
            model.opt.gravity - nominal.opt.gravity,
            np.atleast_1d(np.log(model.opt.timestep / nominal.opt.timestep)),
        ]
    )
