"""Turns a run that learned from recordings into a bundle of kind chunk: the whole sampling is inside the network."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import dexterity_ros
from dexterity_ros.action.chunks import noise_of
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.chunk import CHUNK, PREFIX, PREFIX_WEIGHT, ChunkSpec
from dexterity_ros.contracts.manifest import (
    GOLDEN_FILE,
    NETWORK_FILE,
    PolicyManifest,
    Provenance,
    TermRange,
    check_latency,
    sha256,
)
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint
from dexterity_ros.training.learners.data_run import DATA_FILE, SEEN_FILE, DataConfig
from dexterity_ros.training.learners.learner import Learner
from dexterity_ros.training.learners.trainer import load_learner
from dexterity_ros.training.onnx_file import rounded, seal, write_onnx


def export_learner(
    run: Path,
    bundle: Path,
    *,
    current_limit_a: float,
    latency_s: tuple[float, float] | None = None,
    recovery: RecoverySpec | None = None,
) -> PolicyManifest:
    """Returns the manifest of the bundle written to `bundle` from what a run has learned from recordings.

    latency_s: what the policy is known to bear; default: that of the policy it is like. recovery: what it is to do
    where it makes no progress.

    Raises:
        TrainingError: the run has learned nothing, or not from recordings. BundleError: what was exported does not
        reproduce what was trained.
    """
    if not (run / DATA_FILE).is_file():
        raise TrainingError(f"{run} has no {DATA_FILE}: it did not learn from recordings of a hand")
    config = configs.load(DataConfig, run / DATA_FILE)
    learner = load_learner(run)
    spec = config.run_as.spec(learner)
    kept = read_checkpoint(run / SEEN_FILE, "learner")
    bundle.mkdir(parents=True, exist_ok=True)
    deployed = _Deployed(learner, spec).eval()
    write_onnx(deployed, deployed.example(), [CHUNK], bundle / NETWORK_FILE)
    _write_golden(deployed, spec, kept[VECTOR], bundle / GOLDEN_FILE)
    manifest = _manifest(config, spec, bundle, kept)
    manifest = replace(manifest, current_limit_a=current_limit_a, recovery=recovery)
    manifest = replace(manifest, latency_s=latency_s or manifest.latency_s)
    check_latency(manifest.latency_s)
    return seal(manifest, bundle)


class _Deployed(nn.Module):
    """A learner with the inputs that its ChunkSpec asks for, in their order."""

    def __init__(self, learner: Learner, spec: ChunkSpec) -> None:
        super().__init__()
        self.learner, self._shapes = learner, {VECTOR: (learner.width,), **spec.inputs(learner.joints)}

    def example(self, rows: int = 2) -> dict[str, Tensor]:
        """Returns inputs of the right shapes."""
        return {name: torch.zeros(rows, *shape) for name, shape in self._shapes.items()}

    def forward(
        self,
        observation: Tensor,
        noise: Tensor | None = None,
        prefix: Tensor | None = None,
        prefix_weight: Tensor | None = None,
    ) -> Tensor:
        drawn = observation[:, :0] if noise is None else noise
        after = () if prefix is None else (prefix, prefix_weight)
        chunk: Tensor = self.learner(observation, drawn, *after)
        return chunk


@torch.no_grad()
def _write_golden(deployed: _Deployed, spec: ChunkSpec, seen: Tensor, path: Path) -> None:
    """A chunk before is one of the answers, so that the pair goes through every branch of the sampling."""
    inputs = deployed.example(len(seen)) | {VECTOR: seen}
    inputs |= {name: torch.from_numpy(values) for name, values in noise_of(spec, 0, len(seen)).items()}
    if PREFIX in inputs:
        inputs[PREFIX] = deployed(*inputs.values()).roll(1, dims=0)
        inputs[PREFIX_WEIGHT] = torch.linspace(1.0, 0.0, spec.horizon).expand(len(seen), -1)
    arrays = inputs | {CHUNK: deployed(*inputs.values())}
    np.savez_compressed(path, **{name: values.flatten(1).numpy() for name, values in arrays.items()})


def _manifest(config: DataConfig, spec: ChunkSpec, bundle: Path, kept: dict[str, Any]) -> PolicyManifest:
    observation, low, high = config.observation(), kept["low"].numpy(), kept["high"].numpy()
    digest = hashlib.sha256((bundle.name + repr(configs.to_mapping(config))).encode()).hexdigest()
    return replace(
        config.manifest,
        format=2,
        kind="chunk",
        name=bundle.name,
        observation=observation,
        action=config.decoded_by(),
        training_range={
            name: TermRange(low=rounded(low[part]), high=rounded(high[part]))
            for name, part in observation.slices.items()
        },
        network_sha256=sha256(bundle / NETWORK_FILE),
        golden_sha256=sha256(bundle / GOLDEN_FILE),
        provenance=Provenance(
            code_version=dexterity_ros.__version__,
            config_digest=digest,
            seed=config.trainer.seed,
            steps=kept["steps"],
        ),
        results={},
        state_width=0,
        stop_head=False,
        outputs=(),
        recovery=None,
        chunk=spec,
    )
