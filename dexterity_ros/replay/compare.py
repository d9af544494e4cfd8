"""Names the first thing that went wrong in a recorded run."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import WORKSPACE_M
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.object import MANY_OBJECTS
from dexterity_ros.contracts.sources import OBJECT_POSE, SOURCES
from dexterity_ros.observation.familiarity import SHARE
from dexterity_ros.replay.diagnosis import Diagnosis, diagnose
from dexterity_ros.replay.finding import Finding, first_cause_first
from dexterity_ros.replay.ranges import out_of_range
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.timing import run_timing
from dexterity_ros.replay.troubles import troubles

_STRANGE_SHARE = 0.9  # of poses outside the workspace, from the first on: not a dropped object
_MISSING_SHARE = 0.05
_AGE_SLACK_MS = 20.0

_TOLD = ("sim_node", "goal_node")  # nodes whose parameters name the object


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """findings: the first cause first; none when the run was sound. The rest are the figures behind them."""

    findings: tuple[Finding, ...]
    timing: dict[str, dict[str, Any]]
    ranges: dict[str, dict[str, Any]]
    diagnosis: dict[str, Any] | None
    skipped: str

    def as_dict(self) -> dict[str, Any]:
        """Returns the comparison for a JSON file."""
        return asdict(self)


def compare(run: RunRecord, manifest: PolicyManifest) -> Comparison:
    """Returns what is wrong with a run, by the policy's own manifest and the simulator it was trained in."""
    timing = run_timing(run)
    ranges = out_of_range(run, manifest) if run.has_ticks else {}
    diagnosis: Diagnosis | None = None
    skipped = ""
    frame = _frame(run)
    try:
        diagnosis = None if frame else diagnose(run, _in_hand(run, manifest))
    except BagError as error:
        skipped = str(error)
    figures = [*_ages(timing, manifest), *_drops(timing)]
    findings = [*frame, *troubles(run), *_cause(run, diagnosis), *_idle(run), *figures]
    damage = [Finding(kind="damage", says=run.bag.damage)] if run.bag.damage else []
    return Comparison(
        findings=first_cause_first(damage + findings + (_ranges(ranges) if not findings else [])),
        timing=timing,
        ranges=ranges,
        diagnosis=None if diagnosis is None else diagnosis.as_dict(run.hand),
        skipped=skipped,
    )


def _in_hand(run: RunRecord, manifest: PolicyManifest) -> str:
    """Returns which object the hand held. Raises BagError where nobody followed it, or nothing says which it was."""
    if not run.has(OBJECT_POSE):
        raise BagError("no object_pose was recorded, so that a simulated object cannot begin where the real one was")
    if not manifest.object.startswith(MANY_OBJECTS):
        return manifest.object
    told = next((str(name) for node in _TOLD if (name := run.parameters(node).get("object"))), "")
    if not told:
        raise BagError(f"{manifest.name} turns many objects, and nothing in the recording says which was in the hand")
    return told


def _frame(run: RunRecord) -> list[Finding]:
    """An object that was never in the hand, or a pose in another frame: a dropped object begins inside."""
    if not run.has(OBJECT_POSE):
        return []
    radius_m = _workspace_m(run)
    centre = np.array(run.hand.grasp_centre_m)
    distance = np.sqrt(((run.pose.values[:, :3] - centre) ** 2).sum(axis=1))
    outside = distance > radius_m
    if outside[: max(len(outside) // 20, 1)].mean() < _STRANGE_SHARE or outside.mean() < _STRANGE_SHARE:
        return []
    said = (
        f"object_pose is {np.median(distance):.3f} m from the grasp centre {centre.tolist()} from the first sample on"
    )
    where = np.median(run.pose.values[:, :3], axis=0).round(3).tolist()
    return [Finding(kind="frame", says=f"{said} (median {where}): it is in another frame than the hand's")]


def _workspace_m(run: RunRecord) -> float:
    return float(run.parameters("policy_node").get("workspace_radius_m", WORKSPACE_M))


def _cause(run: RunRecord, diagnosis: Diagnosis | None) -> list[Finding]:
    if diagnosis is None or diagnosis.cause is None:
        return []
    hypothesis = diagnosis.cause.hypothesis
    names = tuple(run.hand.joint_names[j] for j in hypothesis.joints)
    share = f"explains {100 * diagnosis.cause.better_share:.0f} % of what was mispredicted"
    return [Finding(kind=hypothesis.kind, says=f"{hypothesis.says(run.hand)} ({share})", joints=names)]


def _idle(run: RunRecord) -> list[Finding]:
    if run.has_ticks:
        return []
    states = Counter(value.data.partition(":")[0] for _, value in run.bag.values("policy/state"))
    said = states.most_common(1)[0][0] if states else "silent"
    return [Finding(kind="idle", says=f"the policy never acted; it was mostly {said}")]


def _ages(timing: dict[str, dict[str, Any]], manifest: PolicyManifest) -> list[Finding]:
    limit_ms = manifest.latency_s[1] * 1e3 + _AGE_SLACK_MS
    return [
        Finding(
            kind="age",
            says=f"{name} is {timing[name]['p50']} ms in the median, trained for up to {limit_ms - _AGE_SLACK_MS:.0f}",
        )
        for name in (f"{source.short}_age_ms" for source in SOURCES.values())
        if name in timing and timing[name]["p50"] > limit_ms
    ]


def _drops(timing: dict[str, dict[str, Any]]) -> list[Finding]:
    share = timing["joint_states"]["missing_share"]
    if share <= _MISSING_SHARE:
        return []
    return [Finding(kind="drops", says=f"{100 * share:.1f} % of joint_states are missing: overruns, failed reads")]


def _ranges(ranges: dict[str, dict[str, Any]]) -> list[Finding]:
    return [
        Finding(
            kind="range",
            says=f"{name}[{row['worst_index']}] was outside what the policy was trained on in {100 * row['share']:.0f} "
            f"% of ticks, from {row['first_s']} s on: {row['recorded']}, trained {row['trained']}",
        )
        for name, row in ranges.items()
        if row["share"] > SHARE
    ]
