"""Turns a training run into a bundle that describes itself: policy.onnx, manifest.yaml, golden_io.npz."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

import dexterity_ros
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import (
    GOLDEN_FILE,
    NETWORK_FILE,
    PolicyManifest,
    Provenance,
    TermRange,
    save_manifest,
    sha256,
)
from dexterity_ros.contracts.outputs import ACTION, REACHED
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.scene import joint_gains
from dexterity_ros.training.checkpoint import CHECKPOINT, TrainingError
from dexterity_ros.training.export_points import (
    DeployedPoints,
    is_point_student,
    load_point_student,
    observe_points,
    write_point_files,
)
from dexterity_ros.training.learners.data_run import DATA_FILE
from dexterity_ros.training.learners.export import export_learner
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.onnx_file import rounded, stamp_metadata, write_onnx
from dexterity_ros.training.ppo import Ppo
from dexterity_ros.training.setup import Setup
from dexterity_ros.training.student import Student, StudentConfig
from dexterity_ros.training.teacher import Teacher, TeacherConfig, load_config
from dexterity_ros.training.warm_start import save_resume

_GOLDEN_PAIRS = 64
_RANGE_STEPS = 200


def export_run(
    run: Path,
    bundle: Path,
    *,
    current_limit_a: float,
    latency_s: tuple[float, float] | None = None,
    recovery: RecoverySpec | None = None,
) -> PolicyManifest:
    """Returns the manifest of the bundle written to `bundle` from the checkpoint in `run`.

    latency_s: range from measurement to write that the policy is known to bear; default: what it was trained with.
    recovery: what the policy is to do where it makes no progress; None: nothing.

    Raises:
        TrainingError: no checkpoint. BundleError: the exported network does not reproduce the trained one.
    """
    if (run / DATA_FILE).is_file():
        return export_learner(run, bundle, current_limit_a=current_limit_a, latency_s=latency_s, recovery=recovery)
    if is_point_student(run):
        if recovery is not None:
            raise ConfigError(
                f"the student in {run} sees no pose, so nothing notices that it makes no progress: recovery"
            )
        return _export_points(run, bundle, current_limit_a=current_limit_a, latency_s=latency_s)
    config, env, actor, steps, ppo = _trained(run)
    if isinstance(config, TeacherConfig) and config.actor_sees == "privileged":
        raise TrainingError(f"the teacher in {run} sees what only a simulator knows: export a student of it")
    if latency_s is not None:
        config = replace(config, policy=replace(config.policy, latency_s=latency_s))
    observations, states = _observe_range(env, actor)
    bundle.mkdir(parents=True, exist_ok=True)
    deployed = _Deployed(actor, len(env.hand.joints)).eval()
    _write_network(deployed, observations.shape[1], states.shape[1], bundle / NETWORK_FILE)
    _write_golden(deployed, observations, states, bundle / GOLDEN_FILE)
    manifest = _manifest(config, env, deployed, bundle, observations, current_limit_a=current_limit_a, steps=steps)
    manifest = _sealed(replace(manifest, recovery=recovery), bundle)
    if ppo is not None:
        save_resume(bundle, ppo)
    env.close()
    return manifest


def _export_points(
    run: Path, bundle: Path, *, current_limit_a: float, latency_s: tuple[float, float] | None
) -> PolicyManifest:
    """Returns the manifest of the bundle of a student of points."""
    student = load_point_student(run)
    config = student.config
    if latency_s is not None:
        config = replace(config, policy=replace(config.policy, latency_s=latency_s))
    seen, states = observe_points(student)
    bundle.mkdir(parents=True, exist_ok=True)
    deployed = DeployedPoints(student.actor).eval()
    write_point_files(deployed, seen, states, bundle)
    steps, observations = student.progress.labels, seen[VECTOR]
    manifest = _manifest(
        config, student.env, deployed, bundle, observations, current_limit_a=current_limit_a, steps=steps
    )
    student.env.close()
    return _sealed(manifest, bundle)


def _sealed(manifest: PolicyManifest, bundle: Path) -> PolicyManifest:
    """Returns the manifest with the digest of its network, which says in its file what it is; both are tried."""
    stamp_metadata(manifest, bundle / NETWORK_FILE)
    manifest = replace(manifest, network_sha256=sha256(bundle / NETWORK_FILE))
    save_manifest(manifest, bundle)
    load_policy(bundle)
    return manifest


def _trained(run: Path) -> tuple[Setup, ReorientEnv, Actor, int, Ppo | None]:
    """Returns (configuration, environment, actor, steps learned from, learner) of a teacher's or a student's run.

    The learner is of a student that goes on by reinforcement: what later training can begin from.
    """
    if "teacher" in configs.read_mapping(run / "config.yaml"):
        student = Student(configs.load(StudentConfig, run / "config.yaml"), run)
        student.restore()
        ppo = None if student.reinforcement is None else student.reinforcement.tuner.ppo
        return student.config, student.env, student.actor.eval(), student.progress.steps, ppo
    teacher = Teacher(load_config(run / "config.yaml"), run)
    teacher.restore(run / CHECKPOINT, keep_progress=True)
    return teacher.config, teacher.env, teacher.ppo.actor.cpu().eval(), teacher.progress.steps, None


@torch.no_grad()
def _observe_range(env: ReorientEnv, actor: Actor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns observations and states of the policy at work with its exploration, (steps * N, ...)."""
    observation, _ = env.reset()
    state, seen, states = actor.begin(env.num_envs), [], []
    for _ in range(_RANGE_STEPS):
        seen.append(observation)
        states.append(state.numpy().copy())
        parameters, state = actor.parameters_of(torch.from_numpy(observation), state)
        action = actor.distribution(parameters).sample().numpy()
        step = env.step(action[:, : len(env.hand.joints)])
        observation = step.observation
        state = state * torch.from_numpy(~step.restarted).float()[:, None]
    return np.concatenate(seen), np.concatenate(states)


