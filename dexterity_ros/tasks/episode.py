"""Episode: the clocks and counts of N goals, the same for training, judge, goal_node and imitation."""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.tasks.sight import Goals, Moment, Sight, Verdict, goal_error_rad
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.tasks.table import TASKS


@dataclass(frozen=True, kw_only=True)
class Episode:
    """N goals under the rules of a task; whoever calls it draws the goals, and says when a new one is given.

    centre_m: the grasp centre, hand frame, (3,). period_ns: of control. slack_ns: by how much samples may come early.
    symmetry: turns of the object that nobody can see, and that no goal asks for.
    """

    task: TaskSpec
    centre_m: Floats
    period_ns: int
    slack_ns: int
    goals: Goals
    symmetry: Symmetry = NO_SYMMETRY

    def step(self, moment: Moment) -> tuple["Episode", Verdict]:
        """Returns (the episode after this control step, what it says of each goal); once per control step."""
        before = self.goals
        error = goal_error_rad(moment.quat_wxyz, moment.goal_quat_wxyz, self.symmetry)
        near = error < self.task.success_rad if moment.called is None else moment.called
        if moment.known is not None:
            near, error = near & moment.known, np.where(moment.known, error, before.error_rad)
        since = np.where(before.near_since_ns < 0, moment.look_ns, before.near_since_ns)
        goals = replace(
            before,
            near_since_ns=np.where(near, since, -1),
            error_rad=error,
            least_rad=np.minimum(before.least_rad, error),
        )
        after = replace(self, goals=goals)
        return after, after._verdict(moment, before.error_rad - error)

    def given(self, which: Bools, moment: Moment, limit_ns: Ints | None = None) -> "Episode":
        """Returns the episode in which the goals at `which` (N,) are new. limit_ns: of those; None = the task's."""
        old, now = self.goals, moment.now_ns
        error = goal_error_rad(moment.quat_wxyz, moment.goal_quat_wxyz, self.symmetry)
        limits = old.limit_ns.copy()
        limits[which] = self.usual_limit_ns if limit_ns is None else limit_ns
        goals = Goals(
            given_ns=np.where(which, now, old.given_ns),
            limit_ns=limits,
            near_since_ns=np.where(which, -1, old.near_since_ns),
            error_rad=np.where(which, error, old.error_rad),
            least_rad=np.where(which, error, old.least_rad),
            first_rad=np.where(which, error, old.first_rad),
        )
        return replace(self, goals=goals)

    def look(self, moment: Moment) -> Sight:
        """Returns the goals as they stand."""
        return Sight(
            task=self.task,
            moment=moment,
            goals=self.goals,
            centre_m=self.centre_m,
            period_ns=self.period_ns,
            slack_ns=self.slack_ns,
        )

    @property
    def usual_limit_ns(self) -> int:
        """The task's time-out in whole control steps."""
        return round(self.task.goal_timeout_s * 1e9 / self.period_ns) * self.period_ns

    def _verdict(self, moment: Moment, progress_rad: Floats) -> Verdict:
        sight = self.look(moment)
        there, dropped = TASKS[self.task.kind].judge(sight)
        return Verdict(
            there=there,
            dropped=dropped,
            timed_out=sight.timed_out,
            error_rad=self.goals.error_rad,
            progress_rad=progress_rad,
            off_centre=sight.distance_m / self.task.drop_distance_m,
        )


def new_episode(
    task: TaskSpec,
    grasp_centre_m: tuple[float, float, float],
    count: int,
    *,
    period_s: float,
    slack_s: float = 0.0,
    symmetry: Symmetry = NO_SYMMETRY,
) -> Episode:
    """Returns an episode of `count` goals, none of which has been given yet."""
    nothing, never = np.zeros(count), np.full(count, -1, dtype=np.int64)
    start = np.zeros(count, dtype=np.int64)
    goals = Goals(
        given_ns=start, limit_ns=start, near_since_ns=never, error_rad=nothing, least_rad=nothing, first_rad=nothing
    )
    return Episode(
        task=task,
        centre_m=np.array(grasp_centre_m),
        period_ns=round(period_s * 1e9),
        slack_ns=round(slack_s * 1e9),
        goals=goals,
        symmetry=symmetry,
    )
