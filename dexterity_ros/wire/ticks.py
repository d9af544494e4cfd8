"""One policy tick: what it consumed, what came out, as named sections of one vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import GoalSample, JointSample, JointTarget, ObservationInputs, PoseSample

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TickRecord:
    """One policy tick as published: enough to repeat it exactly.

    reset: number of the reset it follows. led: an operator acted, not the network.
    """

    now_ns: int
    reset: int
    inputs: ObservationInputs
    observation: NDArray[np.float32]
    raw_action: NDArray[np.float32]
    target: JointTarget
    led: bool = False


def pack_tick(tick: TickRecord) -> tuple[list[tuple[str, int]], Floats]:
    """Returns (layout, data): named sections with their lengths, and all numbers as float64.

    A stamp is two numbers, seconds and nanoseconds, because float64 cannot hold 19 digits. float32 fits exactly.
    """
    inputs = tick.inputs
    sections: list[tuple[str, Any]] = [
        ("now", _split(tick.now_ns)),
        ("reset", [tick.reset]),
        ("joints_stamp", _split(inputs.joints.stamp_ns)),
        ("joints_pos_rad", inputs.joints.pos_rad),
        ("joints_vel_rad_s", inputs.joints.vel_rad_s),
        ("pose_stamp", _split(inputs.object_pose.stamp_ns)),
        ("pose_pos_m", inputs.object_pose.pos_m),
        ("pose_quat_wxyz", inputs.object_pose.quat_wxyz),
        ("goal_stamp", _split(inputs.goal.stamp_ns)),
        ("goal_quat_wxyz", inputs.goal.quat_wxyz),
        ("observation", tick.observation),
        ("raw_action", tick.raw_action),
        ("target_pos_rad", tick.target.pos_rad),
        ("led", [tick.led]),
    ]
    arrays = [np.asarray(values, dtype=np.float64).ravel() for _, values in sections]
    return [(name, a.size) for (name, _), a in zip(sections, arrays, strict=True)], np.concatenate(arrays)


def unpack_tick(layout: Sequence[tuple[str, int]], data: Sequence[float] | Floats) -> TickRecord:
    """Returns the tick in a published record. Raises WireError when the layout is not a tick's."""
    values = np.asarray(data, dtype=np.float64)
    ends = np.cumsum([size for _, size in layout])
    if len(ends) == 0 or ends[-1] != values.size:
        raise WireError(f"a tick of {values.size} numbers does not have the layout {list(layout)}")
    part = {name: values[end - size : end] for (name, size), end in zip(layout, ends, strict=True)}
    try:
        return TickRecord(
            now_ns=_join(part["now"]),
            reset=int(part["reset"][0]),
            inputs=ObservationInputs(
                joints=JointSample(
                    stamp_ns=_join(part["joints_stamp"]),
                    pos_rad=part["joints_pos_rad"],
                    vel_rad_s=part["joints_vel_rad_s"],
                ),
                object_pose=PoseSample(
                    stamp_ns=_join(part["pose_stamp"]),
                    pos_m=part["pose_pos_m"],
                    quat_wxyz=part["pose_quat_wxyz"],
                ),
                goal=GoalSample(stamp_ns=_join(part["goal_stamp"]), quat_wxyz=part["goal_quat_wxyz"]),
            ),
            observation=part["observation"].astype(np.float32),
            raw_action=part["raw_action"].astype(np.float32),
            target=JointTarget(stamp_ns=_join(part["now"]), pos_rad=part["target_pos_rad"]),
            led=bool(part.get("led", np.zeros(1))[0]),  # bags from before operators could lead do not say
        )
    except KeyError as error:
        raise WireError(f"the tick has no section {error}; there are {sorted(part)}") from error


def tick_record(message: Any) -> TickRecord:
    """Returns the tick in a Float64MultiArray message. Raises WireError when it is not one."""
    return unpack_tick([(dim.label, dim.size) for dim in message.layout.dim], message.data)


def _split(stamp: int) -> tuple[int, int]:
    return divmod(int(stamp), 1_000_000_000)


def _join(pair: Floats) -> int:
    return int(pair[0]) * 1_000_000_000 + int(pair[1])
