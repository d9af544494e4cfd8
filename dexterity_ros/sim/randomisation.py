"""Randomised copies of a model, and noise on what sensors report."""

from dataclasses import dataclass

import mujoco
import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class ModelRandomisation:
    """Factors drawn once per model copy, each evenly from its range.

    Source of the ranges: DeXtreme (arXiv 2210.13702) table 6 and MuJoCo Playground's LeapCubeReorient, narrowed.
    friction scales the hand and the object alike, because a contact's friction is the larger of the two.
    """

    copies: int
    friction: Range
    object_mass: Range
    stiffness: Range
    damping: Range


@dataclass(frozen=True, kw_only=True)
class SampleNoise:
    """Gaussian noise on samples, and delays in physics substeps (drawn per environment and step, up to the maximum).

    action_delay_substeps: a new target acts this many substeps late.
    pose_delay_substeps: the object's pose is this much older than the joints'.
    """

    joint_pos_rad: float
    joint_vel_rad_s: float
    object_pos_m: float
    object_rot_rad: float
    action_delay_substeps: int
    pose_delay_substeps: int


NO_NOISE = SampleNoise(
    joint_pos_rad=0.0,
    joint_vel_rad_s=0.0,
    object_pos_m=0.0,
    object_rot_rad=0.0,
    action_delay_substeps=0,
    pose_delay_substeps=0,
)


def random_models(
    model: mujoco.MjModel, ranges: ModelRandomisation | None, count: int, rng: np.random.Generator
) -> list[mujoco.MjModel]:
    """Returns `count` models, cycling through `ranges.copies` randomised copies (or the nominal one)."""
    if ranges is None:
        return [model] * count
    variants = [random_model(model, ranges, rng) for _ in range(min(ranges.copies, count))]
    return [variants[i % len(variants)] for i in range(count)]


def random_model(model: mujoco.MjModel, ranges: ModelRandomisation, rng: np.random.Generator) -> mujoco.MjModel:
    """Returns a copy of `model` with friction, object mass, actuator stiffness and joint damping scaled."""
    copy: mujoco.MjModel = model.__copy__()
    copy.geom_friction[:, 0] *= rng.uniform(*ranges.friction)
    body = copy.body("object_body").id
    mass = rng.uniform(*ranges.object_mass)
    copy.body_mass[body] *= mass
    copy.body_inertia[body] *= mass
    stiffness = rng.uniform(*ranges.stiffness)
    copy.actuator_gainprm[:, 0] *= stiffness
    copy.actuator_biasprm[:, 1] *= stiffness
    hinges = copy.dof_damping > 0.0
    copy.dof_damping[hinges] *= rng.uniform(*ranges.damping)
    return copy
