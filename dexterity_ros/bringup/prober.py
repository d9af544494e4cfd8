"""Slow motions of a hand that is being measured: along a ramp, held, and against stops, at the walk's own speed."""

import numpy as np

from dexterity_ros.action.ramp import Ramp
from dexterity_ros.bringup.manual import PERIOD_S, HandError, ManualHand
from dexterity_ros.contracts.arrays import Bools, Floats

STEADY_RAD_S = 0.45  # of goals: a joint that breaks loose stays below the ceiling of the walk
_PUSH_RAD_S = 0.35
_STILL_RAD, _STILL_S = 0.003, 0.25  # a joint that moves less in this time stands
_PUSHING = 0.85  # share of the current ceiling at which a joint that stands is at a stop
_READ_S = 0.2


class Prober:
    """Moves the goals of a hand that has torque, all joints at once or some of them. Arrays are (n,), rad."""

    def __init__(self, manual: ManualHand, current_a: float) -> None:
        """Switches torque on where the hand stands. current_a: ceiling of each motor. Raises HandError."""
        self._manual, self._current_a = manual, current_a
        self.goal_rad = manual.look().pos_rad
        manual.ease_to(self.goal_rad)

    def to(self, pose_rad: Floats) -> None:
        """Follows a ramp to a pose, (n,) rad."""
        ramp = Ramp(start_rad=self.goal_rad, end_rad=pose_rad, max_velocity_rad_s=STEADY_RAD_S, now_ns=0)
        for cycle in range(1, round(ramp.duration_s / PERIOD_S) + 2):
            self._manual.tick(ramp.step(round(cycle * PERIOD_S * 1e9)))
        self.goal_rad = pose_rad.copy()

    def rest(self) -> Floats:
        """Holds for a while. Returns where the joints stand: the mean of what was measured at the end."""
        seen = []
        for _ in range(round(_READ_S / PERIOD_S)):
            measured = self._manual.tick(self.goal_rad).measured
            if measured is not None:
                seen.append(measured.pos_rad)
        if not seen:
            raise HandError(f"the hand could not be read for {_READ_S} s: cables, power")
        return np.mean(seen[-10:], axis=0)

    def push(self, way: Floats) -> Floats:
        """Moves joints until each stands against something. Returns where all stand, (n,) rad.

        way: direction of each joint, (n,), 1 or -1; 0 stays. Raises HandError for one that meets no stop.
        """
        goal, moving = self.goal_rad.copy(), way != 0.0
        stood, seen = goal.copy(), list[Floats]()
        while moving.any():
            goal = goal + np.where(moving & ~self._pushes(), way * _PUSH_RAD_S * PERIOD_S, 0.0)
            self._check_turn(goal)
            measured = self._manual.tick(goal).measured
            if measured is None:
                continue
            seen = [*seen[-round(_STILL_S / PERIOD_S) :], measured.pos_rad]
            arrived = moving & self._stands(seen)
            stood = np.where(arrived, measured.pos_rad, stood)
            goal = np.where(arrived, measured.pos_rad, goal)
            moving = moving & ~arrived
        self.goal_rad = goal
        return stood

    def _stands(self, seen: list[Floats]) -> Bools:
        """Returns which joints push with their current and do not move."""
        if len(seen) <= round(_STILL_S / PERIOD_S):
            return np.zeros(len(seen[0]), dtype=bool)
        return (np.abs(seen[-1] - seen[0]) < _STILL_RAD) & self._pushes()

    def _pushes(self) -> Bools:
        """Returns which motors draw nearly all they may; their goals wait, or they would jump once they come loose."""
        health = self._manual.driver.health()
        drawn = np.zeros(len(self.goal_rad)) if health is None else np.abs(health.current_a)
        pushes: Bools = drawn > _PUSHING * self._current_a
        return pushes

    def _check_turn(self, goal: Floats) -> None:
        """Raises HandError when a goal leaves the motor's turn: it would be cut, and no stop ever met."""
        outside = [
            joint.name
            for joint, goal_rad in zip(self._manual.spec.joints, goal, strict=True)
            if not joint.lower_rad <= goal_rad <= joint.upper_rad
        ]
        if outside:
            raise HandError(
                f"{', '.join(outside)} came to the end of its motor's turn (tick 0 or 4095) before a stop: its horn is "
                "mounted a quarter of a turn off, or more; mount it so that the joint's middle is near tick 2048"
            )
