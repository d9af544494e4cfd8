"""What commands say to damaged bundles, hands, robots, systems, tasks, checkpoints: rows for `dexterity bench damage`.

refused: one line. right: what was read equals what is read from the undamaged file. legal_change: a file without a
checksum says something else within its ranges, which nobody can tell from what was meant. silently_wrong: the same
where a checksum should have told.

Covered by checksums: policy.onnx and golden_io.npz (digests in the manifest); the contract in the manifest (stored in
policy.onnx), and in bundles that carry a digest of their manifest all of it but the results; checkpoint.pt. Not
covered: the rest of the shipped bundles' manifests, and every other YAML file.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from dexterity_ros import __version__
from dexterity_ros.bench.damage.byte_damage import BYTE_CHANGES
from dexterity_ros.bench.damage.text_damage import TEXT
from dexterity_ros.bench.damage.trial import Outcome, Row, TooLongError, within
from dexterity_ros.bundles.onnx_network import contract
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import GOLDEN_FILE, MANIFEST_FILE, NETWORK_FILE, load_manifest, sha256
from dexterity_ros.contracts.resources import named_resource, shipped
from dexterity_ros.contracts.training_run import CHECKPOINT, RunFile, read_run, save_run
from dexterity_ros.nodes.hand.setup import HandParameters, hand_setup
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.safety.limits import Tightening, check_decoder, gate_limits
from dexterity_ros.systems.spec import load_system, resolve
from dexterity_ros.tasks.goal_parameters import GoalParameters
from dexterity_ros.tasks.spec import TaskSpec

LIMIT_S = 10.0  # a command that has not read a small file by then hangs
_BUNDLES = ("leap_so3", "leap_so3_mended", "leap_so3_reinforced", "leap_so3_student", "leap_yaw")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a command read. sealed: what checksums cover. open: the rest."""

    sealed: Any
    open: Any


