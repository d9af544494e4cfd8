"""What the rows of a trial on damaged files add up to, and how far it is."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from dexterity_ros.bench.damage.trial import Outcome, Row


def kind_of(row: Row) -> str:
    """Returns the kind of file of a row, of which the row may name one of several files."""
    return row.file.partition(":")[0]


def counts(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """Returns {kind of file: {outcome: how often}}."""
    table: dict[str, Counter[str]] = {}
    for row in rows:
        table.setdefault(kind_of(row), Counter())[row.outcome] += 1
    return table


def copies_done(rows: Sequence[Row], kind: str) -> int:
    """Returns how many copies of a kind of file have their rows: the seeds are taken in order."""
    return max((row.seed + 1 for row in rows if kind_of(row) == kind), default=0)


def damage_row(content: dict[str, Any]) -> Row:
    """Returns a row as it was written. Raises TypeError or ValueError when it is none."""
    row = Row(**content)
    if row.outcome not in get_args(Outcome) or not isinstance(row.seed, int):
        raise ValueError(f"outcome {row.outcome!r}, seed {row.seed!r}")
    return row
