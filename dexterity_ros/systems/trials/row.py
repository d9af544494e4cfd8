"""A row of trials from the first to the last: asks the person, has the robot run each trial, keeps the sheet."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.person import Person, Question
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, Sheet, SheetRow
from dexterity_ros.runtime.ending import INTERRUPTED

PLACE, WHERE = "place the object", "where is the object"  # kinds of questions
READY, IN_HAND, DROPPED = "ready", "in the hand", "dropped"
_GIVE_UP = 3  # trials in a row that say nothing about the policy
_PLACED = 5  # times that a person puts the object in before the trial counts as failed


class Robot(Protocol):
    """What runs a trial (systems/trials/robot.py)."""

    def ready(self, episode: int) -> None:
        """Has a system running for a trial. Raises DexterityError."""

    def leave(self) -> None:
        """Ends the system that runs, if one does."""

    def put_back(self) -> None:
        """Puts the object into an emulated hand."""

    def at_rest(self) -> str:
        """Waits until the object is seen and still; returns why not, if it is not in time."""
        ...

    def trial(self, bag: Path, dropped: Callable[[], bool], say: Callable[[str], None]) -> Ended:
        """Returns what came of a trial."""
        ...


class RowOfTrials:
    """The trials that a sheet still lacks."""

    def __init__(
        self,
        plan: TrialPlan,
        sheet: Sheet,
        robot: Robot,
        person: Person,
        *,
        say: Callable[[str], None],
        cause: Callable[[Path], str],
        asked_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        """cause: says why a recorded trial ended as it did. asked_to_end: whether somebody wants to break off."""
        self._plan, self._sheet, self._robot, self._person = plan, sheet, robot, person
        self._say, self._cause, self._asked_to_end = say, cause, asked_to_end
        self._folder = sheet.path.parent

    def run(self, episodes: int) -> str:
        """Runs what is missing of so many trials in all. Returns why before the last one, else nothing.

        A trial that fails for reasons of its own is on the sheet and done again; three such in a row are the end.
        """
        in_vain = 0
        try:
            self._explain_what_is_left()
            while (episode := self._sheet.next_episode(episodes)) is not None:
                row = self._one(episode, episodes)
                in_vain = 0 if row.ended.counts else in_vain + 1
                if in_vain >= _GIVE_UP:
                    return f"{in_vain} trials in a row came to nothing; the last: {row.ended.detail}"
                if self._asked_to_end():
                    return INTERRUPTED
        except KeyboardInterrupt:
            return INTERRUPTED
        except HandError as error:
            return str(error)
        finally:
            self._robot.leave()
        return ""

    def _one(self, episode: int, episodes: int) -> SheetRow:
        bag, began = self._free_bag(episode), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            self._robot.ready(episode)
            self._place(f"Trial {episode} of {episodes}")
            ended = self._robot.trial(bag, self._dropped, self._say)
        except KeyboardInterrupt:
            if bag.exists():
                self._keep(episode, Ended(outcome=Outcome.INTERRUPTED, by="person"), bag, began)
            raise
        except DexterityError as error:
            self._robot.leave()
            if isinstance(error, HandError) and not bag.exists():  # nobody to put the object in: no trial has begun
                raise
            return self._keep(episode, Ended(outcome=Outcome.FAULT, by="robot", detail=str(error)), bag, began)
        row = self._keep(episode, ended, bag, began)
        self._explain(row)
        return row

    def _place(self, title: str) -> None:
        """Has the object put in until it lies still. Raises PlaceError when it never does."""
        why = ""
        for _ in range(_PLACED):
            text = (
                f"{title}: put the object into the hand and take yours away. The hand moves as soon as it lies still."
            )
            self._person.ask(Question(about=PLACE, text=text, choices=(READY,), expected=READY))
            self._robot.put_back()
            if not (why := self._robot.at_rest()):
                return
            self._say(f"  {why}")
        raise PlaceError(f"the object was put in {_PLACED} times and never lay still: {why}")

    def _dropped(self) -> bool:
        text = (
            "The camera does not see the object. Where is it? The hand stands still until you answer, "
            "then it moves on: take yours away first."
        )
        question = Question(about=WHERE, text=text, choices=(IN_HAND, DROPPED), expected=IN_HAND)
        return self._person.ask(question) == DROPPED

    def _keep(self, episode: int, ended: Ended, bag: Path, began: str) -> SheetRow:
        recorded = f"{bag.relative_to(self._folder)}" if bag.exists() else ""
        policy = self._plan.policy(episode).name
        row = SheetRow(episode=episode, policy=policy, ended=ended, began=began, bag=recorded)
        self._sheet.add(row)
        said = f"{len(ended.goal_times_s)} goals in a row, then: {ended.outcome}"
        self._say(f"  {said}{f' ({ended.detail})' if ended.detail else ''}")
        return row

    def _explain(self, row: SheetRow) -> None:
        """Looks for the cause while the person puts the object back. A perfect trial needs none."""
        if row.ended.outcome is not Outcome.ALL_GOALS and row.bag:
            cause = self._cause(self._folder / row.bag)
            self._sheet.explain(row, cause)
            self._say(f"  {cause}")

    def _explain_what_is_left(self) -> None:
        """Explains the trials after which somebody broke off."""
        for row in [row for row in self._sheet.rows if row.ended.counts and not row.cause]:
            self._explain(row)

    def _free_bag(self, episode: int) -> Path:
        """Returns a folder that no trial has recorded into."""
        name, again = f"episode_{episode:03d}", 1
        while (bag := self._folder / (name if again == 1 else f"{name}_again_{again}")).exists():
            again += 1
        return bag


class PlaceError(DexterityError):
    """The object did not come to rest in the hand."""