Command = Callable[[Path], Reading]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Something that can be damaged. make: writes it undamaged into a folder. commands: read that folder."""

    make: Callable[[Path, np.random.Generator], None]
    commands: dict[str, Command]


def config_trials(name: str, first: int, repeats: int) -> Iterator[Row]:
    """Yields what every command says to the damaged copies of a subject, from `first` to before `repeats`."""
    for seed in range(first, repeats):
        with TemporaryDirectory() as folder:
            yield from one(name, SUBJECTS[name], Path(folder), seed)


def one(name: str, subject: Subject, folder: Path, seed: int) -> list[Row]:
    """Returns what the commands of a subject say to one damaged copy of it, made in `folder`."""
    rng = np.random.default_rng([seed, *name.encode()])
    subject.make(folder, rng)
    references = {command: read(folder) for command, read in subject.commands.items()}
    file, damage = damage_one(folder, rng)
    return [
        Row(
            file=f"{name}: {file}", damage=damage, command=command, outcome=outcome, checksum=True, seed=seed, said=said
        )
        for command, read in subject.commands.items()
        for outcome, said in [judge(read, folder, references[command])]
    ]


def damage_one(folder: Path, rng: np.random.Generator) -> tuple[str, str]:
    """Damages one file of a folder. Returns (its name, what was done to it)."""
    path = sorted(folder.iterdir())[rng.integers(len(list(folder.iterdir())))]
    kinds = BYTE_CHANGES | (TEXT if path.suffix == ".yaml" else {})
    name = sorted(kinds)[rng.integers(len(kinds))]
    path.write_bytes(kinds[name](path.read_bytes(), rng))
    if path.name in (NETWORK_FILE, GOLDEN_FILE) and rng.uniform() < 0.5:
        _sign(folder)
        name += ", its digest made to match"
    return path.name, name


def judge(read: Command, folder: Path, reference: Reading, limit_s: float = LIMIT_S) -> tuple[Outcome, str]:
    """Returns how a command takes a damaged folder, and what it says. reference: what the undamaged one reads as."""
    try:
        with within(limit_s):
            found = read(folder)
    except TooLongError:
        return "hang", f"not done after {limit_s} s"
    except DexterityError as error:
        said = f"{type(error).__name__}: {error}"
        return ("refused" if said.isprintable() else "traceback"), said
    except Exception as error:  # noqa: BLE001 - whatever else a reader raises is what is looked for
        return "traceback", f"{type(error).__name__}: {error}"
    if found.sealed != reference.sealed:
        return "silently_wrong", "what a checksum covers has changed"
    return ("right" if found.open == reference.open else "legal_change"), ""


def _sign(bundle: Path) -> None:
    """Writes the digests of the files into the manifest, as a program that damaged them before writing would have."""
    manifest = bundle / MANIFEST_FILE
    content = config.read_mapping(manifest)
    content |= {"network_sha256": sha256(bundle / NETWORK_FILE), "golden_sha256": sha256(bundle / GOLDEN_FILE)}
    manifest.write_text(yaml.safe_dump(content))


def _bundle(folder: Path, rng: np.random.Generator) -> None:
    shutil.copytree(shipped(f"models/policies/{_BUNDLES[rng.integers(len(_BUNDLES))]}"), folder, dirs_exist_ok=True)


def _check(folder: Path) -> Reading:
    hand = load_hand("leap")
    pipeline = load_pipeline(folder, hand)
    check_decoder(pipeline.manifest, gate_limits(hand, pipeline.manifest, Tightening()))
    return Reading(sealed=contract(pipeline.manifest), open=_without_digests(pipeline.manifest))


def _evaluate(folder: Path) -> Reading:
    manifest = load_pipeline(folder, load_hand("leap")).manifest
    task = config.load(TaskSpec, named_resource("config/tasks", manifest.task))
    return Reading(sealed=contract(manifest), open=(_without_digests(manifest), task))


def _arm(folder: Path) -> Reading:
    manifest = load_manifest(folder)
    setup = hand_setup(_hand_parameters("leap", str(folder)))
    return Reading(sealed=None, open=(_without_digests(manifest), setup.limits.current_limit_a))


def _without_digests(manifest: Any) -> dict[str, Any]:
    content: dict[str, Any] = config.to_mapping(manifest)
    return {key: value for key, value in content.items() if key not in ("network_sha256", "golden_sha256")}


def _hand_parameters(hand: str, policy: str) -> HandParameters:
    return HandParameters(hand=hand, policy=policy, hardware="direct", port="", shadow=True, max_reboots_per_hour=0)


def _copy_of_yaml(folder_name: str) -> Callable[[Path, np.random.Generator], None]:
    def make(folder: Path, rng: np.random.Generator) -> None:
        paths = sorted(shipped(folder_name).glob("*.yaml"))
        shutil.copy(paths[rng.integers(len(paths))], folder)

    return make


def _only(folder: Path) -> str:
    return str(next(folder.iterdir()))


def _hand(folder: Path) -> Reading:
    return Reading(sealed=None, open=load_hand(_only(folder)))


def _hand_node(folder: Path) -> Reading:
    return Reading(sealed=None, open=hand_setup(_hand_parameters(_only(folder), "none")).hand)


def _robot(folder: Path, rng: np.random.Generator) -> None:
    hand = load_hand("leap")
    day = {"measured": "2026-11-21", "residual_rad": 0.004}
    zeros = {
        name: {"nominal": float(zero)} for name, zero in zip(hand.joint_names, rng.normal(3.14, 0.1, 16), strict=True)
    }
    content = {"name": "one", "hand": hand.name, "hand_digest": hand.digest, "zeros": day | {"zeros_rad": zeros}}
    (folder / "robot.yaml").write_text(yaml.safe_dump(content))


def _individual(folder: Path) -> Reading:
    parameters = replace(_hand_parameters("leap", "none"), robot=_only(folder))
    return Reading(sealed=None, open=hand_setup(parameters).hand)


def _system(folder: Path) -> Reading:
    system = load_system(_only(folder))
    return Reading(sealed=None, open=(system.about, resolve(system, {}, {})))


def _task(folder: Path) -> Reading:
    return Reading(sealed=None, open=config.load(TaskSpec, named_resource("config/tasks", _only(folder))))


def _goal_node(folder: Path) -> Reading:
    parameters = GoalParameters(hand="leap", task=_only(folder), seed=0, margin_rad=0.02)
    return Reading(sealed=None, open=parameters.task_spec())


def _run(folder: Path, rng: np.random.Generator) -> None:
    from dexterity_ros.training.checkpoint import write_checkpoint

    settings = config.read_resolved(shipped("config/train/leap_so3.yaml"), "config/train")
    save_run(folder, RunFile(kind="teacher", code_version=__version__, config=settings))
    write_checkpoint(
        folder / CHECKPOINT, "teacher", {"actor": rng.normal(size=2000).tolist(), "progress": {"steps": 3}}
    )


def _train(folder: Path) -> Reading:
    from dexterity_ros.training.checkpoint import read_checkpoint
    from dexterity_ros.training.teacher_config import TeacherConfig

    run = read_run(folder)
    settings = config.from_mapping(TeacherConfig, run.config, where="config")
    return Reading(sealed=read_checkpoint(folder / CHECKPOINT, run.kind), open=(run.kind, run.code_version, settings))


SUBJECTS: dict[str, Subject] = {
    "bundle": Subject(make=_bundle, commands={"check": _check, "evaluate": _evaluate, "up, hand_node": _arm}),
    "hand": Subject(make=_copy_of_yaml("config/hands"), commands={"check": _hand, "up, hand_node": _hand_node}),
    "robot": Subject(make=_robot, commands={"up, hand_node": _individual}),
    "system": Subject(make=_copy_of_yaml("config/systems"), commands={"up": _system}),
    "task": Subject(make=_copy_of_yaml("config/tasks"), commands={"evaluate": _task, "up, goal_node": _goal_node}),
    "checkpoint": Subject(make=_run, commands={"train": _train}),
}
