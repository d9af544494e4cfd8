"""Interfaces between siblings that must not import each other; the layer above wires an implementation in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.samples import DepthSample, GatedTarget, JointSample, MotorHealth

Ports = Mapping[str, NDArray[np.float32]]  # inputs or outputs of a network by their names


class NetworkPort(Protocol):
    """A policy network: named inputs to named outputs (contracts/outputs.py), all float32, each (batch, ...).

    state_width: length of what it remembers between ticks; 0 for a network without memory.
    """

    @property
    def state_width(self) -> int:
        """Length of the state."""
        ...

    def __call__(self, seen: Ports, state: NDArray[np.float32]) -> tuple[Ports, NDArray[np.float32]]:
        """Returns (outputs, the next state). state: (batch, state_width), zero after a reset."""
        ...


class HandPort(Protocol):
    """A hand that can be read and commanded, whatever is behind it."""

    def describe(self) -> str:
        """Returns what is behind it, and what is known of this individual, in one line."""
        ...

    def connect(self) -> list[str]:
        """Opens the connection. Returns what is wrong, each motor named; empty when all is well."""
        ...

    def reboot(self) -> list[str]:
        """Switches the torque off and restarts motors with a latched error. Returns their names."""
        ...

    def read(self, now_ns: int) -> JointSample | Fault:
        """Returns a fresh measurement, or the fault that prevented one; never an old value. now_ns: of this moment."""
        ...

    def health(self) -> MotorHealth | None:
        """Returns the motors' state as last read, or None when this hand cannot tell."""
        ...

    def write(self, target: GatedTarget) -> Fault | None:
        """Commands the hand. Takes only what the gate made."""
        ...

    def set_torque(self, enabled: bool) -> Fault | None:
        """Switches torque on all joints; off lets the hand go limp."""
        ...

    def close(self) -> None:
        """Releases the connection; leaves torque as it is."""
        ...


class EyePort(Protocol):
    """A depth camera that is asked for one image at a time."""

    @property
    def camera(self) -> CameraSpec:
        """The camera as its own file has it; where it stands may be wrong."""
        ...

    def see(self) -> DepthSample:
        """Returns an image of what is there now, not of what was there before. Raises DexterityError."""
        ...


class ActuatedJointsPort(Protocol):
    """Position-controlled joints with physics behind them; an emulated motor bus drives these."""

    def joint_names(self) -> tuple[str, ...]:
        """Returns the names in the order of the arrays below."""
        ...

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns positions in rad and velocities in rad/s, shape (n,)."""
        ...

    def command(self, pos_rad: NDArray[np.float64]) -> None:
        """Sets the position the motors pull towards, shape (n,), rad."""
        ...

    def set_torque(self, enabled: bool) -> None:
        """Switches the motors' torque."""
        ...


@dataclass(frozen=True, kw_only=True)
class MotorPull:
    """What motors ask of their joints at one moment, each (n,).

    goal_rad: joint angle that the motor's controller follows. p_share, d_share: position gains over those of the
    hand's file. limit_a: current limit. powered: whether it has torque.
    """

    goal_rad: NDArray[np.float64]
    p_share: NDArray[np.float64]
    d_share: NDArray[np.float64]
    limit_a: NDArray[np.float64]
    powered: NDArray[np.bool_]


class GearedJointsPort(Protocol):
    """Joints with the motors' electricity and gears behind them; they advance with the time of the bus."""

    @property
    def most_rad_s(self) -> float:
        """The fastest that a joint has moved while its motor had torque, between two measurements too."""
        ...

    def joint_names(self) -> tuple[str, ...]:
        """Returns the names in the order of the arrays below."""
        ...

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns positions in rad and velocities in rad/s at the motors' output, shape (n,)."""
        ...

    def current_a(self) -> NDArray[np.float64]:
        """Returns what the motors draw, positive where they pull towards larger joint angles, shape (n,)."""
        ...

    def pull(self, pull: MotorPull) -> None:
        """Sets what the motors do from now on."""
        ...

    def advance(self, duration_s: float) -> None:
        """Lets time pass."""
        ...
