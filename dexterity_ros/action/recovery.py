"""Watches whether a policy gets nearer to its goal, and shows it a decoy for a moment when it does not.

The decoy depends on the goal and on how often one was needed, on nothing else: a replay repeats it bit by bit.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.recovery import RecoverySpec


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is remembered of one hand () or of each of a batch (N,); quaternions (..., 4).

    goal, decoy: the task's goal, and what is shown instead while `recovering`. filtered, best: distance to the goal
    behind the filter, and the least since since_ns. since_ns: when it last became better, or watching began anew.
    led_ns: when the decoy began. count: decoys so far for this goal. seen_ns: the last step.
    """

    goal: Floats
    decoy: Floats
    filtered: Floats
    best: Floats
    seen_ns: NDArray[np.int64]
    since_ns: NDArray[np.int64]
    led_ns: NDArray[np.int64]
    count: NDArray[np.int64]
    recovering: Bools

    @property
    def shown(self) -> Floats:
        """The goal that the policy is shown, (..., 4)."""
        return np.where(self.recovering[..., None], self.decoy, self.goal)


def watch_progress(
    spec: RecoverySpec,
    before: Progress | None,
    *,
    distance: Floats,
    goal_quat_wxyz: Floats,
    object_quat_wxyz: Floats,
    now_ns: int,
) -> Progress:
    """Returns the progress after this control step.

    Args:
        spec: when a decoy leads, and for how long.
        before: what the last step returned; None at the first and after a reset.
        distance: to the goal as the task measures it, (...).
        goal_quat_wxyz: the task's goal, (..., 4).
        object_quat_wxyz: where the object is, (..., 4): decoys are turns away from it.
        now_ns: time of this step.
    """
    distance = np.asarray(distance, dtype=np.float64)
    progress = _first(distance, goal_quat_wxyz, now_ns) if before is None else before
    other = np.asarray((goal_quat_wxyz != progress.goal).any(axis=-1))
    progress = _begin(progress, distance, now_ns, where=other)
    progress = replace(progress, goal=goal_quat_wxyz, count=np.where(other, 0, progress.count))
    progress = _follow(spec, progress, distance, now_ns)
    over = progress.recovering & (now_ns - progress.led_ns >= round(spec.lead_s * 1e9))
    progress = _begin(progress, progress.filtered, now_ns, where=over)
    stuck = ~progress.recovering & (now_ns - progress.since_ns >= round(spec.after_s * 1e9))
    return _lead(spec, progress, object_quat_wxyz, now_ns, where=stuck) if stuck.any() else progress


def _first(distance: Floats, goal: Floats, now_ns: int) -> Progress:
    now = np.full(distance.shape, now_ns)
    none = np.zeros(distance.shape, dtype=np.int64)
    return Progress(
        goal=goal, decoy=goal, filtered=distance, best=distance, seen_ns=now, since_ns=now, led_ns=now, count=none,
        recovering=none > 0,
    )  # fmt: skip


def _begin(progress: Progress, distance: Floats, now_ns: int, *, where: Bools) -> Progress:
    """Begins to watch anew at this distance, where asked; what led there gives back."""
    return replace(
        progress,
        filtered=np.where(where, distance, progress.filtered),
        best=np.where(where, distance, progress.best),
        since_ns=np.where(where, now_ns, progress.since_ns),
        recovering=np.asarray(progress.recovering & ~where),
    )


def _follow(spec: RecoverySpec, progress: Progress, distance: Floats, now_ns: int) -> Progress:
    """Filters the distance, and notes since when it has not become smaller."""
    elapsed_s = (now_ns - progress.seen_ns) * 1e-9
    share = np.minimum(elapsed_s / spec.filter_s, 1.0) if spec.filter_s > 0.0 else 1.0
    filtered = progress.filtered + share * (distance - progress.filtered)
    nearer = filtered < progress.best - spec.gain
    return replace(
        progress,
        filtered=filtered,
        best=np.where(nearer, filtered, progress.best),
        seen_ns=np.full(distance.shape, now_ns),
        since_ns=np.where(nearer, now_ns, progress.since_ns),
    )


def _lead(spec: RecoverySpec, progress: Progress, object_quat: Floats, now_ns: int, *, where: Bools) -> Progress:
    """Places a decoy where asked."""
    hands = [()] if where.ndim == 0 else [tuple(hand) for hand in np.argwhere(where)]
    decoy = progress.decoy.copy()
    for hand in hands:
        turn = rotvec_to_quat(spec.decoy_rad * _axis(progress.goal[hand], int(progress.count[hand])))
        decoy[hand] = quat_multiply(turn, object_quat[hand])
    return replace(
        progress,
        decoy=decoy,
        count=np.where(where, progress.count + 1, progress.count),
        led_ns=np.where(where, now_ns, progress.led_ns),
        recovering=np.asarray(progress.recovering | where),
    )


def _axis(goal_quat_wxyz: Floats, count: int) -> Floats:
    """Returns the axis of a goal's decoy number `count`, (3,): the goal's bits are the seed."""
    bits = np.ascontiguousarray(goal_quat_wxyz, dtype=np.float64).view(np.uint32)
    axis = np.random.default_rng([*bits.tolist(), count]).normal(size=3)
    unit: Floats = axis / np.sqrt((axis**2).sum())
    return unit
