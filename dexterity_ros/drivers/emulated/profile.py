"""The motion profile between a motor's goal and what its controller follows, in ticks and seconds.

Source: ROBOTIS e-Manual, X series, "What is the Profile": without a profile velocity the goal is a step; without a
profile acceleration the velocity is rectangular; with both it is a trapezoid, or a triangle when the way is short.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ProfilePlan:
    """Limits of one motion. velocity in ticks/s and acceleration in ticks/s^2, 0 for no limit, as in the registers."""

    velocity: float = 0.0
    acceleration: float = 0.0


STEP = ProfilePlan()


def time_plan(distance: float, total_s: float, accelerating_s: float) -> ProfilePlan:
    """Returns the plan that covers `distance` ticks in `total_s`. accelerating_s: at most half of it counts.

    Source: e-Manual, Profile Velocity(112): time-based profile.
    """
    if total_s <= 0.0 or distance == 0.0:
        return STEP
    accelerating_s = min(accelerating_s, 0.5 * total_s)
    velocity = abs(distance) / (total_s - accelerating_s)
    return ProfilePlan(velocity=velocity, acceleration=velocity / accelerating_s if accelerating_s > 0.0 else 0.0)


class Profile:
    """Where a goal's trajectory is now; starts at rest."""

    def __init__(self) -> None:
        self.position = self.velocity = self.acceleration = 0.0
        self.plan = STEP

    def start(self, position: float) -> None:
        """Stands still at a position."""
        self.position, self.velocity, self.acceleration = position, 0.0, 0.0

    def advance(self, goal: float, elapsed_s: float) -> None:
        """Moves towards the goal as the plan permits."""
        if self.plan.velocity == 0.0:
            self.start(goal)
            return
        away = goal - self.position
        before, self.velocity = self.velocity, self._wanted_velocity(away, elapsed_s)
        self.acceleration = (self.velocity - before) / elapsed_s if elapsed_s > 0.0 else 0.0
        step = self.velocity * elapsed_s
        if abs(step) >= abs(away) and step * away >= 0.0:
            self.start(goal)
        else:
            self.position += step

    def _wanted_velocity(self, away: float, elapsed_s: float) -> float:
        plan = self.plan
        if plan.acceleration == 0.0:
            return math.copysign(plan.velocity, away)
        braking = math.sqrt(2.0 * plan.acceleration * abs(away))
        wanted = math.copysign(min(plan.velocity, braking), away)
        change = plan.acceleration * elapsed_s
        return min(max(wanted, self.velocity - change), self.velocity + change)
