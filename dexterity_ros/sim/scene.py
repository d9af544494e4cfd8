"""A hand and an object as one MuJoCo model, with everything looked up by name once."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import mujoco
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import MODEL_FILE, ObjectSpec, load_object, object_folder
from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.sim.object_model import BODY, object_model

FULL_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
Model: TypeAlias = mujoco.MjModel  # for those who hold models without knowing MuJoCo


@dataclass(frozen=True, kw_only=True)
class PhysicsConfig(Checked):
    """How MuJoCo integrates. substeps * timestep_s is one control period.

    impratio: how much stiffer friction is than normal contact. contact_time_s: time constant of contacts (solref).

    Pyramidal cone and implicitfast: with few solver iterations an elliptic cone lets cubes sink into the palm.
    """

    timestep_s: Annotated[float, Range(1e-5, 0.1, "MuJoCo's examples take 0.2 to 20 ms")]
    substeps: Annotated[int, Range(1, 10_000, "at least one")]
    iterations: Annotated[int, Range(1, 1000, "MuJoCo's own default is 100")] = 10
    ls_iterations: Annotated[int, Range(1, 1000, "MuJoCo's own default is 50")] = 10
    cone: Literal["pyramidal", "elliptic"] = "pyramidal"
    impratio: Annotated[float, Range(0.01, 1000.0, "MuJoCo's own default is 1; more is harder to solve")] = 1.0
    contact_time_s: Annotated[
        float, Range(1e-4, 1.0, "MuJoCo's own default is 0.02; it takes 2 time steps at least")
    ] = 0.02

    @property
    def control_period_s(self) -> float:
        """Time between two policy ticks."""
        return self.timestep_s * self.substeps


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A compiled model and where things are in its state. The hand stands at the origin: hand frame = world frame.

    joint_qpos, joint_qvel: addresses in policy order. object_qpos: 7 addresses (position, quaternion wxyz).
    object_qvel: 6 addresses (linear in the world frame, angular in the object frame). tip_sensors: (tips, 3) addresses.
    object_body: number of the object's body.
    """

    model: mujoco.MjModel
    joint_qpos: NDArray[np.int64]
    joint_qvel: NDArray[np.int64]
    actuators: NDArray[np.int64]
    object_qpos: NDArray[np.int64]
    object_qvel: NDArray[np.int64]
    tip_sensors: NDArray[np.int64]
    object_body: int


def scene_spec(hand: HandSpec, item: str | ObjectSpec, physics: PhysicsConfig) -> mujoco.MjSpec:
    """Returns the editable model of `hand` and an object, by name or as it is. Raises ConfigError."""
    spec = read_model(hand.mjcf_path)
    body = item_model(item).body(BODY)
    if body is None:
        raise ConfigError(f"the object {_called(item)} has no body called {BODY} in its {MODEL_FILE}")
    spec.worldbody.add_frame().attach_body(body, "object_", "")
    spec.option.timestep = physics.timestep_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations = physics.iterations
    spec.option.impratio = physics.impratio
    spec.option.ls_iterations = physics.ls_iterations
    spec.option.cone = getattr(mujoco.mjtCone, f"mjCONE_{physics.cone.upper()}")
    for site in hand.fingertip_sites:
        spec.add_sensor(
            name=f"{site}_pos",
            type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname=site,
        )
    return spec


def item_model(item: str | ObjectSpec) -> mujoco.MjSpec:
    """Returns the editable model of an object alone, by name or as it is. Raises ConfigError."""
    spec = load_object(item) if isinstance(item, str) else item
    if spec is not None:
        return object_model(spec)
    return read_model(object_folder(str(item)) / MODEL_FILE)


def _called(item: str | ObjectSpec) -> str:
    return item if isinstance(item, str) else item.name


def read_model(path: Path) -> mujoco.MjSpec:
    """Returns the editable model in an MJCF file. Raises ConfigError."""
    try:
        return mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise ConfigError(f"{shown_path(path)} is no MuJoCo model: {' '.join(str(error).split())}") from error


