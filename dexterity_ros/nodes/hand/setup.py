"""What hand_node is made of, from its parameters; everything wrong with them is found here, before torque."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.safety.limits import GateLimits, Tightening, check_decoder, gate_limits

NO_POLICY = "none"  # the hand's own limits and home pose


@dataclass(frozen=True, kw_only=True)
class HandParameters:
    """Parameters of hand_node. policy: bundle that sets limits and start pose, or "none".

    The last three only tighten; absent = as trained.

    robot: robot.yaml with the signs and zeros of this one hand; empty = nominal.

    allow_unverified: a hand may move though nobody has confirmed all that its file says; in shadow it never moves.

    max_reboots_per_hour: motors with a latched error are rebooted by themselves this often after a stop; 0 = never.

    hardware: dynamixel = motors on the serial port `port`, real or emulated. direct = joints over the topics
    driver/joint_states and driver/joint_command (sim_node, or a driver of your own).
    """

    hand: str
    policy: str
    hardware: Literal["dynamixel", "direct"]
    port: str
    shadow: bool
    max_reboots_per_hour: int
    robot: str = NO_ROBOT
    allow_unverified: bool = False
    max_velocity_rad_s: float | None = None
    max_step_rad: float | None = None
    current_limit_a: float | None = None

    @property
    def tightening(self) -> Tightening:
        """What this deployment lowers."""
        return Tightening(
            max_velocity_rad_s=self.max_velocity_rad_s,
            max_step_rad=self.max_step_rad,
            current_limit_a=self.current_limit_a,
        )


@dataclass(frozen=True, kw_only=True)
class HandSetup:
    """Hand, gate limits and start pose.

    port: serial device, None for a driver on topics. nominal: as trained: nothing tightened, targets written.
    """

    hand: RobotHand
    limits: GateLimits
    start_rad: NDArray[np.float64]
    port: str | None
    shadow: bool
    nominal: bool
    max_reboots_per_hour: int


def hand_setup(parameters: HandParameters) -> HandSetup:
    """Returns the setup for a hand and the policy it will run, or none. Raises ConfigError, BundleError."""
    hand = load_robot_hand(parameters.hand, parameters.robot)
    if hand.unverified and not (parameters.allow_unverified or parameters.shadow):
        raise ConfigError(
            f"{hand.name} is unverified in {list(hand.unverified)}: nobody has confirmed it; take what is right off "
            "that list in the hand's file, or allow_unverified:=true moves it all the same, and the recording says so"
        )
    manifest = None if parameters.policy == NO_POLICY else load_manifest(resource(parameters.policy))
    limits = gate_limits(hand, manifest, parameters.tightening)
    if manifest is not None:
        manifest.check_hand(hand)
        if parameters.tightening.nominal:
            check_decoder(manifest, limits)
    return HandSetup(
        hand=hand,
        limits=limits,
        start_rad=np.array(hand.home_pos_rad) if manifest is None else manifest.start_pos,
        port=parameters.port if parameters.hardware == "dynamixel" else None,
        shadow=parameters.shadow,
        max_reboots_per_hour=parameters.max_reboots_per_hour,
        nominal=parameters.tightening.nominal and not parameters.shadow,
    )


def new_control(port: HandPort, setup: HandSetup) -> HandControl:
    """Returns the control of a hand that was just connected: limp, at the beginning of everything."""
    return HandControl(port, setup.hand, setup.limits, setup.start_rad, shadow=setup.shadow)
