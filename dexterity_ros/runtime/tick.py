"""Tick: what one control step of a policy comes to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.chunk import ChunkUse
from dexterity_ros.contracts.outputs import ACTION, REACHED
from dexterity_ros.contracts.ports import Ports
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.wire import TickRecord

LED = "acting: an operator leads"


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One control step: what was seen, what the network said, what is commanded.

    observation: (..., width) float32. outputs: what the network said, by port, each (..., its width) float32.
    target: (..., n) rad.
    led: an operator acted instead of the network; the action is theirs then.
    recovering: a decoy was shown in place of the goal, (...); None where no recovery is declared, or it is off.
    use: the chunks that the action was made of; None for a policy that says one action at a time.
    """

    inputs: ObservationInputs
    observation: NDArray[np.float32]
    outputs: Ports
    target: JointTarget
    led: bool = False
    recovering: NDArray[np.bool_] | None = None
    use: ChunkUse | None = None

    @property
    def doing(self) -> str:
        """What people are told about it."""
        if self.led:
            return LED
        return "acting: recovering" if self.recovering is not None and self.recovering.any() else "acting"

    @property
    def raw_action(self) -> NDArray[np.float32]:
        """The action, (..., n)."""
        return self.outputs[ACTION.name]

    def record(self, reset: int) -> TickRecord:
        """Returns it as it is recorded, of one hand. reset: the number of the reset it follows."""
        return TickRecord(
            now_ns=self.target.stamp_ns,
            reset=reset,
            inputs=self.inputs,
            observation=self.observation,
            outputs=self.outputs,
            target=self.target,
            led=self.led,
            recovering=None if self.recovering is None else bool(self.recovering),
            use=self.use,
        )

    @property
    def reached(self) -> NDArray[np.float32] | None:
        """How sure the policy is that the goal is reached, (...) in 0 to 1; None for one that does not say."""
        return self.outputs[REACHED.name][..., 0] if REACHED.name in self.outputs else None
