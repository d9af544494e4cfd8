"""A policy in simulation as demonstrations: the ticks that a robot would have recorded, of many hands."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import DexterityError, FaultCode
from dexterity_ros.contracts.samples import CloudSample, JointTarget, Sample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.evaluation.outcomes import Trial
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.wire import TickRecord

_BETWEEN_NS = 10_000_000_000  # hands, which follow one another in the recording


class Recorded:
    """A Controller that runs a pipeline and keeps every tick."""

    def __init__(self, pipeline: PolicyPipeline) -> None:
        self._pipeline = pipeline
        self._ticks: list[Tick] = []
        self._last: Floats | None = None
        self.live: NDArray[np.bool_] = np.zeros(0, dtype=bool)

    def start(self, inputs: ObservationInputs) -> None:  # noqa: ARG002 - of the protocol
        """Forgets what was before."""
        self._pipeline.reset()
        self._ticks, self._last = [], None

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:
        """Returns the policy's targets, (N, n) rad. Raises DexterityError on a fault: simulated samples have no excuse.

        A policy that says chunks cannot be recorded so: a first tick without an answer is a fault here.
        """
        tick = self._pipeline.step(inputs, now_ns)
        if not isinstance(tick, Tick):
            hint = "; a policy that says chunks is no source of demonstrations" * (tick.code is FaultCode.QUEUE_EMPTY)
            raise DexterityError(f"the pipeline refused simulated samples: {tick}{hint}")
        self._ticks.append(tick)
        self._last = tick.target.pos_rad
        return self._last

    def records(self, trials: Sequence[Trial], *, period_s: float, begin_ns: int) -> list[TickRecord]:
        """Returns the ticks of every hand up to the last goal that it reached, hand after hand, an episode each.

        What a hand did for a goal that it never reached is no demonstration. begin_ns: stamp of the first tick.
        """
        records: list[TickRecord] = []
        for hand, trial in enumerate(trials):
            count = round(sum(goal.time_s for goal in trial.goals if goal.reached) / period_s)
            begin_ns = begin_ns if not records else records[-1].now_ns + _BETWEEN_NS
            later_ns = begin_ns - self._ticks[0].target.stamp_ns
            records += [_record(tick, hand, later_ns) for tick in self._ticks[:count]]
        return records


def _record(tick: Tick, hand: int, later_ns: int) -> TickRecord:
    """Returns the tick of one hand of a batch, with stamps that are so much later."""
    samples = {s.name: _sample(tick.inputs[s], hand, later_ns) for s in tick.inputs.sources}
    now_ns = int(tick.target.stamp_ns) + later_ns
    return TickRecord(
        now_ns=now_ns,
        reset=hand + 1,
        inputs=ObservationInputs(samples),
        observation=tick.observation[hand],
        outputs={name: values[hand] for name, values in tick.outputs.items()},
        target=JointTarget(stamp_ns=now_ns, pos_rad=tick.target.pos_rad[hand]),
        recovering=None if tick.recovering is None else bool(tick.recovering[hand]),
    )


def _sample(sample: Sample, hand: int, later_ns: int) -> Sample:
    """Returns the sample of one hand; points are as a message carries them, and as a network is given them."""
    picked = {name: None if values is None else values[hand] for name, values in vars(sample).items()}
    if isinstance(sample, CloudSample):
        picked["points_m"] = sample.points_m[hand].astype(np.float32).astype(np.float64)
    one: Sample = type(sample)(**picked | {"stamp_ns": int(sample.stamp_ns[hand]) + later_ns})
    return one
