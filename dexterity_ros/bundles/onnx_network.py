"""Loads a policy network, refuses one that is not what its manifest says, runs it on one thread."""

import json
import math
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from dexterity_ros.bundles.format_1 import NamedOutputs, named, written
from dexterity_ros.bundles.golden import read_golden
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.files import read_bounded
from dexterity_ros.contracts.manifest import (
    DIGEST_KEY,
    GOLDEN_FILE,
    METADATA_KEY,
    MOST_NETWORK_BYTES,
    NETWORK_FILE,
    PolicyManifest,
    load_manifest,
)
from dexterity_ros.contracts.ports import NetworkPort, Ports
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.contracts.spec import VECTOR

GOLDEN_TOLERANCE = 1e-5  # absolute, on raw actions of order one; processors round differently
_WARM_UP_RUNS = 20
_STATE, _NEXT_STATE = "state", "next_state"


class OnnxNetwork:
    """A NetworkPort: the ports of a file, observation and state among them, each float32 (batch, ...)."""

    def __init__(self, path: Path) -> None:
        """Loads `path` for one CPU thread. Raises BundleError when ONNX Runtime cannot."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        content = read_bounded(path, MOST_NETWORK_BYTES)
        try:
            self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises a different private class for every kind of broken file
            raise BundleError(f"ONNX Runtime cannot load {path}: {_one_line(error)}") from error
        self.state_width = self._width_of_state()
        """Length of the state; 0 when the graph has none."""
        self._outputs = [port.name for port in self._session.get_outputs()]
        self._takes_one = (self.signature().get(VECTOR) or ("",))[0] == 1

    def _width_of_state(self) -> int:
        width = (self.signature().get(_STATE) or (0,))[-1]
        if not isinstance(width, int):
            raise BundleError(f"the state of the network has the width {width!r}, expected a number")
        return width

    def __call__(self, seen: Ports, state: NDArray[np.float32]) -> tuple[Ports, NDArray[np.float32]]:
        """Returns (outputs, next state) for a batch; one after the other where the graph takes only one at a time."""
        rows = len(seen[VECTOR])
        if self._takes_one and rows > 1:
            return self._one_by_one(seen, state, rows)
        remembered = {_STATE: state} if self.state_width > 0 else {}
        answers = self._session.run(self._outputs, {**seen, **remembered})
        outputs = dict(zip(self._outputs, answers, strict=True))
        return outputs, outputs.pop(_NEXT_STATE, state)

    def _one_by_one(self, seen: Ports, state: NDArray[np.float32], rows: int) -> tuple[Ports, NDArray[np.float32]]:
        each = [self({n: v[k : k + 1] for n, v in seen.items()}, state[k : k + 1]) for k in range(rows)]
        outputs = {name: np.concatenate([said[name] for said, _ in each]) for name in each[0][0]}
        return outputs, np.concatenate([after for _, after in each])

    def signature(self) -> dict[str, tuple[object, ...]]:
        """Returns name -> shape of all inputs and outputs; dynamic dimensions are strings."""
        ports = [*self._session.get_inputs(), *self._session.get_outputs()]
        return {port.name: tuple(port.shape) for port in ports}

    def metadata(self) -> dict[str, str]:
        """Returns the strings stored in the model."""
        return dict(self._session.get_modelmeta().custom_metadata_map)


def load_policy(bundle: Path) -> tuple[PolicyManifest, NetworkPort]:
    """Returns manifest and network of a bundle, checked against each other and warmed up.

    Raises:
        BundleError: digest, shapes, contract or golden pair do not match; the message says expected and found.
    """
    manifest = load_manifest(bundle)
    file = OnnxNetwork(bundle / NETWORK_FILE)
    _check_signature(manifest, file)
    _check_metadata(manifest, file)
    network: NetworkPort = NamedOutputs(manifest, file) if manifest.stop_head else file
    _check_golden(bundle, manifest, network)
    still = {name: np.zeros((1, *shape), dtype=np.float32) for name, shape in manifest.inputs.items()}
    for _ in range(_WARM_UP_RUNS):
        network(still, np.zeros((1, manifest.state_width), dtype=np.float32))
    return manifest, network


def golden_difference(bundle: Path, manifest: PolicyManifest, network: NetworkPort) -> float:
    """Returns the largest absolute difference between stored and computed outputs and states of the golden pairs.

    Raises:
        BundleError: the golden file is damaged, or the network cannot run.
    """
    shapes = manifest.inputs | _states(manifest) | written(manifest)
    golden = read_golden(bundle / GOLDEN_FILE, {name: math.prod(shape) for name, shape in shapes.items()})
    pairs = len(golden[VECTOR])
    seen = {name: golden[name].reshape(pairs, *shape) for name, shape in manifest.inputs.items()}
    nothing = np.zeros((pairs, 0), dtype=np.float32)
    try:
        outputs, state = network(seen, golden.get(_STATE, nothing))
    except Exception as error:  # as in OnnxNetwork
        raise BundleError(f"ONNX Runtime cannot run {manifest.name}: {_one_line(error)}") from error
    expected = named(manifest, {name: golden[name] for name in written(manifest)})
    found = [np.abs(values - outputs[name].reshape(pairs, -1)).max() for name, values in expected.items()]
    return float(max([*found, np.abs(state - golden.get(_NEXT_STATE, nothing)).max(initial=0.0)]))


def _states(manifest: PolicyManifest) -> dict[str, tuple[int, ...]]:
    return {} if manifest.state_width == 0 else dict.fromkeys((_STATE, _NEXT_STATE), (manifest.state_width,))


def _check_signature(manifest: PolicyManifest, network: OnnxNetwork) -> None:
    """The first dimension is the batch."""
    found = {name: shape[1:] for name, shape in network.signature().items()}
    expected = manifest.inputs | _states(manifest) | written(manifest)
    if found != expected:
        raise BundleError(f"the network of {manifest.name} has the ports {found}, its manifest describes {expected}")


def _check_metadata(manifest: PolicyManifest, network: OnnxNetwork) -> None:
    metadata = network.metadata()
    stored = _stored_contract(metadata.get(METADATA_KEY, "{}"), manifest.name)
    for key, value in contract(manifest).items():
        if stored.get(key) != value:
            found, said = shown(stored.get(key)), f"the manifest says {shown(value)}"
            raise BundleError(f"{key} in {NETWORK_FILE} of {manifest.name} is {found}, {said}")
    digest = metadata.get(DIGEST_KEY, "")
    if digest and digest != manifest.digest:
        said = f"{NETWORK_FILE} was exported with {digest[:12]}: it was changed since"
        raise BundleError(f"the manifest of {manifest.name} has the digest {manifest.digest[:12]}, {said}")


def _stored_contract(text: str, name: str) -> dict[str, object]:
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{METADATA_KEY} in {NETWORK_FILE} of {name} is not JSON: {_one_line(error)}") from error
    if not isinstance(stored, dict):
        raise BundleError(f"{METADATA_KEY} in {NETWORK_FILE} of {name} is {shown(stored)}, expected a JSON object")
    return stored


def contract(manifest: PolicyManifest) -> dict[str, object]:
    """Returns the part of the manifest that is stored inside the ONNX file as well, as JSON values."""
    return {
        "joint_names": list(manifest.joint_names),
        "observation_names": [term.name for term in manifest.observation.terms],
        "control_rate_hz": manifest.control_rate_hz,
        "action_mode": manifest.action.mode,
        "action_scale_rad": manifest.action.scale_rad,
        "hand_digest": manifest.hand_digest,
    }


def _check_golden(bundle: Path, manifest: PolicyManifest, network: NetworkPort) -> None:
    difference = golden_difference(bundle, manifest, network)
    if not difference <= GOLDEN_TOLERANCE:
        raise BundleError(
            f"policy {manifest.name} computes actions that differ by {difference:.2e} from its golden pair, "
            f"more than {GOLDEN_TOLERANCE:.0e}: this machine or its ONNX Runtime does not reproduce the training result"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
