"""Turns a training run into a bundle that describes itself: policy.onnx, manifest.yaml, golden_io.npz."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import shown_path
from dexterity_ros.contracts.manifest import (
    GOLDEN_FILE,
    NETWORK_FILE,
    PolicyManifest,
    TermRange,
    sha256,
)
from dexterity_ros.contracts.outputs import ACTION, REACHED
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.spec import VECTOR, ObservationSpec
from dexterity_ros.contracts.training_run import CHECKPOINT, Kind, read_run
from dexterity_ros.training.best import best_of
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint, restoring
from dexterity_ros.training.export_points import (
    DeployedPoints,
    load_point_student,
    observe_points,
    write_point_files,
)
from dexterity_ros.training.interface import build_actor, manifest_of
from dexterity_ros.training.learners.data_run import DATA_FILE
from dexterity_ros.training.learners.export import export_learner
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.onnx_file import rounded, seal, write_onnx
from dexterity_ros.training.warm_start import save_resume


@dataclass(frozen=True, kw_only=True)
class _Trained:
    """What a run has learned. interface: of the manifest. steps: learned from. seen: see training/seen.py."""

    actor: Actor
    interface: dict[str, Any]
    steps: int
    seen: dict[str, Any]


def export_run(
    run: Path,
    bundle: Path,
    *,
    current_limit_a: float,
    latency_s: tuple[float, float] | None = None,
    recovery: RecoverySpec | None = None,
) -> PolicyManifest:
    """Returns the manifest of the bundle written to `bundle` from the checkpoint in `run`: its best iterate, if known.

    latency_s: range from measurement to write that the policy is known to bear; default: what it was trained with.
    recovery: what the policy is to do where it makes no progress; None: nothing.

    Raises:
        TrainingError: no checkpoint, or one that lacks what a bundle says. BundleError: the exported network does not
            reproduce the trained one. ConfigError: the folder is no run.
    """
    if (run / DATA_FILE).is_file():
        return export_learner(run, bundle, current_limit_a=current_limit_a, latency_s=latency_s, recovery=recovery)
    kind = _kind(run)
    if kind == "points":
        if recovery is not None:
            raise ConfigError(
                f"the student in {run} sees no pose, so nothing notices that it makes no progress: recovery"
            )
        return _export_points(run, bundle, current_limit_a=current_limit_a, latency_s=latency_s)
    content = read_checkpoint(run / CHECKPOINT, kind)
    trained = _trained(run / CHECKPOINT, content)
    deployed = _Deployed(trained.actor, len(trained.interface["joint_names"])).eval()
    bundle.mkdir(parents=True, exist_ok=True)
    _write_network(deployed, trained.seen["observation"].shape[1], bundle / NETWORK_FILE)
    _write_golden(deployed, trained.seen["observation"], trained.seen["state"], bundle / GOLDEN_FILE)
    manifest = _manifest(trained.interface, trained.seen, trained.steps, bundle, current_limit_a=current_limit_a)
    manifest = replace(manifest, recovery=recovery, latency_s=latency_s or manifest.latency_s)
    if kind == "student" and "optimiser" in content:
        save_resume(bundle, trained.actor, content)
    return seal(manifest, bundle)


def _export_points(
    run: Path, bundle: Path, *, current_limit_a: float, latency_s: tuple[float, float] | None
) -> PolicyManifest:
    """Returns the manifest of the bundle of a student of points."""
    student = load_point_student(run)
    ports, states = observe_points(student)
    bundle.mkdir(parents=True, exist_ok=True)
    deployed = DeployedPoints(student.actor).eval()
    write_point_files(deployed, ports, states, bundle)
    interface = manifest_of(student.config, student.env, state_width=deployed.state_width, outputs=deployed.outputs[1:])
    low, high = (torch.from_numpy(np.quantile(ports[VECTOR], q, axis=0)) for q in (0.001, 0.999))
    seen = {"low": low, "high": high}
    manifest = _manifest(interface, seen, student.progress.labels, bundle, current_limit_a=current_limit_a)
    student.env.close()
    return seal(replace(manifest, latency_s=latency_s or manifest.latency_s), bundle)


def _kind(run: Path) -> Kind:
    """Returns the kind of a run that trains a policy. Raises TrainingError, ConfigError."""
    if not (run / CHECKPOINT).is_file():
        raise TrainingError(f"no checkpoint {shown_path(run / CHECKPOINT)}: a run leaves one, even when interrupted")
    kind = read_run(run).kind
    if kind == "learner":
        raise TrainingError(f"{shown_path(run)} is a run of kind learner without data.yaml: what it sees is not known")
    return kind


def _trained(path: Path, content: dict[str, Any]) -> _Trained:
    """Returns what a checkpoint holds of a policy. Raises TrainingError."""
    if "observation" not in content.get("seen", {}):
        raise TrainingError(
            f"{shown_path(path)} does not say what its policy saw: it was kept before the first update, or by an "
            "earlier version; go on with it for an update, with --resume"
        )
    with restoring(path, but=(TrainingError,)):
        if content["interface"]["actor"]["told"]:
            raise TrainingError(
                f"the teacher in {path.parent} sees what only a simulator knows: export a student of it"
            )
        actor = build_actor(content["interface"]["actor"], shown_path(path))
        progress = content["progress"]
        weights, steps = best_of(content, progress["labels"] if "labels" in progress else progress["steps"])
        actor.load_state_dict(weights)
        manifest = content["interface"]["manifest"]
        return _Trained(actor=actor.eval(), interface=manifest, steps=steps, seen=content["seen"])


class _Deployed(torch.nn.Module):
    """What is exported: the likeliest action, how sure a stop head is of the goal, 0 to 1, and the next state."""

    def __init__(self, actor: Actor, joints: int) -> None:
        super().__init__()
        self._actor, self._joints = actor, joints
        self.outputs = (ACTION.name, *((REACHED.name,) if actor.joints > joints else ()))
        self.state_width = actor.state_width

    def forward(self, observation: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found, after = self._actor(observation, state)
        if len(self.outputs) == 1:
            return found, after
        sure = (0.5 * (found[:, self._joints :] + 1.0)).clamp(0.0, 1.0)  # learned from labels -1 and 1
        return found[:, : self._joints], sure, after


class _WithoutState(torch.nn.Module):
    """The same without memory, with nothing but observation and outputs at its ports."""

    def __init__(self, deployed: _Deployed) -> None:
        super().__init__()
        self._deployed = deployed

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self._deployed(observation, observation[:, :0])[:-1]


def _write_network(deployed: _Deployed, width: int, path: Path) -> None:
    state_width = deployed.state_width
    inputs, outputs = {VECTOR: torch.zeros(2, width)}, [*deployed.outputs]
    if state_width > 0:
        inputs["state"] = torch.zeros(2, state_width)
        outputs.append("next_state")
    network = deployed if state_width > 0 else _WithoutState(deployed).eval()
    write_onnx(network, inputs, outputs, path)


@torch.no_grad()
def _write_golden(deployed: _Deployed, observation: torch.Tensor, state: torch.Tensor, path: Path) -> None:
    *found, after = deployed(observation, state)
    pairs = {VECTOR: observation} | dict(zip(deployed.outputs, found, strict=True))
    if deployed.state_width > 0:
        pairs |= {"state": state, "next_state": after}
    np.savez_compressed(path, **{name: values.numpy() for name, values in pairs.items()})


def _manifest(
    interface: dict[str, Any], seen: dict[str, Any], steps: int, bundle: Path, *, current_limit_a: float
) -> PolicyManifest:
    spec = configs.from_mapping(ObservationSpec, interface["observation"], where="observation")
    further = {
        "name": bundle.name,
        "current_limit_a": current_limit_a,
        "training_range": configs.to_mapping(_ranges(spec, seen)),
        "network_sha256": sha256(bundle / NETWORK_FILE),
        "golden_sha256": sha256(bundle / GOLDEN_FILE),
        "provenance": interface["provenance"] | {"steps": steps},
    }
    return configs.from_mapping(PolicyManifest, interface | further, where=bundle.name)


def _ranges(spec: ObservationSpec, seen: dict[str, Any]) -> dict[str, TermRange]:
    low, high = seen["low"].numpy(), seen["high"].numpy()
    return {name: TermRange(low=rounded(low[part]), high=rounded(high[part])) for name, part in spec.slices.items()}
