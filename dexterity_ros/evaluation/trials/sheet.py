"""The sheet of trials: one row per trial that was started, a CSV file that a spreadsheet opens. It is all the state."""

import csv
import enum
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming, printable, read_bounded, shown_path
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.evaluation.trials.plan import TrialPlan

SHEET_FILE = "trials.csv"
_MOST_BYTES = 10_000_000
_HIDDEN = "hidden"  # the policy, as long as trials of several are under way


class Outcome(enum.StrEnum):
    """How a trial ended."""

    ALL_GOALS = "all goals"
    DROPPED = "dropped"
    TIME_OUT = "time-out"
    TIME_UP = "time up"
    STOPPED = "stopped"
    FAULT = "fault"
    DISARMED = "disarmed"
    INTERRUPTED = "interrupted"


# These say nothing about the policy, and the trial is done again.
_AGAIN = (Outcome.FAULT, Outcome.DISARMED, Outcome.INTERRUPTED)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of a trial.

    by: who says so: the camera, the person or the robot. detail: the robot's words. goal_times_s: of each goal that
    was reached. lasted_s: from the first goal on.
    """

    outcome: Outcome
    by: str
    goal_times_s: tuple[float, ...] = ()
    lasted_s: float = 0.0
    detail: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says something about the policy; else it is done again."""
        return self.outcome not in _AGAIN

    @property
    def attempted(self) -> int:
        """Goals that were begun: one more than were reached, unless these were all, or their time was up.

        A stop of the robot ends the goal at which it happened as missed.
        """
        whole = self.outcome in (Outcome.ALL_GOALS, Outcome.TIME_UP)
        return len(self.goal_times_s) + (0 if whole else 1)


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """A trial on the sheet. began: UTC. bag: below the sheet's folder. cause: what `compare` says of the bag.

    note: free for whoever edits the sheet.
    """

    episode: int
    policy: str
    ended: Ended
    began: str = ""
    bag: str = ""
    cause: str = ""
    note: str = ""


COLUMNS = (
    "episode",
    "policy",
    "outcome",
    "said_by",
    "counts",
    "goals_in_a_row",
    "goals_attempted",
    "seconds_per_goal",
    "goal_seconds",
    "lasted_s",
    "cause",
    "detail",
    "began",
    "bag",
    "note",
)


class Sheet:
    """The rows so far, in a file that is written after every trial, all or nothing."""

    def __init__(self, path: Path, plan: TrialPlan) -> None:
        """Reads what is there. Raises ConfigError for a file that is no such sheet."""
        self.path, self._plan = path, plan
        self.rows: list[SheetRow] = list(_read(path)) if path.exists() else []

    @property
    def counted(self) -> list[SheetRow]:
        """The trials that say something about a policy, each with its policy, whether or not the file shows it."""
        return [replace(row, policy=self._plan.policy(row.episode).name) for row in self.rows if row.ended.counts]

    def next_episode(self, episodes: int) -> int | None:
        """Returns the first trial of so many that has no counted row yet; None when there is none left."""
        done = {row.episode for row in self.rows if row.ended.counts}
        return next((episode for episode in range(1, episodes + 1) if episode not in done), None)

    def add(self, row: SheetRow) -> None:
        """Adds a row, and writes. Raises FileError."""
        self.rows.append(row)
        self._write(reveal=not self._plan.blind)

    def explain(self, row: SheetRow, cause: str) -> None:
        """Says why a trial ended as it did, and writes. Raises FileError."""
        self.rows[self.rows.index(row)] = replace(row, cause=cause)
        self._write(reveal=not self._plan.blind)

    def reveal(self) -> None:
        """Writes the policies into the file too. Raises FileError."""
        self._write(reveal=True)

    def shown(self, row: SheetRow, *, reveal: bool) -> dict[str, str]:
        """Returns the cells of a row by column."""
        ended, times = row.ended, row.ended.goal_times_s
        cells: dict[str, object] = {
            "episode": row.episode,
            "policy": self._plan.policy(row.episode).name if reveal else _HIDDEN,
            "outcome": ended.outcome.value,
            "said_by": ended.by,
            "counts": "yes" if ended.counts else "no",
            "goals_in_a_row": len(times),
            "goals_attempted": ended.attempted,
            "seconds_per_goal": round(sum(times) / len(times), 2) if times else "",
            "goal_seconds": " ".join(f"{time:.2f}" for time in times),
            "lasted_s": round(ended.lasted_s, 2),
            "cause": row.cause,
            "detail": ended.detail,
            "began": row.began,
            "bag": row.bag,
            "note": row.note,
        }
        return {name: printable(str(cell)) for name, cell in cells.items()}

    def _write(self, *, reveal: bool) -> None:
        stream = io.StringIO()
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.shown(row, reveal=reveal) for row in self.rows)
        with naming(self.path), drafted(self.path) as draft:
            draft.write_text(stream.getvalue(), encoding="utf-8")


def _read(path: Path) -> Iterator[SheetRow]:
    """Yields the rows of a file, also one that a spreadsheet has saved. Raises ConfigError that names line and cell."""
    try:
        text = read_bounded(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown_path(path)} is not UTF-8: save it as CSV, UTF-8") from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(f"{shown_path(path)} lacks the columns {missing}: it is no sheet of trials")
    for cells in reader:
        yield _row(cells, f"{shown_path(path)} line {reader.line_num}")


def _row(cells: dict[str, str | None], where: str) -> SheetRow:
    text = {name: (cells[name] or "").strip() for name in COLUMNS}
    known = [outcome.value for outcome in Outcome]
    if text["outcome"] not in known:
        raise ConfigError(f"{where}: outcome is {shown(text['outcome'])}, expected one of {known}")
    ended = Ended(
        outcome=Outcome(text["outcome"]),
        by=text["said_by"],
        goal_times_s=_numbers(text["goal_seconds"].split(), f"{where}: goal_seconds"),
        lasted_s=_numbers([text["lasted_s"]], f"{where}: lasted_s")[0],
        detail=text["detail"],
    )
    if not text["episode"].isdecimal() or int(text["episode"]) < 1:
        raise ConfigError(f"{where}: episode is {shown(text['episode'])}, expected a whole number from 1 on")
    rest = {name: text[name] for name in ("policy", "began", "bag", "cause", "note")}
    return SheetRow(episode=int(text["episode"]), ended=ended, **rest)


def _numbers(texts: Sequence[str], where: str) -> tuple[float, ...]:
    try:
        return tuple(float(text.replace(",", ".")) for text in texts)
    except ValueError as error:
        raise ConfigError(f"{where} is {shown(' '.join(texts))}, expected numbers") from error
