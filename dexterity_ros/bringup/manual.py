"""A hand without ROS, for bring-up: eases to a pose, holds it, lets go. Through the same driver, control and gate."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import DexterityError, Fault
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus
from dexterity_ros.drivers.open import hand_on_bus
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget, Phase
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import Tightening, gate_limits
from dexterity_ros.safety.preflight import joints_outside

PERIOD_S = 0.01
_PERIOD_NS = round(PERIOD_S * 1e9)
_LET_GO_S = 3.0
_FALLING_SHARE = 0.3  # of the speed that is allowed
_EASE_S = 20.0  # easing takes less; more means that something keeps the hand from it


class HandError(DexterityError):
    """The hand is not as it should be; nothing moves, or it has been let go."""


class Clock(Protocol):
    """Real time, or the time of an emulated bus."""

    def now_ns(self) -> int:
        """Returns the time."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Lets time pass."""
        ...


class RealClock:
    """The monotonic clock."""

    def now_ns(self) -> int:
        """Returns the time."""
        return time.monotonic_ns()

    def sleep(self, duration_s: float) -> None:
        """Sleeps."""
        time.sleep(max(duration_s, 0.0))


class ManualHand:
    """One person, one hand: whoever calls is the supervisor, and Ctrl-C lets go."""

    def __init__(
        self,
        hand: RobotHand,
        open_bus: Callable[[], DynamixelBus],
        clock: Clock,
        *,
        current_limit_a: float | None = None,
        max_velocity_rad_s: float | None = None,
        asked_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        """current_limit_a, max_velocity_rad_s: at most the hand's, the default. Raises ConfigError when it is more.

        asked_to_end: looked at in every cycle, in case the KeyboardInterrupt of a signal was lost.
        """
        self.spec, self._clock, self._asked_to_end = hand, clock, asked_to_end
        self._limits = gate_limits(
            hand, None, Tightening(current_limit_a=current_limit_a, max_velocity_rad_s=max_velocity_rad_s)
        )
        self.driver = hand_on_bus(hand, open_bus, current_limit_a=self._limits.current_limit_a)
        self._control: HandControl | None = None
        self._reset = 0

    @property
    def max_velocity_rad_s(self) -> float:
        """How fast a joint may be asked to move."""
        return self._limits.max_velocity_rad_s

    def connect(self) -> None:
        """Opens the bus and checks every motor. Raises HandError with all that is wrong."""
        if problems := self.driver.connect():
            raise HandError("; ".join(problems))

    def read(self) -> JointSample:
        """Returns a measurement. Raises HandError."""
        sample = self.driver.read(self._clock.now_ns())
        if isinstance(sample, Fault):
            raise HandError(str(sample))
        return sample

    def limp(self) -> None:
        """Switches off whatever torque the motors hold, so that a person can move them. Raises HandError."""
        if (fault := self.driver.set_torque(False)) is not None:
            raise HandError(str(fault))

    def look(self) -> JointSample:
        """Returns a measurement after every motor's temperature and supply have been read once."""
        for _ in self.spec.joints:
            sample = self.read()
        return sample

    def ease_to(self, pose_rad: Floats) -> None:
        """Switches torque on where the hand stands and eases to a pose, (n,). Raises HandError; then torque is off."""
        if outside := joints_outside(self.spec, self.look()):
            raise HandError("; ".join(outside))
        inside = np.clip(pose_rad, self._limits.lower_rad, self._limits.upper_rad)
        self._control = HandControl(self.driver, self.spec, self._limits, inside, shadow=False)
        self._reset = 0
        now = self._clock.now_ns()
        if (fault := self._control.activate(Permit(armed=True, heartbeat_ns=now), now)) is not None:
            raise HandError(str(fault))
        began_ns = self._clock.now_ns()
        while self._control.phase is Phase.EASING:
            self.tick(None)
            if (self._clock.now_ns() - began_ns) * 1e-9 > _EASE_S:
                self.let_go()
                raise HandError(f"the pose was not reached in {_EASE_S:.0f} s; the hand says {self._control.state}")

    def tick(self, pose_rad: Floats | None) -> HandTick:
        """Runs one control cycle: follows a pose, (n,), or holds.

        Raises HandError when a fault switches the torque off, KeyboardInterrupt when the process was asked to end.
        """
        assert self._control is not None
        if self._asked_to_end():
            raise KeyboardInterrupt
        now = self._clock.now_ns()
        self._clock.sleep((_PERIOD_NS - now % _PERIOD_NS) * 1e-9)
        now = self._clock.now_ns()
        wanted = None
        if pose_rad is not None:
            wanted = NumberedTarget(reset=self._reset, target=JointTarget(stamp_ns=now, pos_rad=pose_rad))
        tick = self._control.tick(wanted, Permit(armed=True, heartbeat_ns=now), now)
        self._reset = self._reset if tick.new_reset is None else tick.new_reset
        if self._control.phase in (Phase.LETTING_GO, Phase.STOPPED):
            self._until_limp()
            raise HandError(self._control.reason)
        return tick

    def hold(self, duration_s: float, each: Callable[[HandTick], None] | None = None) -> None:
        """Holds for a while."""
        end = self._clock.now_ns() + round(duration_s * 1e9)
        while self._clock.now_ns() < end:
            tick = self.tick(None)
            if each is not None:
                each(tick)

    def let_go(self) -> None:
        """Lets the current fade, then switches the torque off. Raises HandError when a motor does not confirm that."""
        if self._control is None or not self._control.powered:
            return
        self._control.ease_out(self._clock.now_ns())
        self._until_limp()

    def _until_limp(self) -> None:
        """Runs cycles until no motor has torque. Raises HandError when one does not confirm that."""
        assert self._control is not None
        began, falls = self._clock.now_ns(), False
        while self._control.powered:
            if (self._clock.now_ns() - began) * 1e-9 > _LET_GO_S:
                raise HandError(f"a motor may still have torque, cut the power: {self._control.state}")
            now = self._clock.now_ns()
            self._clock.sleep((_PERIOD_NS - now % _PERIOD_NS) * 1e-9)
            now = self._clock.now_ns()
            tick = self._control.tick(None, Permit(armed=False, disarmed=not falls, heartbeat_ns=now), now)
            falls = tick.measured is not None and self._falls(tick.measured)

    def _falls(self, measured: JointSample) -> bool:
        """Returns whether a joint falls while its current fades: its gears hold it better without a motor that yields.

        A permit that no longer says disarmed switches the torque off at once.
        """
        return bool(np.abs(measured.vel_rad_s).max() > _FALLING_SHARE * self.max_velocity_rad_s)

    def take_torque(self) -> bool:
        """Switches the torque off if there may be any. Returns whether every motor has confirmed it."""
        if self._control is None or not self._control.powered:
            return True
        self.driver.read(self._clock.now_ns())  # which opens a lost bus again
        return self._control.deactivate() is None

    def close(self) -> None:
        """Switches the torque off if there is any, and closes the port."""
        if self._control is not None and self._control.powered:
            self._control.deactivate()
        self.driver.close()
