"""One thing that `dexterity doctor` looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """fix: what to do when it is not ok; command: what to type for that. needed: does what was asked for need it."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    command: str = ""
    needed: bool = True
