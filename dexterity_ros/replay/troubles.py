"""What went wrong in a recorded run by what its nodes said, without the policy's manifest and without simulating."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, Source
from dexterity_ros.replay.finding import Finding
from dexterity_ros.replay.goal_record import goal_findings, recorded_goals
from dexterity_ros.replay.held import FaultGroup, Spell, fault_groups, first_stop, spells
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.timing import stream_timing, wanted_hz
from dexterity_ros.safety.fault_words import LOOK_AT, fault_code, fault_detail, fault_name

_SHORTEST_S, _OFTEN = 0.25, 5  # a fault that held the hand for less in all, and less often, is nothing to be told
_SLOW_SHARE = 0.6  # a stream slower than this share of its rate is a slow sensor, not one with gaps
_LOST_SHARE = 0.15  # of two streams that have nothing in common but the network
_BEFORE_NS = 300_000_000  # a fault comes this long after what caused it, at most
_BEHIND_RAD, _BEHIND_SHARE = 0.02, 0.2  # a target counts as held back from here on; of ticks
_STALE: dict[FaultCode, Source[Any]] = {FaultCode.POSE_STALE: OBJECT_POSE, FaultCode.JOINTS_STALE: JOINTS}
_OF_MESSAGES = (*_STALE, FaultCode.GOAL_STALE)
_TIGHTENED = ("max_velocity_rad_s", "max_step_rad", "current_limit_a")  # of hand_node's parameters


def troubles(run: RunRecord) -> list[Finding]:
    """Returns what stopped the hand, what held it, how its goals failed, what the gate held back."""
    said, goals = spells(run), recorded_goals(run)
    groups = [group for group in fault_groups(said, goals, run.bag.end_ns) if _matters(group)]
    return [
        *_stop(run, said),
        *_faults(run, groups),
        *goal_findings(run, goals),
        *_held_back(run),
    ]


def _matters(group: FaultGroup) -> bool:
    return group.total_s > _SHORTEST_S or len(group.times) >= _OFTEN


def _stop(run: RunRecord, said: Sequence[Spell]) -> Iterator[Finding]:
    stop = first_stop(said)
    if stop is None:
        return
    at_s, code = (stop.begin_ns - run.bag.start_ns) * 1e-9, fault_code(stop.text)
    why = stop.text.partition(": ")[2] if code is None else f"{fault_detail(stop.text)} ({fault_name(code)})"
    look_at = "" if code is None else LOOK_AT[code]
    yield Finding(kind="stop", says=f"the hand was stopped at {at_s:.1f} s: {why}", at_s=at_s, look_at=look_at)


def _faults(run: RunRecord, groups: Sequence[FaultGroup]) -> Iterator[Finding]:
    """One finding for each fault; what comes of lost messages is one."""
    stale = [group for group in groups if group.code in _OF_MESSAGES]
    lost = next((said for group in stale if (said := _lost(run, group))), "")
    if lost:
        yield _finding(run, stale, lost, "the network between the machines, and how busy they are")
    for group in groups:
        if not (lost and group in stale):
            yield _finding(run, [group], _cause(run, group), LOOK_AT[group.code])


def _finding(run: RunRecord, groups: Sequence[FaultGroup], cause: str, look_at: str) -> Finding:
    said = "; ".join(group.says(run.bag.start_ns) for group in groups)
    kind = "dropped" if groups[0].code is FaultCode.OUTSIDE_WORKSPACE else "fault"
    at_s = (groups[0].times[0][0] - run.bag.start_ns) * 1e-9
    return Finding(kind=kind, says=f"{cause}; {said}" if cause else said, at_s=at_s, look_at=look_at)


def _lost(run: RunRecord, group: FaultGroup) -> str:
    """Returns how many messages were missing on two topics of different nodes; "" where that is nothing much."""
    if not (run.has(JOINTS) and run.has(OBJECT_POSE)):
        return ""
    joints, pose = (_timing(run, one, group)["missing_share"] for one in (JOINTS, OBJECT_POSE))
    if min(joints, pose) < _LOST_SHARE:
        return ""
    return f"messages are lost: {100 * joints:.0f} % of joint_states and {100 * pose:.0f} % of object_pose are missing"


def _cause(run: RunRecord, group: FaultGroup) -> str:
    """Returns why samples were too old, by when they came; "" where that says nothing."""
    if group.code is FaultCode.GOAL_STALE:
        return "goals stopped coming while one was wanted"
    if group.code is FaultCode.LOOP_LATE:
        return "the machine is busy"
    source = _STALE.get(group.code)
    if source is None or not run.has(source):
        return ""
    rate_hz, wanted = _timing(run, source, group)["rate_hz"], wanted_hz(run, source)
    if not 0.0 < rate_hz < _SLOW_SHARE * wanted:
        return ""
    what = "the camera is slow: object_pose" if source is OBJECT_POSE else "joint_states"
    return f"{what} came {rate_hz:.0f} times a second, {wanted:.0f} were to come"


def _timing(run: RunRecord, source: Source[Any], group: FaultGroup) -> dict[str, Any]:
    """Returns how regularly samples came while a fault came and went."""
    stamps = run.samples(source).stamps_ns
    begin, end = group.times[0][0] - _BEFORE_NS, group.times[-1][1]
    return stream_timing(stamps[(stamps >= begin) & (stamps <= end)], wanted_hz(run, source))


def _held_back(run: RunRecord) -> Iterator[Finding]:
    """Targets that had not passed the gate when the next one came."""
    behind = _behind_rad(run)
    if not len(behind) or (share := float((behind.max(axis=1) > _BEHIND_RAD).mean())) < _BEHIND_SHARE:
        return
    j = int(np.quantile(behind, 0.95, axis=0).argmax())
    name, told = run.hand.joint_names[j], run.parameters("hand_node")
    lowered = [f"{key} is {told[key]}" for key in _TIGHTENED if told.get(key) is not None]
    why = f": {', '.join(lowered)}, less than the policy was trained with" if lowered else ""
    yield Finding(
        kind="limit",
        says=f"a limit of the gate holds the hand back in {100 * share:.0f} % of ticks, {name} most, by up to "
        f"{behind[:, j].max():.2f} rad{why}",
        joints=(name,),
        look_at=LOOK_AT[FaultCode.TARGET_CLAMPED],
    )


def _behind_rad(run: RunRecord) -> Floats:
    """Returns by how much each target was missed until the next one came, rad, (ticks, n): at the best, joint by joint.

    The recorder may note a target after the gate has followed it, so that its first and last moments overlap others'.
    """
    n = len(run.hand.joints)
    if not run.holds("joint_targets") or not run.holds("gated_targets"):
        return np.zeros((0, n))
    targets, gated, following = run.targets, run.gated, run.following()
    wanted = np.clip(targets.values, run.hand.lower_rad, run.hand.upper_rad)
    first, last = (np.searchsorted(gated.log_ns, times) for times in (targets.log_ns[:-1], targets.log_ns[1:]))
    behind = [
        np.abs(gated.values[begin:end] - wanted[k]).min(axis=0)
        for k, (begin, end) in enumerate(zip(first, last, strict=True))
        if end > begin and any(a < targets.log_ns[k] and targets.log_ns[k + 1] < b for a, b in following)
    ]
    return np.array(behind).reshape(-1, n)
