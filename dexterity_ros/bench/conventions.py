"""Plants one wrong convention in bundles made of shipped policies, and counts which of them the probe names."""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.frames import quat_normalise, quat_to_cubic, quat_to_rot6d, quat_to_rotvec
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest, TermRange
from dexterity_ros.contracts.ports import NetworkPort, Ports
from dexterity_ros.contracts.resources import named_resource, shipped
from dexterity_ros.contracts.spec import VECTOR, ObservationTerm
from dexterity_ros.evaluation.conventions import FAMILIES, Candidate, candidates, convention_of
from dexterity_ros.evaluation.probe import Verdict, probe
from dexterity_ros.observation.builder import described_term
from dexterity_ros.tasks.spec import TaskSpec

POLICIES = ("leap_so3", "leap_so3_student", "leap_so3_reinforced", "leap_so3_mended", "leap_yaw")
NOTHING = "nothing"
_OBJECT, _GOAL = ("object_cubic", "object_rot6d"), ("goal_rotvec", "goal_rot6d")


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A policy whose manifest says one thing wrongly, or nothing (family empty)."""

    policy: str
    family: str
    planted: str
    manifest: PolicyManifest
    network: NetworkPort


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the probe said of a plant. named: it named a convention under which the manifest says what is true.

    number: of those that are planted, or of the clean ones, whose family is empty. score, other_score: share of the way
    to the goal as said, and with the best other convention.
    """

    number: int
    policy: str
    family: str
    planted: str
    verdict: str
    convention: str
    named: bool
    score: float
    other: str
    other_score: float | None


class QuaternionNetwork:
    """A NetworkPort: a shipped network behind quaternions, w first, in place of its terms of object and goal."""

    def __init__(self, network: NetworkPort, inner: PolicyManifest, outer: PolicyManifest) -> None:
        self._network, self._inner, self._outer = network, inner, outer
        self.state_width = network.state_width

    def __call__(self, seen: Ports, state: Singles) -> tuple[Ports, Singles]:
        """Returns what the shipped network says of the same."""
        vector, places = seen[VECTOR].astype(np.float64), self._outer.observation.slices
        parts = []
        for term in self._inner.observation.vectors:
            name = next((key for key, names in _FROM.items() if term.name in names), "")
            if not name:
                parts.append(vector[..., places[term.name]])
                continue
            quat = quat_normalise(vector[..., places[name]])
            parts.append(_WRITTEN[term.name](quat))
        return self._network({VECTOR: np.concatenate(parts, axis=-1).astype(np.float32)}, state)


_UNIT = TermRange(low=(-1.0,) * 4, high=(1.0,) * 4)
_FROM = {"object": _OBJECT, "turn": _GOAL}
_WRITTEN = {
    "object_cubic": quat_to_cubic,
    "object_rot6d": quat_to_rot6d,
    "goal_rotvec": quat_to_rotvec,
    "goal_rot6d": quat_to_rot6d,
}


def planted(number: int, hand: HandSpec, seed: int) -> Plant:
    """Returns a bundle with one wrong convention, the same for the same number and seed.

    Signs are of all joints, of a finger, or of one joint of every finger. A single joint that is counted the other way
    round is no convention, and a policy that hardly uses it comes to its goals all the same.
    """
    rng = np.random.default_rng([seed, number])
    policy, family = POLICIES[number % len(POLICIES)], FAMILIES[(number // len(POLICIES)) % len(FAMILIES)]
    manifest, network = shipped_policy(policy, hand, quaternions=family == "rotation")
    found = [c for c in candidates(manifest, hand, (family,)) if c.name.split()[0] not in hand.joint_names]
    chosen = found[int(rng.integers(len(found)))]
    return Plant(policy=policy, family=family, planted=chosen.name, manifest=chosen.change(manifest), network=network)


def clean(number: int, hand: HandSpec) -> Plant:
    """Returns a bundle that says what is true, every second one with quaternions."""
    policy = POLICIES[number % len(POLICIES)]
    manifest, network = shipped_policy(policy, hand, quaternions=number % 2 == 1)
    return Plant(policy=policy, family="", planted=NOTHING, manifest=manifest, network=network)


def judge_plant(number: int, plant: Plant, hand: HandSpec, *, episodes: int, seed: int) -> Row:
    """Returns what the probe says of a plant, of which it sees manifest and network alone."""
    task = config.load(TaskSpec, named_resource("config/tasks", plant.manifest.task))
    verdict = probe(plant.manifest, plant.network, hand, task, episodes=episodes, seed=seed, threads=1)
    other = verdict.other
    return Row(
        number=number,
        policy=plant.policy,
        family=plant.family,
        planted=plant.planted,
        verdict=verdict.verdict,
        convention=verdict.convention,
        named=_mends(plant, verdict, hand),
        score=verdict.as_said.score,
        other="" if other is None else other.convention,
        other_score=None if other is None else other.score,
    )


def shipped_policy(name: str, hand: HandSpec, *, quaternions: bool) -> tuple[PolicyManifest, NetworkPort]:
    """Returns a shipped policy, or the same behind quaternions."""
    manifest, network = load_policy(shipped(f"models/policies/{name}"))
    if not quaternions:
        return manifest, network
    terms = [t for t in manifest.observation.vectors if t.name not in (*_OBJECT, *_GOAL)]
    terms += [_quaternion("object", "object_rotation", hand), _quaternion("turn", "goal_turn", hand)]
    observation = replace(manifest.observation, terms=tuple(terms))
    ranges = {t.name: manifest.training_range.get(t.name, _UNIT) for t in terms}
    outer = replace(manifest, observation=observation, training_range=ranges)
    return outer, QuaternionNetwork(network, manifest, outer)


def _quaternion(name: str, quantity: str, hand: HandSpec) -> ObservationTerm:
    said = {"name": name, "of": quantity, "form": "quat_wxyz"}
    return described_term(said, len(hand.joints), hand.fingertip_sites, 0.15)


def _mends(plant: Plant, verdict: Verdict, hand: HandSpec) -> bool:
    """Returns whether what the probe names makes the manifest say what is true again."""
    if verdict.verdict != "other":
        return False
    true, _ = shipped_policy(plant.policy, hand, quaternions=plant.family == "rotation")
    found = [c for c in candidates(plant.manifest, hand, FAMILIES) if c.name == verdict.convention]
    return any(_same(c, plant.manifest, true) for c in found)


def _same(candidate: Candidate, wrong: PolicyManifest, true: PolicyManifest) -> bool:
    mended = candidate.change(wrong)
    ours, theirs = convention_of(mended), convention_of(true)
    turned = abs(float(np.dot(ours.base_quat_wxyz, theirs.base_quat_wxyz)))
    alike = (ours.joint_order, ours.sign) == (theirs.joint_order, theirs.sign) and turned > 1.0 - 1e-6
    return alike and _meanings(mended) == _meanings(true)


def _meanings(manifest: PolicyManifest) -> list[tuple[str, str]]:
    """Returns what each term is made of and how it is written."""
    short = {"goal_rotvec": ("goal_turn", "rotvec"), "goal_rot6d": ("goal_turn", "rot6d")}
    return [short.get(t.quantity, (t.quantity, t.form)) for t in manifest.observation.terms]
