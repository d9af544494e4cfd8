"""Mistakes that are easily made when a hand is built or described, planted on purpose: what `compare` must find.

A plant is a text: `swap:JOINT:JOINT` (their measurements are exchanged), `sign:JOINT` (measured the wrong way round,
about home), `offset:JOINT` (measured 5 degrees off), `delay` (commands come 0.1 s later, two steps of a 20 Hz policy),
`gain:JOINT` (half the stiffness), `frame` (the object's pose comes in a frame turned by 90 degrees about its z).
"""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import quat_multiply
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ports import ActuatedJointsPort
from dexterity_ros.contracts.samples import PoseSample

JOINTS_OF = {"swap": 2, "sign": 1, "offset": 1, "gain": 1, "delay": 0, "frame": 0}
OFFSET_RAD = np.deg2rad(5.0)
DELAY_S = 0.1
GAIN = 0.5
_QUARTER_TURN_WXYZ = np.array([np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)])


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A mistake: its kind and the indices of the joints it concerns."""

    kind: str
    joints: tuple[int, ...] = ()


def read_plant(text: str, hand: HandSpec) -> Plant | None:
    """Returns the plant in a text; None for an empty one. Raises ConfigError."""
    if not text:
        return None
    kind, *names = text.split(":")
    if kind not in JOINTS_OF or len(names) != JOINTS_OF[kind] or not set(names) <= set(hand.joint_names):
        raise ConfigError(
            f"plant {text!r}: expected one of {JOINTS_OF} (kind: number of joints), joints as in {hand.name}"
        )
    return Plant(kind=kind, joints=tuple(hand.joint_names.index(name) for name in names))


class PlantedJoints:
    """Joints with a mistake in how they are measured or commanded; gain is the physics' own business."""

    def __init__(self, joints: ActuatedJointsPort, hand: HandSpec, plant: Plant) -> None:
        self._joints, self._plant = joints, plant
        self._home = np.array(hand.home_pos_rad)
        self._late: deque[tuple[float, Floats]] = deque()

    def joint_names(self) -> tuple[str, ...]:
        """Returns the names in the order of the arrays."""
        return self._joints.joint_names()

    def measure(self) -> tuple[Floats, Floats]:
        """Returns positions and velocities as they are measured."""
        pos, vel = self._joints.measure()
        kind, joints = self._plant.kind, list(self._plant.joints)
        if kind == "swap":
            pos[joints], vel[joints] = pos[joints[::-1]], vel[joints[::-1]]
        elif kind == "sign":
            pos[joints], vel[joints] = 2.0 * self._home[joints] - pos[joints], -vel[joints]
        elif kind == "offset":
            pos[joints] += OFFSET_RAD
        return pos, vel

    def command(self, pos_rad: Floats) -> None:
        """Sets the wanted positions, late where that is the mistake."""
        if self._plant.kind != "delay":
            self._joints.command(pos_rad)
            return
        now = time.monotonic()
        self._late.append((now + DELAY_S, pos_rad.copy()))
        while self._late and self._late[0][0] <= now:
            self._joints.command(self._late.popleft()[1])

    def set_torque(self, enabled: bool) -> None:
        """Switches the torque."""
        self._joints.set_torque(enabled)


def planted_pose(plant: Plant | None, pose: PoseSample) -> PoseSample:
    """Returns the object's pose as a sensor with the mistake reports it."""
    if plant is None or plant.kind != "frame":
        return pose
    x, y, z = pose.pos_m
    turned = quat_multiply(_QUARTER_TURN_WXYZ, pose.quat_wxyz)
    return PoseSample(stamp_ns=pose.stamp_ns, pos_m=np.array([-y, x, z]), quat_wxyz=turned)
