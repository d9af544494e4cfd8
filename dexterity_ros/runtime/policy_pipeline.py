"""Bundle, observation builder, network and action decoder in one object: what evaluation, replay and the robot run."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.decoder import decode_action, encode_target
from dexterity_ros.action.recovery import Progress, watch_progress
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.chunk import ChunkUse
from dexterity_ros.contracts.errors import BundleError, Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.ports import NetworkPort, Ports
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.observation.builder import build_ports, check_spec, looks_back, needs_fingertips, recall
from dexterity_ros.observation.fingertips import Fingertips
from dexterity_ros.observation.memory import PolicyMemory, copies_of, observe_object, seed_memory
from dexterity_ros.observation.view import PolicyView
from dexterity_ros.runtime.asking import Answering, Asker, Beside
from dexterity_ros.runtime.chunked import Chunked
from dexterity_ros.runtime.guard import Guard, Workspace
from dexterity_ros.runtime.tick import Tick as Tick
from dexterity_ros.tasks.sight import goal_error_rad

# outputs, the next state, the chunks that the action is made of
_Answer = tuple[Ports, NDArray[np.float32] | None, ChunkUse | None]


class PolicyPipeline:
    """Turns samples into joint targets; a stage with memory. Works on one hand (n,) or a batch (N, n).

    recovery: what happens without progress, as the manifest declares; whoever runs it may switch it off with None.
    """

    def __init__(
        self,
        manifest: PolicyManifest,
        network: NetworkPort,
        hand: HandSpec,
        *,
        workspace: Workspace | None = None,
        asker: Callable[[Answering], Asker] | None = None,
    ) -> None:
        """asker: who runs a network that says chunks; None, or a delay of 0: it answers at once.

        Raises BundleError or ConfigError when policy and hand do not fit.
        """
        manifest.check_hand(hand)
        check_spec(manifest.observation, len(hand.joints), hand.fingertip_sites)
        self.manifest, self.hand, self.recovery = manifest, hand, manifest.recovery
        self.guard = Guard(manifest.observation, workspace)
        if manifest.recovery is not None and not {GOAL, OBJECT_POSE} <= set(self.guard.sources):
            raise BundleError(f"{manifest.name} declares a recovery and does not see both goal and object")
        shape = load_shape(hand) if needs_fingertips(manifest.observation) else None
        fingertips = None if shape is None else Fingertips(hand, shape)
        self._view = PolicyView(manifest.convention, hand, fingertips)
        self._network = network
        self.chunked = _chunked(manifest, network, asker)
        self._memory: PolicyMemory | None = None
        self._state: NDArray[np.float32] | None = None
        self._progress: Progress | None = None

    def reset(self) -> None:
        """Forgets the past: the next step starts from the pose it measures."""
        self._memory = self._state = self._progress = None
        if self.chunked is not None:
            self.chunked.reset()

    def close(self) -> None:
        """Ends what runs beside."""
        if self.chunked is not None:
            self.chunked.close()

    def figures(self) -> dict[str, Any]:
        """Returns what /diagnostics says of the network, by name; nothing of one that is asked in every tick."""
        return {} if self.chunked is None else self.chunked.figures()

    def fork(self, hand: int, copies: int) -> "PolicyPipeline":
        """Returns a pipeline for as many hands, all of which remember what one hand of this batch remembers."""
        other = copy.copy(self)
        other._memory = None if self._memory is None else copies_of(self._memory, hand, copies)
        other.chunked = None if self.chunked is None else self.chunked.fork(hand, copies)
        other._state = None if self._state is None else self._state[[hand] * copies]
        other._progress = None if self._progress is None else copies_of(self._progress, hand, copies)
        return other

    def overrule(self, target_pos_rad: NDArray[np.float64]) -> None:
        """Tells the policy that another target, (..., n) rad, was followed instead of its own last one."""
        if self._memory is not None:
            self._memory = replace(self._memory, target_pos_rad=self._view.joints(target_pos_rad))

    def raw_action(
        self, observation: NDArray[np.float32], state: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns the actions to observations (N, width) and the next state, for a simulator that decodes.

        Raises BundleError for a policy with a convention of its own, which such a simulator knows nothing of.
        """
        if self.manifest.convention is not None or looks_back(self.manifest.observation):
            raise BundleError(f"{self.manifest.name} counts and remembers in its own way: only its pipeline can run it")
        outputs, after = self._network({VECTOR: observation}, self._begin(len(observation)) if state is None else state)
        return outputs[ACTION.name], after

    def _begin(self, count: int) -> NDArray[np.float32]:
        return np.zeros((count, self._network.state_width), dtype=np.float32)

    def towards(self, target_pos_rad: NDArray[np.float64], inputs: ObservationInputs) -> NDArray[np.float32]:
        """Returns the action, (..., n), that leads to an operator's target as fast as the policy itself could move."""
        seen = self._view.seen(inputs)
        memory = self._memory or seed_memory(seen)
        action = encode_target(
            self.manifest.action,
            self._view.joints(target_pos_rad),
            previous_action=memory.action,
            previous_target_rad=memory.target_pos_rad,
            lower_rad=self._view.lower_rad,
            upper_rad=self._view.upper_rad,
            joint_pos_rad=seen[JOINTS].pos_rad,
        )
        return np.asarray(action, dtype=np.float32)

    def step(
        self,
        inputs: ObservationInputs,
        now_ns: int,
        *,
        instead: NDArray[np.float32] | None = None,
        repeating: ChunkUse | None = None,
    ) -> Tick | Fault:
        """Returns the tick decided at `now_ns`, or the reason why there is none (the memory then stays as it was).

        instead: an operator's action, (..., n), in place of the network's, which sees and remembers all the same.
        repeating: of a recording: the chunks that its action was made of, in place of those that are there by now.
        """
        fault = self.guard.check(inputs, now_ns)
        if fault is not None:
            return fault
        progress = None if instead is not None else self._watched(inputs, now_ns)
        seen = self._view.seen(_shown(inputs, progress))
        memory = self._recalled(inputs, seen)
        ports = build_ports(self.manifest.observation, seen, memory)
        if (broken := self._not_finite(ports)) is not None:
            return broken
        answer = self._ask(ports, now_ns, repeating, led=instead is not None)
        if isinstance(answer, Fault):
            return answer
        outputs, state, use = answer
        if instead is not None:
            outputs = {**outputs, ACTION.name: instead}
        if not all(np.isfinite(values).all() for values in outputs.values()):
            return Fault(code=FaultCode.ACTION_INVALID, detail=f"the network returned {dict(outputs)}")
        target, action = decode_action(
            self.manifest.action,
            outputs[ACTION.name],
            previous_action=memory.action,
            previous_target_rad=memory.target_pos_rad,
            lower_rad=self._view.lower_rad,
            upper_rad=self._view.upper_rad,
            joint_pos_rad=seen[JOINTS].pos_rad,
        )
        self._remember(memory, target, action, outputs)
        self._state, self._progress = state, progress
        return Tick(
            inputs=inputs,
            observation=ports[VECTOR],
            outputs=outputs,
            target=JointTarget(stamp_ns=now_ns, pos_rad=self._commanded(target)),
            led=instead is not None,
            recovering=self._recovering(progress, inputs),
            use=use,
        )

    def look(self, inputs: ObservationInputs) -> NDArray[np.float32]:
        """Returns the observation, (..., width), that a step would begin with; nothing is remembered of it."""
        seen = self._view.seen(inputs)
        ports: Ports = build_ports(self.manifest.observation, seen, self._recalled(inputs, seen))
        return ports[VECTOR]

    def _recalled(self, inputs: ObservationInputs, seen: ObservationInputs) -> PolicyMemory:
        """Returns the memory with this tick in it. seen: the inputs as the policy sees them."""
        memory = observe_object(self._memory or seed_memory(seen), seen)
        return recall(self.manifest.observation, seen, memory, self._view.tips_m(inputs))

    def _remember(
        self, memory: PolicyMemory, target: NDArray[np.float64], action: NDArray[np.float64], outputs: Ports
    ) -> None:
        self._memory = replace(memory, target_pos_rad=target, action=action)
        if memory.further is not None:
            raw = outputs[ACTION.name].astype(memory.further.raw_action.dtype)
            self._memory = replace(self._memory, further=replace(memory.further, raw_action=raw))

    def _commanded(self, target: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the policy's target as our hand takes it, inside its limits."""
        ours = self._view.ours(target)
        return ours if self.manifest.action.within_limits else np.clip(ours, self.hand.lower_rad, self.hand.upper_rad)

    def _watched(self, inputs: ObservationInputs, now_ns: int) -> Progress | None:
        """Returns how the policy gets on, None without recovery; it begins anew after an operator has led."""
        if self.recovery is None:
            return None
        goal, quat = inputs[GOAL].quat_wxyz, inputs[OBJECT_POSE].quat_wxyz
        return watch_progress(
            self.recovery,
            self._progress,
            distance=goal_error_rad(quat, goal),
            goal_quat_wxyz=goal,
            object_quat_wxyz=quat,
            now_ns=now_ns,
        )

    def _recovering(self, progress: Progress | None, inputs: ObservationInputs) -> NDArray[np.bool_] | None:
        if self.recovery is None:
            return None
        return np.zeros(np.shape(inputs[JOINTS].pos_rad)[:-1], dtype=bool) if progress is None else progress.recovering

    def _ask(self, ports: Ports, now_ns: int, repeating: ChunkUse | None, *, led: bool) -> _Answer | Fault:
        """Returns the network's answers to one hand (...,) or a batch (N, ...), and its next state.

        led: an operator acts, who needs no answer.
        """
        if self.chunked is not None:
            said = self.chunked.step(ports, now_ns) if repeating is None else self.chunked.repeat(repeating, now_ns)
            if isinstance(said, Fault):
                return ({}, None, None) if led else said
            return {ACTION.name: said.action}, None, said.use
        shapes = self.manifest.observation.ports
        leading = ports[VECTOR].shape[:-1]
        batch = {name: values.reshape(-1, *shapes[name]) for name, values in ports.items()}
        before = self._begin(len(batch[VECTOR])) if self._state is None else self._state
        outputs, state = self._network(batch, before)
        return {name: values.reshape(*leading, -1) for name, values in outputs.items()}, state, None

    def _not_finite(self, ports: Ports) -> Fault | None:
        """Returns which terms of the observation are no numbers, or None."""
        broken = [name for name, values in ports.items() if not np.isfinite(values).all()]
        if not broken:
            return None
        slices, vector = self.manifest.observation.slices, ports[VECTOR]
        terms = [name for name, part in slices.items() if not np.isfinite(vector[..., part]).all()]
        said = f"not finite: {terms + [name for name in broken if name != VECTOR]}"
        return Fault(code=FaultCode.OBSERVATION_INVALID, detail=said)


def _chunked(
    manifest: PolicyManifest, network: NetworkPort, asker: Callable[[Answering], Asker] | None
) -> Chunked | None:
    if manifest.chunk is None:
        return None
    answering = Answering(manifest=manifest, spec=manifest.chunk, network=network)
    return Chunked(answering, None if asker is None or manifest.chunk.delay == 0 else asker(answering))


def _shown(inputs: ObservationInputs, progress: Progress | None) -> ObservationInputs:
    """Returns what the policy is shown: a decoy in place of the goal while it recovers."""
    return inputs if progress is None else inputs.having(GOAL, replace(inputs[GOAL], quat_wxyz=progress.shown))


def load_pipeline(
    bundle: Path,
    hand: HandSpec,
    *,
    workspace: Workspace | None = None,
    recovery: bool = True,
    beside: bool = False,
    unverified: bool = True,
) -> PolicyPipeline:
    """Returns the pipeline of a bundle directory, checked against the hand. Raises BundleError, ConfigError.

    recovery: False switches off what the bundle declares for when it makes no progress.
    beside: a network that says chunks runs in a thread of its own, as on a robot; close the pipeline in the end.
    unverified: False refuses a bundle that says things of which nobody has confirmed that they are so.
    """
    manifest, network = load_policy(bundle)
    if manifest.unverified and not unverified:
        raise BundleError(
            f"{manifest.name} is unverified in {list(manifest.unverified)}: nobody has confirmed it; "
            "allow_unverified:=true runs it all the same, and the recording says so"
        )
    pipeline = PolicyPipeline(manifest, network, hand, workspace=workspace, asker=Beside if beside else None)
    if not recovery:
        pipeline.recovery = None
    return pipeline
