"""The policy, and the trivial controllers that show what a number is worth."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import DexterityError, Fault, FaultCode
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.ports import Ports
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


class PolicyController:
    """Runs the pipeline of a bundle and remembers its targets for an open-loop replay.

    sure: how sure the policy was at the last step that the goal is reached, (N,); None for one that does not say.
    """

    def __init__(self, pipeline: PolicyPipeline) -> None:
        self._pipeline = pipeline
        self.recorded: list[Floats] = []
        self.sure: NDArray[np.float32] | None = None

    def start(self, inputs: ObservationInputs) -> None:  # noqa: ARG002 - of the protocol
        """Forgets earlier trials."""
        self._pipeline.reset()
        self.recorded = []

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:
        """Returns the policy's targets. Raises DexterityError on a fault: simulated samples have no excuse."""
        tick = self._pipeline.step(inputs, now_ns)
        if isinstance(tick, Fault) and tick.code is FaultCode.QUEUE_EMPTY:  # the hand stands still, as a real one does
            still: Floats = self.recorded[-1] if self.recorded else inputs[JOINTS].pos_rad
            self.recorded.append(still)
            return still
        if isinstance(tick, Fault):
            raise DexterityError(f"the pipeline refused simulated samples: {tick}")
        target: Floats = tick.target.pos_rad
        self.recorded.append(target)
        self.sure = tick.reached
        return target


class StillHand:
    """Holds the joints where they were."""

    def start(self, inputs: ObservationInputs) -> None:
        """Takes the measured positions as targets."""
        self._hold: Floats = inputs[JOINTS].pos_rad

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:  # noqa: ARG002 - of the protocol
        """Returns the same targets every time."""
        return self._hold


class _RandomNetwork:
    """A NetworkPort that ignores what it sees: uniform actions over the clip range."""

    def __init__(self, joints: int, clip: float, seed: int) -> None:
        self._joints, self._clip = joints, clip
        self._rng = np.random.default_rng(seed)

    state_width = 0

    def __call__(self, seen: Ports, state: NDArray[np.float32]) -> tuple[Ports, NDArray[np.float32]]:
        shape = (seen[VECTOR].shape[0], self._joints)
        return {ACTION.name: self._rng.uniform(-self._clip, self._clip, size=shape).astype(np.float32)}, state


def random_policy(pipeline: PolicyPipeline, seed: int) -> PolicyController:
    """Returns uniformly random actions through the policy's own decoder."""
    manifest = replace(pipeline.manifest, kind="step", state_width=0, chunk=None)
    network = _RandomNetwork(len(manifest.joint_names), manifest.action.clip, seed)
    return PolicyController(PolicyPipeline(manifest, network, pipeline.hand))


class OpenLoop:
    """Replays target sequences that solved other trials, without looking."""

    def __init__(self, recorded: list[Floats], solved: NDArray[np.bool_]) -> None:
        """recorded: targets per step, each (N, n). solved: which trials reached their first goal, (N,)."""
        self._recorded = recorded
        donors = np.flatnonzero(solved)
        own = np.arange(len(solved))
        if len(donors) < 2:
            self._donor = own
            return
        # The next solved trial after one's own, never one's own.
        self._donor = donors[np.searchsorted(donors, own, side="right") % len(donors)]

    def start(self, inputs: ObservationInputs) -> None:  # noqa: ARG002 - of the protocol
        """Begins at the first recorded step."""
        self._step = 0

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:  # noqa: ARG002 - of the protocol
        """Returns the recorded targets of this step, then the last ones."""
        targets = self._recorded[min(self._step, len(self._recorded) - 1)][self._donor]
        self._step += 1
        return targets