class _Deployed(torch.nn.Module):
    """What is exported: the likeliest action, how sure a stop head is of the goal, 0 to 1, and the next state."""

    def __init__(self, actor: Actor, joints: int) -> None:
        super().__init__()
        self._actor, self._joints = actor, joints
        self.outputs = (ACTION.name, *((REACHED.name,) if actor.joints > joints else ()))
        self.state_width = actor.state_width

    def forward(self, observation: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        said, after = self._actor(observation, state)
        if len(self.outputs) == 1:
            return said, after
        sure = (0.5 * (said[:, self._joints :] + 1.0)).clamp(0.0, 1.0)  # learned from labels -1 and 1
        return said[:, : self._joints], sure, after


class _WithoutState(torch.nn.Module):
    """The same without memory, with nothing but observation and outputs at its ports."""

    def __init__(self, deployed: _Deployed) -> None:
        super().__init__()
        self._deployed = deployed

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self._deployed(observation, observation[:, :0])[:-1]


def _write_network(deployed: _Deployed, width: int, state_width: int, path: Path) -> None:
    inputs, outputs = {VECTOR: torch.zeros(2, width)}, [*deployed.outputs]
    if state_width > 0:
        inputs["state"] = torch.zeros(2, state_width)
        outputs.append("next_state")
    network = deployed if state_width > 0 else _WithoutState(deployed).eval()
    write_onnx(network, inputs, outputs, path)


@torch.no_grad()
def _write_golden(
    deployed: _Deployed, observations: NDArray[np.float32], states: NDArray[np.float32], path: Path
) -> None:
    index = np.linspace(0, len(observations) - 1, _GOLDEN_PAIRS).astype(int)
    observation, state = observations[index], states[index]
    *said, after = deployed(torch.from_numpy(observation), torch.from_numpy(state))
    pairs = {VECTOR: observation} | {n: values.numpy() for n, values in zip(deployed.outputs, said, strict=True)}
    if states.shape[1] > 0:
        pairs |= {"state": state, "next_state": after.numpy()}
    np.savez_compressed(path, **pairs)


def _manifest(
    config: Setup,
    env: ReorientEnv,
    deployed: _Deployed | DeployedPoints,
    bundle: Path,
    observations: NDArray[np.float32],
    *,
    current_limit_a: float,
    steps: int,
) -> PolicyManifest:
    hand = config.hand_spec()
    stiffness, damping = joint_gains(env.scene)
    digest = hashlib.sha256(yaml.safe_dump(configs.to_mapping(config)).encode()).hexdigest()
    return PolicyManifest(
        format=2,
        kind="recurrent" if deployed.state_width > 0 else "step",
        state_width=deployed.state_width,
        outputs=deployed.outputs[1:],
        name=bundle.name,
        task=config.task,
        object=config.env.object,
        hand=hand.name,
        hand_digest=hand.digest,
        joint_names=hand.joint_names,
        control_rate_hz=round(1.0 / config.env.physics.control_period_s, 6),
        observation=config.observation(),
        action=config.policy.action,
        latency_s=config.policy.latency_s,
        current_limit_a=current_limit_a,
        stiffness_nm_rad=stiffness,
        damping_nm_s_rad=damping,
        start_pos_rad=hand.home_pos_rad,
        training_range=_ranges(config, observations),
        network_sha256=sha256(bundle / NETWORK_FILE),
        golden_sha256=sha256(bundle / GOLDEN_FILE),
        provenance=Provenance(
            code_version=dexterity_ros.__version__,
            config_digest=digest,
            seed=config.seed,
            steps=steps,
        ),
    )


def _ranges(config: Setup, observations: NDArray[np.float32]) -> dict[str, TermRange]:
    low, high = np.quantile(observations, [0.001, 0.999], axis=0)
    return {
        name: TermRange(low=rounded(low[part]), high=rounded(high[part]))
        for name, part in config.observation().slices.items()
    }
