"""One thing that `dexterity doctor` looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """fix: what to do when it is not ok; needed: whether what was asked for needs it."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True
