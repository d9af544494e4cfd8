"""What a policy does while it sees what it was not trained on: it says so, holds, or eases to its start pose."""

from typing import Any, Literal

from dexterity_ros.action.ramp import Ramp
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.observation.familiarity import Familiarity, Ranges
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.runtime.tick import Tick

Reaction = Literal["warn", "hold", "ease"]
_CLEAR_NS = 300_000_000  # for so long it must see what it knows before it goes on, as after any other hold
_EASE_SHARE = 0.25  # of the hand's velocity limit, as hand_node eases in


class Unfamiliar:
    """Watches the ticks of a pipeline; a stage. fault: what was said last, None while all is as in training.

    A policy that was held goes on only after hand_node has counted a reset: it then begins anew from the measured pose,
    in the recording too, so that a replay needs to know nothing of this.
    """

    def __init__(self, pipeline: PolicyPipeline, reaction: Reaction) -> None:
        self._pipeline, self._reaction = pipeline, reaction
        manifest = pipeline.manifest
        self._ranges = Ranges(manifest)
        self._familiarity = Familiarity(self._ranges, manifest.period_ns)
        self._end_rad, self._speed_rad_s = manifest.start_pos, _EASE_SHARE * pipeline.hand.max_velocity_rad_s
        self._ramp: Ramp | None = None
        self._followed = 0  # the reset of the last tick
        self._reset, self._known_ns = 0, 0  # of the hold: its reset, and since when it sees again what it knows
        self._strange = self._familiarity.strange  # of the hold: its terms
        self.fault: Fault | None = None

    @property
    def holds(self) -> bool:
        """Whether the policy must not act."""
        return self.fault is not None and self.fault.code is FaultCode.HELD_OUTSIDE_TRAINING

    def step(self, tick: Tick, reset: int) -> Fault | None:
        """Takes a tick, and the number of the reset it follows. Returns the fault for which it must not be followed.

        Only the policy's own ticks in a row count: not those before a reset, nor those before an operator led.
        """
        if tick.led or reset != self._followed:
            self._familiarity.clear()
        self._followed = reset
        if tick.led or not self._familiarity.step(tick.observation):
            self.fault = None
            return None
        said = str(next(iter(self._familiarity.terms().values())))
        if self._reaction == "warn":
            self.fault = Fault(code=FaultCode.OUTSIDE_TRAINING, detail=said)
            return None
        self.fault = Fault(code=FaultCode.HELD_OUTSIDE_TRAINING, detail=said)
        self._known_ns, self._reset, self._ramp = 0, reset, None
        self._strange = self._familiarity.strange
        if self._reaction == "ease":
            self._ease(tick.inputs, int(tick.target.stamp_ns))
        return self.fault

    def _ease(self, inputs: ObservationInputs, now_ns: int) -> None:
        measured = inputs[JOINTS].pos_rad
        self._ramp = Ramp(
            start_rad=measured, end_rad=self._end_rad, max_velocity_rad_s=self._speed_rad_s, now_ns=now_ns
        )

    def held(
        self, inputs: ObservationInputs, reset: int, now_ns: int, *, led: bool = False
    ) -> JointTarget | Fault | None:
        """Returns where the hand eases to meanwhile, or the fault for which it holds, or None when it may go on.

        led: an operator leads, who may go on without waiting until the policy knows what it sees. The target's stamp is
        that of the oldest measurement, as it is published.
        """
        assert self.fault is not None
        if reset == self._reset or not (led or self._known(inputs, now_ns)):
            return self._easing(inputs, reset, now_ns) or self.fault
        self._familiarity.clear()
        self.fault = self._ramp = None
        return None

    def _known(self, inputs: ObservationInputs, now_ns: int) -> bool:
        """Returns whether the policy has seen what it knows for a while, standing still."""
        if self._ramp is not None or self._pipeline.guard.check(inputs, now_ns) is not None or self._lost(inputs):
            self._known_ns = 0
            return False
        self._known_ns = self._known_ns or now_ns
        return now_ns - self._known_ns >= _CLEAR_NS

    def _lost(self, inputs: ObservationInputs) -> bool:
        """Returns whether what it was held for is still outside, in what the policy would see if it began now."""
        observation = self._pipeline.look(inputs)
        return bool((self._ranges.outside(self._ranges.excess(observation)) & self._strange).any())

    def _easing(self, inputs: ObservationInputs, reset: int, now_ns: int) -> JointTarget | None:
        """Returns where the hand eases to; None when it stands, or holds."""
        if self._ramp is None:
            return None
        if reset != self._reset:  # the hand stood still for another reason: it eases on from where it stands
            self._reset = reset
            self._ease(inputs, now_ns)
        target = JointTarget(stamp_ns=inputs.oldest_ns, pos_rad=self._ramp.step(now_ns))
        if self._ramp.done(now_ns):
            self._ramp = None
        return target

    def figures(self) -> dict[str, Any]:
        """Returns what /diagnostics says: {outside_training: {term: {share, worst, widths}}}, as far as any is."""
        terms = self._familiarity.terms()
        rows = {
            name: {"share": round(row.share, 3), "worst": row.worst, "widths": round(row.widths, 2)}
            for name, row in terms.items()
        }
        return {"outside_training": rows}
