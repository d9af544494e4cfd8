"""Runs what was recorded through the same stages again, and says stage by stage what comes out differently."""

import copy
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import JOINTS, Source
from dexterity_ros.replay.differences import Differences, StageDiff
from dexterity_ros.replay.perception import repeat_perception
from dexterity_ros.replay.run_record import RunRecord, Series, row_of
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.limits import GateLimits
from dexterity_ros.wire import Outputs, TickRecord

_LOGGED_LATE = 4  # targets that had arrived and that a recorder on a busy machine noted after the gate's output


@dataclass(frozen=True, kw_only=True)
class ReplayResult:
    """stages in data-flow order; terms of the observation and joints of the target one by one.

    recorded_s: time between first and last tick. replay_s: what repeating it took, without perception_s, what
    repeating the eyes took (0: there are no images). damage: of the bag, of which only the rest was repeated.
    """

    stages: tuple[StageDiff, ...]
    terms: dict[str, StageDiff]
    joints: dict[str, StageDiff]
    recorded_s: float
    replay_s: float
    perception_s: float
    damage: str

    @property
    def differing(self) -> int:
        """How many items did not come out bit by bit the same."""
        return sum(stage.differing for stage in self.stages)

    @property
    def identical(self) -> bool:
        """Whether the bag is whole and everything that can be repeated came out bit by bit the same."""
        return not self.damage and not self.differing

    def as_dict(self) -> dict[str, Any]:
        """Returns the result for a JSON file."""
        return {
            "identical": self.identical,
            "damage": self.damage,
            "recorded_s": round(self.recorded_s, 2),
            "replay_s": round(self.replay_s, 3),
            "times_real_time": round(self.recorded_s / self.replay_s, 1),
            "perception_s": round(self.perception_s, 3),
            "stages": [asdict(stage) for stage in self.stages],
            "terms": {name: _short(stage) for name, stage in self.terms.items()},
            "joints": {name: _short(stage) for name, stage in self.joints.items()},
        }


def _short(stage: StageDiff) -> dict[str, Any]:
    return {"differing": stage.differing, "largest": stage.largest, "first_s": stage.first_s}


def replay(run: RunRecord, pipeline: PolicyPipeline, limits: GateLimits) -> ReplayResult:
    """Returns what repeating gave: poses from images, each tick's inputs, observation, action, target, the gate."""
    ticks = run.ticks
    began = time.perf_counter()
    policy, terms, joints = _policy(run, pipeline)
    stages = [*_inputs(run), *policy, _published(run), _gate(run, limits)]
    policy_s = time.perf_counter() - began
    seen = repeat_perception(run)
    return ReplayResult(
        stages=(*seen, *stages),
        terms={stage.stage: stage for stage in terms},
        joints={stage.stage: stage for stage in joints},
        recorded_s=(ticks[-1].now_ns - ticks[0].now_ns) * 1e-9,
        replay_s=policy_s,
        perception_s=time.perf_counter() - began - policy_s if seen else 0.0,
        damage=run.bag.damage,
    )


def _inputs(run: RunRecord) -> list[StageDiff]:
    """Every sample that a tick consumed must be among the recorded messages, with the same numbers."""
    used = {source: None for tick in run.ticks for source in tick.inputs.sources}
    return [_samples(run, source) for source in used]


def _samples(run: RunRecord, source: Source[Any]) -> StageDiff:
    stage = Differences(source.name, run.bag.start_ns, "the message itself was not recorded")
    recorded = run.samples(source) if source.measured or run.has(source) else None
    at = {} if recorded is None else _by_stamp(recorded)
    for tick in run.ticks:
        if source not in tick.inputs:
            continue
        i = at.get(int(tick.inputs[source].stamp_ns))
        if i is None or recorded is None:
            stage.skip()
        else:
            stage.add(tick.now_ns, row_of(source, tick.inputs[source]), recorded.values[i])
    return stage.result()


def _policy(run: RunRecord, pipeline: PolicyPipeline) -> tuple[list[StageDiff], list[StageDiff], list[StageDiff]]:
    """Returns the stages of the policy, and its observation term by term and its target joint by joint."""
    begin, gap = run.bag.start_ns, "ticks before it are missing in the bag, and with them the policy's memory"
    observation, action, target = (Differences(name, begin, gap) for name in ("observation", "action", "target"))
    slices = pipeline.manifest.observation.slices
    terms = {name: Differences(name, begin) for name in slices}
    joints = [Differences(name, begin) for name in run.hand.joint_names]
    for tick, result, known in repeat(run.ticks, pipeline):
        if not known:
            for stage in (observation, action, target):
                stage.skip()
        elif isinstance(result, Fault):
            observation.add(tick.now_ns, tick.observation, np.empty(0))
        else:
            observation.add(tick.now_ns, tick.observation, result.observation)
            action.add(tick.now_ns, _said(tick.outputs), _said(result.outputs))
            target.add(tick.now_ns, tick.target.pos_rad, result.target.pos_rad)
            for name, part in slices.items():
                terms[name].add(tick.now_ns, tick.observation[part], result.observation[part])
            for joint, recorded, repeated in zip(joints, tick.target.pos_rad, result.target.pos_rad, strict=True):
                joint.add(tick.now_ns, recorded, repeated)
    stages = [observation.result(), action.result(), target.result()]
    return stages, [term.result() for term in terms.values()], [joint.result() for joint in joints]


