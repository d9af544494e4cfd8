"""What is wrong with a training run, by its log: numbers that are none, no goals, objects that fly out."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats

_LATELY = 20  # rows of the log
_NONE_SHARE = 0.01  # of goals; fewer is none
_DROP_SHARE = 0.8  # of goals that end with a drop: the object does not stay in the hand
_FELL_SHARE, _GOOD_SHARE = 0.5, 0.2  # of the best rate so far; a best rate that is worth to speak of
_UNEXPLAINED = 0.9  # of the teacher's actions


def teacher_findings(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Returns what is wrong with a teacher's run in sentences, the likely cause first."""
    rate, steps = column(rows, "goal_fraction"), column(rows, "steps") / 1e6
    return (*_not_finite(rows, steps), *_nothing_reached(rows, rate, steps), *_fell_back(rate, steps))


def student_findings(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Returns what is wrong with a student's run in sentences, the likely cause first."""
    last, labels = rows[-1], column(rows, "labels") / 1e6
    said = list(_not_finite(rows, labels))
    missed = last.get("unexplained")
    if last.get("rate", 1.0) < _NONE_SHARE:
        why = "" if missed is None else f"; the student misses {100 * missed:.0f} % of the teacher's actions"
        said.append(
            f"No goal was reached in the last of {last.get('rounds', len(rows))} rounds{why}. Look at what the student "
            "sees: can the teacher's action be told from it?"
        )
    elif missed is not None and missed > _UNEXPLAINED:
        said.append(
            f"The student misses {100 * missed:.0f} % of the teacher's actions. Look at its observation, and whether "
            "there are enough labels."
        )
    return tuple(said)


def column(rows: Sequence[dict[str, Any]], key: str) -> Floats:
    """Returns a number of every row, (rows,); NaN where there is none."""
    return np.array([_number(row.get(key)) for row in rows])


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _not_finite(rows: Sequence[dict[str, Any]], steps: Floats) -> Iterator[str]:
    """Numbers that the log holds and that are none; a missing one says only that nothing was measured."""
    first: dict[str, int] = {}
    for k, row in enumerate(rows):
        for key, value in row.items():
            if isinstance(value, float) and not np.isfinite(value):
                first.setdefault(key, k)
    if first:
        names = sorted(first, key=lambda key: first[key])
        at = steps[first[names[0]]]
        yield (
            f"{', '.join(names[:4])} is not a number from {at:.2f} million on: learning diverged. Look at the learning "
            "rate and the clipping of gradients, and whether MuJoCo warns that the simulation is unstable."
        )


def _nothing_reached(rows: Sequence[dict[str, Any]], rate: Floats, steps: Floats) -> Iterator[str]:
    if len(rows) < _LATELY:
        return
    reached, dropped, late = (_mean(rows, f"reward_{name}") for name in ("success", "drop", "late"))
    ended = reached + dropped + late
    drops = dropped / ended if ended > 0.0 else 0.0
    none = np.nanmean(rate[-_LATELY:]) < _NONE_SHARE
    before = f"No goal was reached lately, after {steps[-1]:.1f} million steps: " if none else ""
    if drops > _DROP_SHARE:
        fly = f"{100 * drops:.0f} % of goals end with the object out of the hand"
        yield f"{before or 'Objects fly out: '}{fly}. Look at starting grasps, step size of the actions and contacts."
    elif none:
        yield (
            f"{before}objects stay in the hand and do not turn to their goals. Look at the reward of progress, the "
            "size of the first goals and how long the run has gone on."
        )


def _mean(rows: Sequence[dict[str, Any]], key: str) -> float:
    known = column(rows[-_LATELY:], key)
    return float(np.nanmean(known)) if np.isfinite(known).any() else 0.0


def _fell_back(rate: Floats, steps: Floats) -> Iterator[str]:
    if len(rate) < 2 * _LATELY:
        return
    smooth = np.convolve(np.nan_to_num(rate), np.full(_LATELY, 1.0 / _LATELY), mode="valid")
    best = int(smooth.argmax())
    if smooth[best] > _GOOD_SHARE and smooth[-1] < _FELL_SHARE * smooth[best]:
        yield (
            f"Learning fell back: {100 * smooth[best]:.0f} % of goals at {steps[best + _LATELY - 1]:.1f} million "
            f"steps, {100 * smooth[-1]:.0f} % now. Look at KL and entropy, and at what the curriculum widened then."
        )
