"""Refuses inputs a policy must not act on: stale, not numbers, outside the workspace."""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.samples import ObservationInputs

_STALE = {
    "joint_states": FaultCode.JOINTS_STALE,
    "object_pose": FaultCode.POSE_STALE,
    "goal": FaultCode.GOAL_STALE,
}
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Ball in the hand frame that the object must stay in."""

    centre_m: tuple[float, float, float]
    radius_m: float


def check_inputs(
    manifest: PolicyManifest, inputs: ObservationInputs, now_ns: int, workspace: Workspace | None
) -> Fault | None:
    """Returns the first reason not to act on `inputs` at `now_ns`, or None."""
    return _check_ages(manifest, inputs, now_ns) or _check_values(inputs) or _check_workspace(inputs, workspace)


def _check_ages(manifest: PolicyManifest, inputs: ObservationInputs, now_ns: int) -> Fault | None:
    stamps = {
        "joint_states": inputs.joints.stamp_ns,
        "object_pose": inputs.object_pose.stamp_ns,
        "goal": inputs.goal.stamp_ns,
    }
    for source, stamp_ns in stamps.items():
        limit_s = manifest.observation.max_age_s(source)
        if limit_s is None:
            continue
        age_ns = now_ns - int(np.min(stamp_ns))
        if age_ns > round(limit_s * 1e9):
            said = f"{source} is {age_ns * 1e-6:.0f} ms old, limit {limit_s * 1e3:.0f} ms"
            return Fault(code=_STALE[source], detail=said)
    return None


def _check_values(inputs: ObservationInputs) -> Fault | None:
    if not (np.isfinite(inputs.joints.pos_rad).all() and np.isfinite(inputs.joints.vel_rad_s).all()):
        return Fault(code=FaultCode.JOINTS_INVALID, detail="joint positions or velocities are not finite")
    if not (np.isfinite(inputs.object_pose.pos_m).all() and _is_rotation(inputs.object_pose.quat_wxyz)):
        return Fault(
            code=FaultCode.POSE_INVALID,
            detail=f"object pose {inputs.object_pose.pos_m}, {inputs.object_pose.quat_wxyz} is not a pose",
        )
    if not _is_rotation(inputs.goal.quat_wxyz):
        return Fault(code=FaultCode.GOAL_INVALID, detail=f"goal {inputs.goal.quat_wxyz} is not a unit quaternion")
    return None


def _is_rotation(quat_wxyz: np.ndarray) -> bool:
    length = np.sqrt((quat_wxyz**2).sum(axis=-1))
    return bool((np.abs(length - 1.0) < _UNIT_TOLERANCE).all())


def _check_workspace(inputs: ObservationInputs, workspace: Workspace | None) -> Fault | None:
    if workspace is None:
        return None
    distance = float(np.max(np.sqrt(((inputs.object_pose.pos_m - np.array(workspace.centre_m)) ** 2).sum(axis=-1))))
    if distance > workspace.radius_m:
        return Fault(
            code=FaultCode.OUTSIDE_WORKSPACE,
            detail=f"the object is {distance:.3f} m from the grasp centre, limit {workspace.radius_m:.3f} m: dropped?",
        )
    return None