def _said(outputs: Outputs) -> Floats:
    """Returns all that a network said side by side, the action among it."""
    return np.concatenate([outputs[name] for name in sorted(outputs)])


def repeat(
    ticks: list[TickRecord], pipeline: PolicyPipeline, *, overrule: bool = False
) -> list[tuple[TickRecord, Tick | Fault, bool]]:
    """Returns (recorded tick, what the pipeline makes of its inputs, whether its memory is known) for every tick.

    overrule: after each tick the pipeline is told that the recorded target was followed, as another policy has to be.
    A run whose ticks say nothing of recovery ran without it.
    """
    if ticks and ticks[0].recovering is None:
        pipeline.recovery = None
    results = []
    before: TickRecord | None = None
    known = False
    for tick in ticks:
        if before is None or tick.reset != before.reset:
            pipeline.reset()
            known = True
        elif tick.inputs[JOINTS].stamp_ns < before.inputs[JOINTS].stamp_ns:
            known = False
        instead = tick.raw_action if tick.led and not overrule else None
        use = None if overrule else tick.use
        repeated = pipeline.step(tick.inputs, tick.now_ns, instead=instead, repeating=use)
        results.append((tick, repeated, known and (use is not None or tick.led or pipeline.chunked is None)))
        if overrule:
            pipeline.overrule(tick.target.pos_rad)
        before = tick
    return results


def _published(run: RunRecord) -> StageDiff:
    """What went out on joint_targets is what the tick decided."""
    stage = Differences("joint_targets", run.bag.start_ns, "no target was recorded for the tick")
    by_oldest: dict[int, list[Floats]] = {}
    for stamp, row in zip(run.targets.stamps_ns.tolist(), run.targets.values, strict=True):
        by_oldest.setdefault(stamp, []).append(row)
    for tick in run.ticks:
        rows = by_oldest.get(tick.inputs.oldest_ns)
        if not rows:
            stage.skip()
            continue
        same = next((row for row in rows if np.array_equal(row, tick.target.pos_rad)), rows[0])
        stage.add(tick.now_ns, tick.target.pos_rad, same)
    return stage.result()


def _gate(run: RunRecord, limits: GateLimits) -> StageDiff:
    """Repeats the gate in the times in which the hand followed.

    Which target had arrived in a cycle is not recorded, only when it was published; where several are possible, the
    one that fits counts. After a failed read or at the edge of a hold the gate's velocity budget is not known exactly:
    then it is only checked that the output stays between the last one and a target, and within a step.
    """
    stage = Differences(
        "gate", run.bag.start_ns, "legal, but the budget after a hold, a failed read or a lost message is not known"
    )
    for begin, end in run.following():
        inside = np.flatnonzero((run.gated.stamps_ns > begin) & (run.gated.stamps_ns < end))
        if len(inside) < 3:
            continue
        _repeat_gate(run.gated, inside, run.targets, limits, stage)
    return stage.result()


def _repeat_gate(
    gated: Series, inside: NDArray[np.int64], targets: Series, limits: GateLimits, stage: Differences
) -> None:
    wanted = [JointTarget(stamp_ns=int(s), pos_rad=v) for s, v in zip(targets.stamps_ns, targets.values, strict=True)]
    gate = Gate(limits, gated.values[inside[0]], int(gated.stamps_ns[inside[0]]))
    for i in inside[1:]:
        now = int(gated.stamps_ns[i])
        newest = int(np.searchsorted(targets.log_ns, now, side="right"))
        nearest = (newest - 1, newest, newest - 2, *range(newest + 1, newest + _LOGGED_LATE))
        candidates = [k for k in nearest if 0 <= k < len(wanted) and (k < newest or wanted[k].stamp_ns <= now)]
        tried = [_stepped(gate, wanted[k], now) for k in candidates[:1]]
        tried += [_stepped(gate, wanted[k], now) for k in candidates[1:] if not _same(tried[0], gated.values[i])]
        fits = next((t for t in tried if _same(t, gated.values[i])), None)
        if fits is not None:
            gate = fits
            stage.add(now, gated.values[i], fits.last_rad)
            continue
        before, after = gated.values[i - 1], gated.values[i]
        if not tried or any(_legal(before, after, wanted[k].pos_rad, limits) for k in candidates):
            stage.skip()
        else:
            stage.add(now, after, tried[0].last_rad)
        gate = Gate(limits, gated.values[i], now)


def _stepped(gate: Gate, target: JointTarget, now_ns: int) -> Gate:
    """Returns the gate after one more cycle; the one given stays as it was."""
    other = copy.copy(gate)
    other.step(target, Permit(armed=True, heartbeat_ns=now_ns), now_ns)
    return other


def _legal(before: Floats, after: Floats, wanted: Floats, limits: GateLimits) -> bool:
    """Whether a gate may have gone from one output to the next on its way to a target, or stood still."""
    goal = np.clip(wanted, limits.lower_rad, limits.upper_rad)
    between = (after >= np.minimum(before, goal) - 1e-9) & (after <= np.maximum(before, goal) + 1e-9)
    return bool(between.all() and (np.abs(after - before) <= limits.max_step_rad + 1e-9).all())


def _same(gate: Gate, recorded: Floats) -> bool:
    return bool(np.array_equal(gate.last_rad, recorded))


def _by_stamp(series: Series) -> dict[int, int]:
    return {stamp: i for i, stamp in enumerate(series.stamps_ns.tolist())}
