"""Bundle, observation builder, network and action decoder in one object: what evaluation, replay and the robot run."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.action.decoder import decode_action, encode_target
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.ports import NetworkPort
from dexterity_ros.contracts.samples import JointTarget, ObservationInputs
from dexterity_ros.observation.builder import build_observation, check_spec
from dexterity_ros.observation.memory import PolicyMemory, observe_object, seed_memory
from dexterity_ros.runtime.guard import Workspace, check_inputs


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One control step: what was seen, what the network said, what is commanded.

    observation: (..., width) float32. raw_action: (..., n) float32, with a stop head (..., n + 1).
    target: (..., n) rad.
    led: an operator acted instead of the network; raw_action is theirs then.
    reached: how sure the policy is that the goal is reached, (...) in 0 to 1; None without a stop head.
    """

    inputs: ObservationInputs
    observation: NDArray[np.float32]
    raw_action: NDArray[np.float32]
    target: JointTarget
    reached: NDArray[np.float32] | None = None
    led: bool = False


class PolicyPipeline:
    """Turns samples into joint targets; a stage with memory. Works on one hand (n,) or a batch (N, n)."""

    def __init__(
        self,
        manifest: PolicyManifest,
        network: NetworkPort,
        hand: HandSpec,
        *,
        workspace: Workspace | None = None,
    ) -> None:
        """Raises BundleError or ConfigError when policy and hand do not fit."""
        manifest.check_hand(hand)
        check_spec(manifest.observation, len(hand.joints))
        self.manifest, self.hand = manifest, hand
        self._network, self._workspace = network, workspace
        self._memory: PolicyMemory | None = None
        self._state: NDArray[np.float32] | None = None

    def reset(self) -> None:
        """Forgets the past: the next step starts from the pose it measures."""
        self._memory = self._state = None

    def overrule(self, target_pos_rad: NDArray[np.float64]) -> None:
        """Tells the policy that another target, (..., n) rad, was followed instead of its own last one."""
        if self._memory is not None:
            self._memory = replace(self._memory, target_pos_rad=target_pos_rad)

    def raw_action(
        self, observation: NDArray[np.float32], state: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns the network's answers to observations (N, width) and its next state, for a simulator that decodes."""
        return self._network(observation, self._begin(len(observation)) if state is None else state)

    def _begin(self, count: int) -> NDArray[np.float32]:
        return np.zeros((count, self._network.state_width), dtype=np.float32)

    def towards(self, target_pos_rad: NDArray[np.float64], inputs: ObservationInputs) -> NDArray[np.float32]:
        """Returns the action, (..., n), that leads to an operator's target as fast as the policy itself could move."""
        memory = self._memory or seed_memory(inputs.joints, inputs.object_pose)
        action = encode_target(
            self.manifest.action,
            target_pos_rad,
            previous_action=memory.action,
            previous_target_rad=memory.target_pos_rad,
            lower_rad=self.hand.lower_rad,
            upper_rad=self.hand.upper_rad,
        )
        return np.asarray(action, dtype=np.float32)

    def step(
        self, inputs: ObservationInputs, now_ns: int, *, instead: NDArray[np.float32] | None = None
    ) -> Tick | Fault:
        """Returns the tick decided at `now_ns`, or the reason why there is none (the memory then stays as it was).

        instead: an operator's action, (..., n), in place of the network's, which sees and remembers all the same.
        """
        fault = check_inputs(self.manifest, inputs, now_ns, self._workspace)
        if fault is not None:
            return fault
        memory = self._memory or seed_memory(inputs.joints, inputs.object_pose)
        memory = observe_object(memory, inputs)
        observation = build_observation(self.manifest.observation, inputs, memory)
        if not np.isfinite(observation).all():
            return Fault(code=FaultCode.OBSERVATION_INVALID, detail=self._not_finite(observation))
        batch = observation.reshape(-1, observation.shape[-1])
        before = self._begin(len(batch)) if self._state is None else self._state
        raw_action, state = self._network(batch, before)
        raw_action = raw_action.reshape(*observation.shape[:-1], -1)
        if instead is not None:
            raw_action = np.concatenate([instead, raw_action[..., len(self.hand.joints) :]], axis=-1)
        if not np.isfinite(raw_action).all():
            return Fault(code=FaultCode.ACTION_INVALID, detail=f"the network returned {raw_action}")
        target, action = decode_action(
            self.manifest.action,
            raw_action[..., : len(self.hand.joints)],
            previous_action=memory.action,
            previous_target_rad=memory.target_pos_rad,
            lower_rad=self.hand.lower_rad,
            upper_rad=self.hand.upper_rad,
            joint_pos_rad=inputs.joints.pos_rad,
        )
        self._memory, self._state = replace(memory, target_pos_rad=target, action=action), state
        return Tick(
            inputs=inputs,
            observation=observation,
            raw_action=raw_action,
            target=JointTarget(stamp_ns=now_ns, pos_rad=target),
            reached=raw_action[..., -1] if self.manifest.stop_head else None,
            led=instead is not None,
        )

    def _not_finite(self, observation: NDArray[np.float32]) -> str:
        slices = self.manifest.observation.slices
        return f"not finite: {[name for name, part in slices.items() if not np.isfinite(observation[..., part]).all()]}"


def load_pipeline(bundle: Path, hand: HandSpec, *, workspace: Workspace | None = None) -> PolicyPipeline:
    """Returns the pipeline of a bundle directory, checked against the hand. Raises BundleError, ConfigError."""
    manifest, network = load_policy(bundle)
    return PolicyPipeline(manifest, network, hand, workspace=workspace)
