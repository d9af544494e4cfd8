"""Shows a policy plausible samples: what its golden file holds, and ranges where nobody knows those of its training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.bundles.onnx_network import OnnxNetwork
from dexterity_ros.contracts.arrays import Floats, Singles
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.manifest import PolicyManifest, TermRange
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.observation.builder import build_observation, check_spec, needs_fingertips, recall
from dexterity_ros.observation.fingertips import Fingertips
from dexterity_ros.observation.memory import observe_object, seed_memory
from dexterity_ros.observation.view import PolicyView

_TICKS = 64
_SHARE, _SPEED_RAD_S, _NEAR_M = 0.6, 2.0, 0.03  # of the joints' ranges; of joints; of the object from the grasp centre
_MARGIN = 0.25  # of a range, added at both ends


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """pairs: of golden_io.npz. ranges: of each term."""

    pairs: dict[str, Singles]
    ranges: dict[str, TermRange]


def rehearse(manifest: PolicyManifest, network: OnnxNetwork, hand: HandSpec) -> Rehearsal:
    """Returns observations of made-up motions, and the network's answers. Raises BundleError when it cannot answer."""
    spec = manifest.observation
    check_spec(spec, len(hand.joints), hand.fingertip_sites)
    tips = Fingertips(hand, load_shape(hand)) if needs_fingertips(spec) else None
    view, rng = PolicyView(manifest.convention, hand, tips), np.random.default_rng(0)
    memory, state = None, np.zeros((1, manifest.state_width), dtype=np.float32)
    rows: list[dict[str, Singles]] = []
    for tick in range(_TICKS):
        inputs = _inputs(hand, rng, round(tick * 1e9 / manifest.control_rate_hz))
        seen = view.seen(inputs)
        memory = observe_object(memory or seed_memory(seen), seen)
        memory = recall(spec, seen, memory, view.tips_m(inputs))
        observation = build_observation(spec, seen, memory)
        outputs, after = _asked(network, observation, state, manifest)
        action = outputs[ACTION.name]
        rows.append(_row(observation, action, state, after))
        clipped = np.clip(action, -manifest.action.clip, manifest.action.clip).astype(np.float64)
        memory = replace(memory, action=clipped, target_pos_rad=seen[JOINTS].pos_rad)
        if memory.further is not None:
            memory = replace(memory, further=replace(memory.further, raw_action=action.astype(np.float64)))
        state = after
    pairs = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return Rehearsal(pairs=pairs, ranges=_ranges(manifest, pairs[VECTOR]))


def save_golden(pairs: Mapping[str, Any], path: Path) -> None:
    """Writes golden_io.npz."""
    np.savez_compressed(path, **pairs)


def _asked(
    network: OnnxNetwork, observation: Singles, state: Singles, manifest: PolicyManifest
) -> tuple[dict[str, Singles], Singles]:
    try:
        outputs, after = network({VECTOR: observation}, state)
    except Exception as error:  # ONNX Runtime raises private classes
        said = " ".join(str(error).split())[:300]
        raise BundleError(f"ONNX Runtime cannot run {manifest.name}: {said}") from error
    if not all(np.isfinite(values).all() for values in (*outputs.values(), after)):
        raise BundleError(f"{manifest.name} answers numbers that are not finite to plausible samples")
    return dict(outputs), after


def _row(observation: Singles, action: Singles, state: Singles, after: Singles) -> dict[str, Singles]:
    row = {VECTOR: observation, ACTION.name: action}
    return row | {"state": state, "next_state": after} if state.shape[1] else row


def _inputs(hand: HandSpec, rng: np.random.Generator, now_ns: int) -> ObservationInputs:
    """Returns samples of one hand, (1, ...): joints about their middle, the object in the hand, any rotation."""
    n = len(hand.joints)
    middle, half = 0.5 * (hand.lower_rad + hand.upper_rad), 0.5 * (hand.upper_rad - hand.lower_rad)
    stamp = np.array([now_ns])
    place = np.array(hand.grasp_centre_m) + rng.normal(0.0, 0.3 * _NEAR_M, size=3)
    return ObservationInputs.of(
        joint_states=JointSample(
            stamp_ns=stamp,
            pos_rad=(middle + _SHARE * half * rng.uniform(-1.0, 1.0, size=n))[None],
            vel_rad_s=rng.uniform(-_SPEED_RAD_S, _SPEED_RAD_S, size=(1, n)),
        ),
        object_pose=PoseSample(stamp_ns=stamp, pos_m=place[None], quat_wxyz=_rotation(rng)),
        goal=GoalSample(stamp_ns=stamp, quat_wxyz=_rotation(rng)),
    )


def _rotation(rng: np.random.Generator) -> Floats:
    quat = rng.normal(size=(1, 4))
    rotation: Floats = quat / np.linalg.norm(quat)
    return rotation


def _ranges(manifest: PolicyManifest, seen: Singles) -> dict[str, TermRange]:
    """Returns the range of the made-up samples, a quarter wider: nobody knows that of training."""
    low, high = seen.min(axis=0).astype(np.float64), seen.max(axis=0).astype(np.float64)
    room = _MARGIN * (high - low) + 1e-6
    return {
        name: TermRange(low=tuple((low - room)[part].tolist()), high=tuple((high + room)[part].tolist()))
        for name, part in manifest.observation.slices.items()
    }
