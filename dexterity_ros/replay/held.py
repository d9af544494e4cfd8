"""What held or stopped the hand in a recorded run: states in a row as spells, spells of one fault as a group."""

from collections.abc import Sequence
from dataclasses import dataclass

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.replay.goal_record import RecordedGoal
from dexterity_ros.replay.intervals import Intervals, inside, merged, total_s
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.safety.fault_words import fault_code, fault_detail, fault_name
from dexterity_ros.safety.faults import REACTIONS, Reaction

_ONE_NS = 20_000_000  # states that say the same so soon after each other are one
_LONGEST_DETAIL = 160  # characters
# What one part of the system says because another has said what is wrong.
_FOLLOWS = (FaultCode.NOT_ARMED,)


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A time in which one of STATES (replay/run_record.py) said the same. Times in ns."""

    who: str
    begin_ns: int
    end_ns: int
    text: str


@dataclass(frozen=True, kw_only=True)
class FaultGroup:
    """One fault, whoever noticed it. times: when, in ns since the epoch. detail: of its longest spell."""

    code: FaultCode
    times: tuple[tuple[int, int], ...]
    detail: str

    @property
    def total_s(self) -> float:
        """How long in all."""
        return total_s(self.times)

    def says(self, begin_ns: int) -> str:
        """Returns it in one line, with times since the run began."""
        first, last = ((at - begin_ns) * 1e-9 for at in (self.times[0][0], self.times[-1][0]))
        name = fault_name(self.code)
        if len(self.times) == 1:
            return f"{name} at {first:.1f} s, for {self.total_s:.1f} s: {self.detail}"
        return f"{name} {len(self.times)} times, {self.total_s:.1f} s in all, last at {last:.1f} s: {self.detail}"


def spans(states: Sequence[tuple[int, str]], end_ns: int) -> list[tuple[int, int, str]]:
    """Returns (begin, end, text) of states in a row; texts that differ only in their numbers are one."""
    begins = [k for k, (_, text) in enumerate(states) if k == 0 or _kind(text) != _kind(states[k - 1][1])]
    ends = [*(states[k][0] for k in begins[1:]), end_ns]
    return [(states[k][0], end, states[k][1]) for k, end in zip(begins, ends, strict=False)]


def spells(run: RunRecord) -> list[Spell]:
    """Returns what everybody said, state after state."""
    return [
        Spell(who=who, begin_ns=begin, end_ns=end, text=text)
        for who, states in run.states.items()
        for begin, end, text in spans(states, run.bag.end_ns)
    ]


def armed_times(said: Sequence[Spell]) -> Intervals:
    """Returns when the supervisor let the hand move, or would have but for a fault."""
    return merged((s.begin_ns, s.end_ns) for s in said if s.text.startswith(("armed", "hold")))


def first_stop(said: Sequence[Spell]) -> Spell | None:
    """Returns the first spell in which torque was switched off for a reason; the hand's own words, where it has any."""
    stops = [s for s in said if s.text.startswith(("stopped", "letting_go")) and "disarmed" not in s.text]
    if not stops:
        return None
    first = min(stops, key=lambda s: s.begin_ns)
    near = [s for s in stops if s.begin_ns - first.begin_ns < 1_000_000_000]
    return min(near, key=lambda s: (fault_code(s.text) is None, s.who != "hand", s.begin_ns))


def fault_groups(said: Sequence[Spell], goals: Sequence[RecordedGoal], end_ns: int) -> list[FaultGroup]:
    """Returns the faults that kept an armed hand from moving, the earliest first.

    Left out is what only follows: a policy without a goal between trials, a hand without targets because its policy
    said why it sends none.
    """
    armed = armed_times([s for s in said if s.who == "supervisor"])
    limits = armed or [(0, end_ns)]
    wanted = merged((goal.begin_ns, goal.end_ns or end_ns) for goal in goals)
    acting = merged((s.begin_ns, s.end_ns) for s in said if s.who == "policy" and s.text.startswith("acting"))
    only = {FaultCode.GOAL_STALE: wanted, FaultCode.TARGET_STALE: acting}
    by_code: dict[FaultCode, list[Spell]] = {}
    for spell in said:
        code = fault_code(spell.text)
        if code is not None and code not in _FOLLOWS and REACTIONS[code] is not Reaction.WARN:
            by_code.setdefault(code, []).append(spell)
    groups = [_group(code, found, inside(limits, only[code]) if code in only else limits)
              for code, found in by_code.items()]  # fmt: skip
    return sorted((group for group in groups if group.times), key=lambda group: group.times[0])


def _group(code: FaultCode, found: Sequence[Spell], limits: Intervals) -> FaultGroup:
    times = merged(inside(((s.begin_ns, s.end_ns) for s in found), limits), _ONE_NS)
    longest = max(found, key=lambda s: s.end_ns - s.begin_ns)
    detail = fault_detail(longest.text)
    short = detail if len(detail) <= _LONGEST_DETAIL else detail[: _LONGEST_DETAIL - 3] + "..."
    return FaultGroup(code=code, times=tuple(times), detail=short)


def _kind(text: str) -> str:
    return "".join(c for c in text if not c.isdigit() and c != ".")
