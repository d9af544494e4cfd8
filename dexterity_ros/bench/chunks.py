"""What the hand does when the inference of chunks is slow, dead, or says what is no number; in virtual time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.action.chunks import Chunk
from dexterity_ros.bench.faults import Campaign
from dexterity_ros.contracts.arrays import Floats, Singles
from dexterity_ros.contracts.chunk import CHUNK, ChunkSpec, Question
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.ports import Ports
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import GoalSample, JointSample, JointTarget, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.runtime.asking import Answering, Answers
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

SPEC = ChunkSpec(horizon=8, executed=4, delay=1, late=1, blend="prefix", noise_width=4)
_INFERENCE_S = 0.03
_FAULT_S, _RECOVERY_S = 1.5, 3.0
_MOVED_RAD = 1e-6


@dataclass(frozen=True, kw_only=True)
class ChunkRow:
    """What came of one fault.

    empty_ms: from its beginning until the policy gave no target any more; None: it never stopped. still_ms: from there
    to the last change of what the gate let through. recovered_ms: from the end of the fault to motion; None: never.
    """

    kind: str
    seed: int
    empty_ms: float | None
    still_ms: float
    recovered_ms: float | None


class Inference:
    """An Asker in virtual time, and what can be wrong with it."""

    def __init__(self, answering: Answering, now_ns: Callable[[], int]) -> None:
        self._answering, self._now_ns = answering, now_ns
        self._flying: list[tuple[int, Question]] = []
        self._unwanted = False
        self.takes_s, self.dead, self.broken = _INFERENCE_S, False, False

    @property
    def busy(self) -> bool:
        """Whether a question is not answered yet."""
        return bool(self._flying)

    def ask(self, question: Question) -> None:
        """Begins to answer."""
        self._unwanted = False
        self._flying.append((self._now_ns() + round(self.takes_s * 1e9), question))

    def answers(self) -> Answers:
        """Returns what is ready; what is asked of the dead stays in flight."""
        if self.dead or not self._flying or self._now_ns() < self._flying[0][0]:
            return []
        _, question = self._flying.pop()
        chunk = self._answering(question)
        if self.broken:
            actions = chunk.actions.copy()
            actions[..., SPEC.horizon // 2, :] = np.nan
            chunk = Chunk(question=question, actions=actions)
        return [] if self._unwanted else [chunk]

    def void(self) -> None:
        """What is in flight is not wanted any more."""
        self._unwanted = True

    def restart(self) -> None:
        """A new network in the place of a dead one."""
        self.takes_s, self.dead, self.broken, self._flying = _INFERENCE_S, False, False, []


KINDS: dict[str, Callable[[Inference, float], None]] = {
    "slow": lambda inference, period_s: setattr(inference, "takes_s", 3.0 * SPEC.executed * period_s),
    "killed": lambda inference, _period_s: setattr(inference, "dead", True),
    "not a number": lambda inference, _period_s: setattr(inference, "broken", True),
}


def chunk_manifest(hand: RobotHand) -> PolicyManifest:
    """Returns a manifest of a policy that says chunks, made of a shipped one. Raises BundleError for another hand."""
    manifest = load_manifest(shipped("models/policies/leap_yaw"))
    manifest.check_hand(hand)
    return replace(manifest, format=2, kind="chunk", state_width=0, stop_head=False, chunk=SPEC)


class Waving:
    """A network that says a wave from where the hand was seen."""

    state_width = 0

    def __init__(self, joints: int) -> None:
        self._joints = joints

    def __call__(self, seen: Ports, state: Singles) -> tuple[Ports, Singles]:
        """Returns the chunks, (batch, horizon, joints)."""
        phase = np.arange(SPEC.horizon)[:, None] + np.arange(self._joints) + seen[VECTOR][:, :1, None]
        return {CHUNK: (0.3 * np.sin(phase)).astype(np.float32)}, state


class ChunkCampaign(Campaign):
    """A hand that follows a policy which says chunks."""

    def __init__(self, hand: RobotHand, seed: int) -> None:
        super().__init__(hand, seed)
        manifest = chunk_manifest(hand)
        self.pipeline = PolicyPipeline(manifest, Waving(len(hand.joints)), hand, asker=self._inference)
        self.period_s, self._next_ns = manifest.period_ns * 1e-9, 0
        nothing = JointTarget(stamp_ns=0, pos_rad=self._home)
        self._policy_reset, self._newest = 0, NumberedTarget(reset=-1, target=nothing)
        self.gated_rad: Floats = self._home
        self.fault: Fault | None = None

    def _inference(self, answering: Answering) -> Inference:
        self.inference = Inference(answering, self.now_ns)
        return self.inference

    def cycle(self) -> HandTick:
        """Runs one control cycle, and notes what the gate let through."""
        tick = super().cycle()
        if tick.output is not None:
            self.gated_rad = tick.output.pos_rad
        return tick

    def moved_from(self, before_rad: Floats) -> bool:
        """Returns whether the gate lets through something else than before."""
        return bool(np.abs(self.gated_rad - before_rad).max() > _MOVED_RAD)

    def _wanted(self, now: int) -> NumberedTarget:
        if now >= self._next_ns:
            self._next_ns = now + round(self.period_s * 1e9)
            self._tick(now)
        return self._newest

    def _tick(self, now: int) -> None:
        if self._policy_reset != self._reset:
            self.pipeline.reset()
            self._policy_reset = self._reset
        tick = self.pipeline.step(self._seen(now), now)
        self.fault = tick if isinstance(tick, Fault) else None
        if not isinstance(tick, Fault):
            target = JointTarget(stamp_ns=now, pos_rad=tick.target.pos_rad)
            self._newest = NumberedTarget(reset=self._policy_reset, target=target)

    def _seen(self, now: int) -> ObservationInputs:
        pos_rad, still = self._joints.measure()[0], np.array([1.0, 0.0, 0.0, 0.0])
        return ObservationInputs.of(
            joint_states=JointSample(stamp_ns=now, pos_rad=pos_rad, vel_rad_s=np.zeros_like(pos_rad)),
            object_pose=PoseSample(stamp_ns=now, pos_m=np.array(self._hand.grasp_centre_m), quat_wxyz=still),
            goal=GoalSample(stamp_ns=now, quat_wxyz=still),
        )


def run_chunk_fault(hand: RobotHand, kind: str, seed: int) -> ChunkRow:
    """Returns what came of one fault, which begins at a moment that the seed draws."""
    campaign = ChunkCampaign(hand, seed)
    try:
        return _run(campaign, kind, seed)
    finally:
        campaign.close()


def _run(campaign: ChunkCampaign, kind: str, seed: int) -> ChunkRow:
    campaign.run(_RECOVERY_S, lambda _tick: campaign.following)
    begin_s = 1.0 + campaign.rig.rng.uniform(0.0, SPEC.executed * campaign.period_s)
    campaign.run(begin_s, lambda _tick: False)
    KINDS[kind](campaign.inference, campaign.period_s)
    began = campaign.now_ns()
    empty, moved = _watch(campaign, began)
    campaign.inference.restart()
    ended, last = campaign.now_ns(), campaign.gated_rad
    goes_on = campaign.run(_RECOVERY_S, lambda _tick: campaign.moved_from(last))
    return ChunkRow(
        kind=kind,
        seed=seed,
        empty_ms=None if empty is None else (empty - began) * 1e-6,
        still_ms=_FAULT_S * 1e3 if empty is None else max((moved - empty) * 1e-6, 0.0),
        recovered_ms=None if goes_on is None else (campaign.now_ns() - ended) * 1e-6,
    )


def _watch(campaign: ChunkCampaign, began: int) -> tuple[int | None, int]:
    """Returns when the policy first gave no target, and when the gate's output changed last."""
    empty, moved = None, began
    while (campaign.now_ns() - began) * 1e-9 < _FAULT_S:
        last = campaign.gated_rad
        campaign.cycle()
        if empty is None and campaign.fault is not None:
            empty = campaign.now_ns()
        if campaign.moved_from(last):
            moved = campaign.now_ns()
    return empty, moved
