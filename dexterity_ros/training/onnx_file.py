"""The network file of a bundle: written by torch, and stamped with what other tools read."""

import json
import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from numpy.typing import NDArray

from dexterity_ros.bundles.onnx_network import contract, load_policy
from dexterity_ros.contracts.manifest import (
    DIGEST_KEY,
    METADATA_KEY,
    NETWORK_FILE,
    PolicyManifest,
    save_manifest,
    sha256,
)

_OPSET = 18


def write_onnx(network: torch.nn.Module, inputs: dict[str, torch.Tensor], outputs: list[str], path: Path) -> None:
    """Writes a network whose first dimensions are all the batch. inputs: examples by name, in the network's order."""
    batch = torch.export.Dim("batch", min=1, max=65536)
    program = _quietly_exported(
        network,
        tuple(inputs.values()),
        dynamo=True,
        opset_version=_OPSET,
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes=tuple({0: batch} for _ in inputs),
        external_data=False,
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=False)


def _quietly_exported(*args: Any, **options: Any) -> Any:
    """Returns torch's export without its remarks about operators that are not installed and names it does not use."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.onnx.export(*args, **options)
    finally:
        exporter.setLevel(level)


def rounded(values: NDArray[Any]) -> tuple[float, ...]:
    """Returns numbers, (n,), as a manifest holds them."""
    return tuple(round(float(v), 4) for v in values)


def seal(manifest: PolicyManifest, bundle: Path) -> PolicyManifest:
    """Returns the manifest with the digest of its network, which says in its file what it is; writes both.

    Raises BundleError when the bundle that results does not load, or does not reproduce its golden pair.
    """
    _stamp_metadata(manifest, bundle / NETWORK_FILE)
    sealed = replace(manifest, network_sha256=sha256(bundle / NETWORK_FILE))
    save_manifest(sealed, bundle)
    load_policy(bundle)
    return sealed


def _stamp_metadata(manifest: PolicyManifest, path: Path) -> None:
    """Writes the keys other tools read (mjlab, whole_body_tracking) and our own contract into the ONNX file."""
    model = onnx.load(str(path))
    joints = len(manifest.joint_names)
    entries = {
        "run_path": manifest.name,
        "joint_names": ",".join(manifest.joint_names),
        "joint_stiffness": ",".join(str(v) for v in manifest.stiffness_nm_rad),
        "joint_damping": ",".join(str(v) for v in manifest.damping_nm_s_rad),
        "default_joint_pos": ",".join(str(v) for v in manifest.start_pos_rad),
        "command_names": manifest.task,
        "observation_names": ",".join(term.name for term in manifest.observation.terms),
        "action_scale": ",".join([str(manifest.action.scale_rad)] * joints),
        METADATA_KEY: json.dumps(contract(manifest)),
        DIGEST_KEY: manifest.digest,
    }
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, entries)
    onnx.save(model, str(path))
