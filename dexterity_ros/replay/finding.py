"""What is found wrong with a run, and in which order people are told: causes before what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass

# A file, a frame and a mistake in the hand are wrong from the beginning; a stop says why by itself; a fault held the
# hand; the rest is what came of it, or a figure that may explain it.
_ORDER = (
    ("damage",),
    ("frame",),
    ("stop",),
    ("fault",),
    ("offset", "zero", "sign", "swap", "gain", "delay"),
    ("limit",),
    ("lost",),
    ("dropped", "stuck", "late"),
    ("idle",),
    ("age", "drops", "range"),
)
_RANK = {kind: rank for rank, kinds in enumerate(_ORDER) for kind in kinds}
KINDS = tuple(_RANK)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong. kind: one of KINDS. at_s: since the run began, of the first time; 0 where it always was.

    look_at: what a person looks at; "" where it is in what it says.
    """

    kind: str
    says: str
    joints: tuple[str, ...] = ()
    at_s: float = 0.0
    look_at: str = ""


def first_cause_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Returns findings in the order in which they are told; of one sort the earliest comes first."""
    return tuple(sorted(findings, key=lambda finding: (_RANK[finding.kind], finding.at_s)))
