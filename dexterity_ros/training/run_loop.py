"""The one loop of training runs: update after update until there is enough, or somebody wants it to end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tqdm import tqdm

from dexterity_ros.training.interruptible import interruptible


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a run repeats.

    unit: what its progress is counted in. total, enough: of these in the whole run, and now. done: how many there are.
    update: goes on by one update; returns what the progress bar shows. save: writes the checkpoint. due: whether that
    is due after an update.
    """

    unit: str
    total: int
    done: Callable[[], int]
    update: Callable[[], str]
    save: Callable[[], None]
    due: Callable[[], bool]
    enough: int | None = None


def repeat(job: Job, *, quiet: bool = False) -> None:
    """Goes on until enough is done, or Ctrl-C or SIGTERM came. What is begun is finished, and saved at the end."""
    enough = job.total if job.enough is None else job.enough
    bar = tqdm(total=job.total, initial=job.done(), unit=job.unit, unit_scale=True, mininterval=1.0, disable=quiet)
    with bar, interruptible() as interrupted:
        while (before := job.done()) < enough and not interrupted():
            bar.set_postfix_str(job.update(), refresh=False)
            bar.update(job.done() - before)
            if job.due() and job.done() < enough:
                job.save()
    job.save()


class EverySeconds:
    """Whether so many seconds have passed since it last said so, or since it was made."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def __call__(self) -> bool:
        """Returns it."""
        if time.monotonic() - self._last <= self._seconds:
            return False
        self._last = time.monotonic()
        return True
