"""Refuses inputs a policy must not act on: stale, not numbers, outside the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.samples import ObservationInputs, PoseSample
from dexterity_ros.safety.gate import AHEAD_MAX_S

_STALE = {
    "joint_states": FaultCode.JOINTS_STALE,
    "object_pose": FaultCode.POSE_STALE,
    "goal": FaultCode.GOAL_STALE,
}
_UNIT_TOLERANCE = 1e-3
_INVALID = {
    "joint_states": FaultCode.JOINTS_INVALID,
    "object_pose": FaultCode.POSE_INVALID,
    "goal": FaultCode.GOAL_INVALID,
}
SOURCES = tuple(_STALE)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Ball in the hand frame that the object must stay in."""

    centre_m: tuple[float, float, float]
    radius_m: float


def check_arrivals(manifest: PolicyManifest, ages_s: Mapping[str, float | None]) -> Fault | None:
    """Returns the first source of which nothing has come, or nothing lately, or None.

    ages_s: monotonic time since the newest message of each source arrived; None: there was none. Stamps are checked
    as well (`check_inputs`), but their clock can be set.
    """
    for source, age_s in ages_s.items():
        limit_s = manifest.observation.max_age_s(source)
        if age_s is None:
            return Fault(code=_STALE[source], detail=f"no {source} yet")
        if limit_s is not None and age_s > limit_s:
            said = f"the newest {source} came {age_s * 1e3:.0f} ms ago, limit {limit_s * 1e3:.0f} ms"
            return Fault(code=_STALE[source], detail=said)
    return None


def invalid(source: str, why: str) -> Fault:
    """Returns the fault of a message that does not carry what its topic promises."""
    return Fault(code=_INVALID[source], detail=f"{source}: {why}")


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
        if age_ns < -round(AHEAD_MAX_S * 1e9):
            return Fault(code=FaultCode.STAMP_AHEAD, detail=f"{source} is {-age_ns * 1e-9:.3f} s ahead of time")
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


def usable_pose(pose: PoseSample, now_ns: int, max_age_s: float) -> bool:
    """Returns whether a pose is finite, a rotation, and as old as it may be: not from the future either."""
    age_s = (now_ns - int(pose.stamp_ns)) * 1e-9
    return -AHEAD_MAX_S <= age_s <= max_age_s and bool(np.isfinite(pose.pos_m).all()) and _is_rotation(pose.quat_wxyz)


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