def build_scene(hand: HandSpec, item: str | ObjectSpec, physics: PhysicsConfig) -> Scene:
    """Returns the compiled scene of a hand and an object, by name or as it is.

    Raises:
        ConfigError: there is no such object, or the model and the HandSpec disagree.
    """
    try:
        model = scene_spec(hand, item, physics).compile()
    except ValueError as error:
        said = " ".join(str(error).split())
        raise ConfigError(f"MuJoCo cannot compile {hand.mjcf} with the object {_called(item)}: {said}") from error
    model.geom_solref[:, 0] = physics.contact_time_s
    return index_scene(hand, model)


def index_scene(hand: HandSpec, model: mujoco.MjModel) -> Scene:
    """Returns where the joints, the object and the fingertips are in `model`. Raises ConfigError."""
    check_hand_model(hand, model)
    joints = [model.joint(name) for name in hand.joint_names]
    free = [model.joint(i) for i in range(model.njnt) if model.jnt_type[i] == mujoco.mjtJoint.mjJNT_FREE]
    if len(free) != 1:
        raise ConfigError(f"the scene has {len(free)} free bodies, expected exactly one object")
    sensors = [model.sensor(f"{site}_pos").adr[0] for site in hand.fingertip_sites]
    return Scene(
        model=model,
        joint_qpos=np.array([joint.qposadr[0] for joint in joints]),
        joint_qvel=np.array([joint.dofadr[0] for joint in joints]),
        actuators=np.array([model.actuator(name).id for name in hand.joint_names]),
        object_qpos=free[0].qposadr[0] + np.arange(7),
        object_qvel=free[0].dofadr[0] + np.arange(6),
        tip_sensors=np.array(sensors)[:, None] + np.arange(3),
        object_body=int(model.jnt_bodyid[free[0].id]),
    )


def weakened(scene: Scene, joint: int, share: float) -> mujoco.MjModel:
    """Returns a copy of the scene's model in which one joint has only a share of its stiffness."""
    model = copy.copy(scene.model)
    actuator = scene.actuators[joint]
    model.actuator_gainprm[actuator] *= share
    model.actuator_biasprm[actuator] *= share
    return model


def check_hand_model(hand: HandSpec, model: mujoco.MjModel) -> None:
    """Raises ConfigError when joint names, order or limits of `model` differ from the HandSpec."""
    hinges = [model.joint(i) for i in range(model.njnt) if model.jnt_type[i] == mujoco.mjtJoint.mjJNT_HINGE]
    names = tuple(joint.name for joint in hinges)
    if names != hand.joint_names:
        raise ConfigError(
            f"{hand.mjcf} has the joints {list(names)}, the HandSpec {hand.name} {list(hand.joint_names)}"
        )
    actuated = tuple(model.actuator(i).name for i in range(model.nu))
    if actuated != hand.joint_names:
        raise ConfigError(f"{hand.mjcf} actuates {list(actuated)}, the HandSpec {hand.name} {list(hand.joint_names)}")
    for joint, wanted in zip(hinges, hand.joints, strict=True):
        if not np.allclose(joint.range, [wanted.lower_rad, wanted.upper_rad], atol=1e-9):
            raise ConfigError(
                f"joint {wanted.name}: {hand.mjcf} limits it to {joint.range.tolist()}, "
                f"the HandSpec to {[wanted.lower_rad, wanted.upper_rad]}"
            )


def joint_gains(scene: Scene) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns nominal (stiffness N.m/rad, damping N.m.s/rad) per joint; damping is the joint's and the motor's."""
    model, actuators = scene.model, scene.actuators
    damping = model.dof_damping[scene.joint_qvel] - model.actuator_biasprm[actuators, 2]
    return tuple(model.actuator_gainprm[actuators, 0].tolist()), tuple(damping.tolist())


def geom_colours(model: mujoco.MjModel) -> NDArray[np.uint8]:
    """Returns the colour of each geom, (ngeom, 3), 0 to 255: its material's where it has one."""
    colours = model.geom_rgba[:, :3].copy()
    painted = model.geom_matid >= 0
    colours[painted] = model.mat_rgba[model.geom_matid[painted], :3]
    return np.rint(255.0 * colours).astype(np.uint8)
