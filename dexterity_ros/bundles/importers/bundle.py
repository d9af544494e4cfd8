"""Makes a bundle of a foreign policy and its contract."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

import dexterity_ros
from dexterity_ros.bundles.importers.contract import Contract, TermAnswer
from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.bundles.importers.graph import action_size, adapted, port_sizes, state_width
from dexterity_ros.bundles.importers.rehearsal import rehearse, save_golden
from dexterity_ros.bundles.onnx_network import OnnxNetwork, load_policy
from dexterity_ros.bundles.onnx_network import contract as stored_contract
from dexterity_ros.contracts import config
from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import (
    DIGEST_KEY,
    GOLDEN_FILE,
    METADATA_KEY,
    NETWORK_FILE,
    Imported,
    PolicyManifest,
    Provenance,
    TermRange,
    save_manifest,
    sha256,
)
from dexterity_ros.contracts.sources import SOURCES
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec, ObservationTerm
from dexterity_ros.observation.builder import described_term, source_of
from dexterity_ros.observation.view import PolicyView

_NOT_CLIPPED = 100.0
_UNSEEN = 1e3  # of a range that nobody knows


def write_bundle(foreign: Foreign, contract: Contract, hand: HandSpec, file: Path, bundle: Path) -> PolicyManifest:
    """Returns the manifest of the bundle written to `bundle`. The contract must be complete.

    Raises:
        BundleError, ConfigError: what is said does not go together, or the graph does not run.
    """
    manifest = _manifest(foreign, contract, hand, file, bundle.name)
    model = adapted(foreign, observation_columns(foreign, contract, hand), len(hand.joints))
    bundle.mkdir(parents=True, exist_ok=True)
    path = bundle / NETWORK_FILE
    onnx.save(model, str(path))
    network = OnnxNetwork(path)
    seen = rehearse(manifest, network, hand)
    save_golden(seen.pairs, bundle / GOLDEN_FILE)
    manifest = replace(manifest, training_range=seen.ranges, golden_sha256=sha256(bundle / GOLDEN_FILE))
    _stamp(model, manifest)
    onnx.save(model, str(path))
    manifest = replace(manifest, network_sha256=sha256(path))
    save_manifest(manifest, bundle)
    load_policy(bundle)
    return manifest


def _manifest(foreign: Foreign, contract: Contract, hand: HandSpec, file: Path, name: str) -> PolicyManifest:
    n, width = len(hand.joints), state_width(foreign)
    if (size := action_size(foreign)) not in (None, n):
        raise BundleError(f"its action has {size} numbers, the hand {hand.name} has {n} joints")
    convention = _convention(contract, n)
    convention.check_joints(hand.joint_names)
    observation = _observation(contract, hand)
    empty = hashlib.sha256(b"").hexdigest()
    start = PolicyView(convention, hand).ours(np.array(each_joint(contract.start_pos_rad, n, "start_pos_rad")))
    return PolicyManifest(
        format=2,
        kind="recurrent" if width else "step",
        state_width=width,
        name=name,
        task=_known(contract.task),
        object=_known(contract.object),
        hand=hand.name,
        hand_digest=hand.digest,
        joint_names=hand.joint_names,
        control_rate_hz=_known(contract.control_rate_hz),
        observation=observation,
        action=_action(contract, n),
        latency_s=_known(contract.latency_s),
        current_limit_a=_known(contract.current_limit_a),
        stiffness_nm_rad=_in_our_order(contract.stiffness_nm_rad, convention, hand, "stiffness_nm_rad"),
        damping_nm_s_rad=_in_our_order(contract.damping_nm_s_rad, convention, hand, "damping_nm_s_rad"),
        start_pos_rad=tuple(float(value) for value in start),
        training_range={term.name: _unknown_range(term) for term in observation.vectors},
        network_sha256=empty,
        golden_sha256=empty,
        provenance=Provenance(
            code_version=f"imported-{dexterity_ros.__version__}", config_digest=_digest(contract), seed=0, steps=0
        ),
        convention=convention,
        imported=Imported(dialect=foreign.dialect, file=file.name, sha256=sha256(file)),
        unverified=_unverified(foreign, contract),
    )


def _unverified(foreign: Foreign, contract: Contract) -> tuple[str, ...]:
    """Returns what nobody has confirmed: guesses, what a dialect implies, and the range of training."""
    return tuple(sorted({*contract.unverified, *foreign.implied, "training_range"}))


def _convention(contract: Contract, n: int) -> Convention:
    return Convention(
        joint_order=_known(contract.joint_order),
        sign=each_joint(contract.joint_sign, n, "joint_sign"),
        zero_rad=each_joint(contract.joint_zero_rad, n, "joint_zero_rad"),
        base_pos_m=contract.base_pos_m or (0.0, 0.0, 0.0),
        base_quat_wxyz=contract.base_quat_wxyz or (1.0, 0.0, 0.0, 0.0),
        joint_limits_rad=contract.joint_limits_rad or (),
    )


def _observation(contract: Contract, hand: HandSpec) -> ObservationSpec:
    terms = tuple(_term(answer, contract, hand) for answer in _known(contract.observation))
    history = contract.history
    return ObservationSpec(
        terms=terms, history_order=history.order or "oldest_first", history_fill=history.fill or "first"
    )


def _term(answer: TermAnswer, contract: Contract, hand: HandSpec) -> ObservationTerm:
    said = config.to_mapping(answer)
    told, _ = said.pop("told"), said.pop("port")
    n = len(hand.joints)
    if told and (answer.offset or answer.scale):
        raise BundleError(f"term {answer.name} is told {told} and has an offset or a scale: say one of them")
    if told == "relative_to_default":
        said["offset"] = each_joint(contract.default_pos_rad, n, "default_pos_rad")
    if told == "normalised":
        limits = np.array(_known(contract.joint_limits_rad))
        said["offset"], said["scale"] = limits.mean(axis=1).tolist(), (2.0 / np.ptp(limits, axis=1)).tolist()
    for key in ("offset", "scale"):
        said[key] = tuple(said[key])
    said["limit"] = None if answer.limit is None else answer.limit
    age = SOURCES.get(source_of(answer.quantity))
    limit_s = 0.0 if age is None or age.topic.max_age_s is None else age.topic.max_age_s
    each = described_term({**said, "offset": (), "scale": ()}, n, hand.fingertip_sites, limit_s)
    for key in ("offset", "scale"):  # one number stands for all
        said[key] = said[key] * (each.width // each.history) if len(said[key]) == 1 else said[key]
    return described_term(said, n, hand.fingertip_sites, limit_s)


def _action(contract: Contract, n: int) -> ActionSpec:
    said = contract.action
    if said.mode == "targets":
        return ActionSpec(
            mode="default", scale_rad=1.0, clip=_NOT_CLIPPED, ema=1.0, default_pos_rad=(0.0,) * n, within_limits=True
        )
    limits = np.array(contract.joint_limits_rad or [[0.0, 0.0]] * n)
    centre = tuple(float(value) for value in limits.mean(axis=1))
    scale = (
        tuple(0.5 * np.ptp(limits, axis=1))
        if said.mode == "limits"
        else each_joint(said.scale_rad, n, "action.scale_rad")
    )
    about = {"limits": centre, "absolute": centre, "default": contract.default_pos_rad}.get(str(said.mode))
    mode = said.mode if said.mode in ("relative", "measured") else "default"
    assert mode in ("relative", "measured", "default")
    return ActionSpec(
        mode=mode,
        scale_rad=float(max(scale)),
        joint_scale_rad=() if len(set(scale)) == 1 else tuple(float(value) for value in scale),
        clip=_known(said.clip),
        ema=_known(said.ema),
        smooths=said.smooths or "action",
        default_pos_rad=() if about is None else each_joint(about, n, "default_pos_rad"),
        within_limits=_known(said.within_limits),
    )


def observation_columns(foreign: Foreign, contract: Contract, hand: HandSpec) -> dict[str, list[int]]:
    """Returns which columns of our observation go into each port of the graph, in its own order.

    Raises:
        BundleError, ConfigError: terms are none that there are, or have another width than the ports.
    """
    answers, spec = _known(contract.observation), _observation(contract, hand)
    ports: dict[str, list[ObservationTerm]] = {port: [] for port in foreign.sees}
    for answer, term in zip(answers, spec.terms, strict=True):
        port = answer.port or foreign.sees[0]
        if port not in ports or (not answer.port and len(ports) > 1):
            raise BundleError(f"term {answer.name} goes into the port {answer.port!r}, expected one of {list(ports)}")
        ports[port].append(term)
    sizes = port_sizes(foreign)
    for port, terms in ports.items():
        widths = {term.name: term.width for term in terms}
        if sum(widths.values()) != sizes[port]:
            raise BundleError(
                f"the port {port} takes {sizes[port]} numbers, its terms have {sum(widths.values())}: {widths}"
            )
    by_tick = contract.history.stacked == "by_tick"
    return {port: _placed(terms, spec, by_tick=by_tick) for port, terms in ports.items()}


def _placed(terms: Sequence[ObservationTerm], spec: ObservationSpec, *, by_tick: bool) -> list[int]:
    """Returns columns term after term, or, for neighbours with the same history, tick after tick."""
    columns: list[int] = []
    rest = list(terms)
    while rest:
        group = [rest.pop(0)]
        while by_tick and rest and rest[0].history == group[0].history > 1:
            group.append(rest.pop(0))
        for tick in range(group[0].history):
            for term in group:
                each, start = term.width // term.history, spec.slices[term.name].start
                columns += range(start + tick * each, start + (tick + 1) * each)
    return columns


def each_joint(values: Sequence[float] | None, n: int, name: str) -> tuple[float, ...]:
    """Returns one number for each joint; a single one stands for all. Raises BundleError."""
    given = tuple(float(value) for value in _known(values))
    if len(given) == 1:
        return given * n
    if len(given) != n:
        raise BundleError(f"{name} has {len(given)} numbers, expected one or {n}")
    return given


def _in_our_order(
    values: Sequence[float] | None, convention: Convention, hand: HandSpec, name: str
) -> tuple[float, ...]:
    given = np.array(each_joint(values, len(hand.joints), name))
    ours = np.empty_like(given)
    ours[convention.places(hand.joint_names)] = given
    return tuple(float(value) for value in ours)


def _known(value: Any) -> Any:
    """Returns an answer; the contract is complete."""
    assert value is not None, "missing() is asked first"
    return value


def _unknown_range(term: ObservationTerm) -> TermRange:
    return TermRange(low=(-_UNSEEN,) * term.width, high=(_UNSEEN,) * term.width)


def _digest(contract: Contract) -> str:
    return hashlib.sha256(json.dumps(config.to_mapping(contract), sort_keys=True).encode()).hexdigest()


def _stamp(model: onnx.ModelProto, manifest: PolicyManifest) -> None:
    """Writes our own two keys beside what the file says itself."""
    own: Mapping[str, str] = {METADATA_KEY: json.dumps(stored_contract(manifest)), DIGEST_KEY: manifest.digest}
    kept = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, kept | dict(own))
