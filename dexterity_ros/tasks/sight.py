"""What of N goals is looked at in a control step, and what is said of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.tasks.spec import TaskSpec


def goal_error_rad(object_quat_wxyz: Floats, goal_quat_wxyz: Floats, symmetry: Symmetry = NO_SYMMETRY) -> Floats:
    """Returns the angle between object and goal in rad, shape (...); of what looks alike, the smallest."""
    if not symmetry.trivial:
        return symmetry.angle_rad(object_quat_wxyz, goal_quat_wxyz)
    error: Floats = rotation_angle(rotation_between(object_quat_wxyz, goal_quat_wxyz))
    return error


@dataclass(frozen=True, kw_only=True)
class Moment:
    """N objects and their goals at one time: all that a verdict rests on, and no more than goal_node knows.

    now_ns: of any clock that goes forward only, (N,). pos_m: in the hand frame, (N, 3). quat_wxyz, goal_quat_wxyz:
    (N, 4). known: where the pose is known, (N,); None = everywhere. called: where somebody says that the object is
    there, (N,), which counts in place of the pose; None = the pose counts. seen_ns: when the poses were seen, of any
    clock that goes forward, (N,); None = now. An object that is not looked at again has not been held for longer.
    """

    now_ns: Ints
    pos_m: Floats
    quat_wxyz: Floats
    goal_quat_wxyz: Floats
    known: Bools | None = None
    called: Bools | None = None
    seen_ns: Ints | None = None

    @property
    def look_ns(self) -> Ints:
        """When the object was looked at, (N,)."""
        return self.now_ns if self.seen_ns is None else self.seen_ns


@dataclass(frozen=True, kw_only=True)
class Goals:
    """How N goals stand, each (N,).

    given_ns, limit_ns: when each was given, and how long it may take. near_since_ns: since which look the object has
    been there without a break, -1 where it is not. error_rad: from object to goal, at the last look; least_rad: at the
    best; first_rad: when it was given.
    """

    given_ns: Ints
    limit_ns: Ints
    near_since_ns: Ints
    error_rad: Floats
    least_rad: Floats
    first_rad: Floats


@dataclass(frozen=True, kw_only=True)
class Sight:
    """N goals at one moment, each property (N,). slack_ns: by how much a sample may come too early to be counted."""

    task: TaskSpec
    moment: Moment
    goals: Goals
    centre_m: Floats
    period_ns: int
    slack_ns: int

    @cached_property
    def age_ns(self) -> Ints:
        """Since the goal was given."""
        return self.moment.now_ns - self.goals.given_ns

    @property
    def age_steps(self) -> Ints:
        """The same in control steps."""
        return self.age_ns // self.period_ns

    @property
    def timed_out(self) -> Bools:
        """Its time is over."""
        return self.age_ns >= self.goals.limit_ns

    @property
    def near(self) -> Bools:
        """The error is below success_rad; or somebody says so."""
        return self.goals.near_since_ns >= 0

    @property
    def held(self) -> Bools:
        """It has been near for hold_steps control steps in a row."""
        needed_ns = (self.task.hold_steps - 1) * self.period_ns - self.slack_ns
        return self.near & (self.moment.look_ns - self.goals.near_since_ns >= needed_ns)

    @property
    def held_steps(self) -> Ints:
        """For how many control steps in a row it has been near."""
        steps = (self.moment.look_ns - self.goals.near_since_ns) // self.period_ns + 1
        return np.where(self.near, steps, 0)

    @cached_property
    def distance_m(self) -> Floats:
        """Of the object from the grasp centre."""
        distance: Floats = np.sqrt(((self.moment.pos_m - self.centre_m) ** 2).sum(axis=-1))
        return distance

    @property
    def away(self) -> Bools:
        """The object is beyond drop_distance_m; a position that is not a number is, an unknown one is not."""
        away: Bools = ~(self.distance_m <= self.task.drop_distance_m)
        return away if self.moment.known is None else away & self.moment.known


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is said of N goals after a control step, each (N,).

    there: the object is where it should be, long enough. dropped: it is lost. timed_out: the time is over.
    progress_rad: by how much the error became smaller. off_centre: from the grasp centre, 1 = lost.
    """

    there: Bools
    dropped: Bools
    timed_out: Bools
    error_rad: Floats
    progress_rad: Floats
    off_centre: Floats

    @property
    def reached(self) -> Bools:
        """Goals that ended well."""
        return self.there & ~self.dropped

    @property
    def late(self) -> Bools:
        """Goals that ended because their time was over."""
        return self.timed_out & ~self.there & ~self.dropped

    @property
    def over(self) -> Bools:
        """Goals that ended."""
        return self.there | self.dropped | self.timed_out
