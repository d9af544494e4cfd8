"""The options of `dexterity train ...`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional

RunFolder = Annotated[Path | None, optional("FOLDER", "directory of the run; default: runs/NAME")]
Threads = Annotated[int, tyro.conf.arg(help="CPU threads of the update")]
Device = Annotated[str, tyro.conf.arg(metavar="DEVICE", help="torch device of the update, for instance cuda")]
Ray = Annotated[
    str | None,
    optional("local|ADDRESS", "gather rollouts from workers of a Ray cluster, or of this machine"),
]
Workers = Annotated[int | None, optional("INT", "of --ray; default: one for each of its CPUs")]
TensorBoard = Annotated[bool, tyro.conf.arg(help="also write the curves for TensorBoard, into the folder of the run")]
Seeds = Annotated[int, tyro.conf.arg(help="how many times all of it is done")]


@dataclass(frozen=True, kw_only=True)
class TeacherOptions:
    """Train a teacher by reinforcement: it sees everything that the simulator knows.

    Writes run.yaml, log.jsonl and checkpoint.pt into the run directory. Ctrl-C finishes the current update and
    saves; --resume goes on from there. Then: dexterity export RUN BUNDLE.

    JSON keys:
    - run, steps, updates, seconds
    - goal_max_rad: as far as the curriculum got; widths {range: share}, where there is one for the ranges

    The log has one JSON row per update: these and goal_fraction, reward, reward_TERM, goals_reached, goals_failed, kl,
    entropy, losses.

    Attributes:
        config: YAML file in config/train, or your own.
        resume: go on from the run's checkpoint.
        warm_start: run directory, or policy bundle, whose networks are the starting point of a new run; a teacher that
            is told more than the bundle begins by ignoring the rest.
        steps: replaces total_steps of the configuration.
    """

    config: Annotated[Path | None, optional("FILE")] = None
    run: RunFolder = None
    resume: bool = False
    warm_start: Annotated[Path | None, optional("FOLDER")] = None
    steps: Annotated[int | None, optional("INT")] = None
    device: Device = "cpu"
    threads: Threads = 2
    ray: Ray = None
    workers: Workers = None
    tensorboard: TensorBoard = False
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class StudentOptions:
    """Train a student, which sees only what sensors give, by imitation of a teacher.

    DAgger: the student acts; the teacher, which sees the truth, says what it would have done, also for goals that
    nobody pursues. With method `reinforced` (config/train/leap_so3_reinforced.yaml) the student of --warm-start is paid
    for what it does, and at first for doing what its teacher does. Ctrl-C finishes the round and saves; --resume goes
    on from there. Then: dexterity export RUN BUNDLE.

    JSON keys:
    - run, rounds
    - labels: actions asked for
    - rate: of goals, in training
    - unexplained: share of the variance of the teacher's actions that the student misses

    Attributes:
        config: YAML file in config/train, or your own.
        resume: go on from the run's checkpoint.
        warm_start: run directory, or policy bundle, whose network is the starting point of a new run.
        corrections: with --warm-start or --resume, recordings in which an operator led over leader/joint_targets;
            what they did is learned from in every round, beside DAgger of the teacher.
    """

    config: Annotated[Path | None, optional("FILE")] = None
    run: RunFolder = None
    resume: bool = False
    warm_start: Annotated[Path | None, optional("FOLDER")] = None
    corrections: Annotated[tuple[Path, ...], optional("BAG ...")] = ()
    threads: Threads = 2
    ray: Ray = None
    workers: Workers = None
    tensorboard: TensorBoard = False
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class PointsOptions:
    """Train a student that sees points and no pose, by distillation of a teacher that is told all.

    The student acts, the teacher of --teacher says what it would have done. Clouds are synthetic: made from the
    object's surface, the camera's place and the hand. Writes run.yaml, log.jsonl, objects.json and checkpoint.pt.
    Ctrl-C saves; --resume goes on from there. Then: dexterity export RUN BUNDLE.

    JSON keys:
    - run, rounds, labels, seconds
    - unexplained: share of the variance of the teacher's actions that the student misses
    - distance_rad: mean error of the guessed distance to the goal; rate: of goals, in training

    Attributes:
        config: YAML file in config/train, or your own.
        teacher: run of `dexterity train teacher` whose actor is told all, in place of the configuration's teacher_run.
        resume: go on from the run's checkpoint.
        warm_start: run whose network is the starting point of a new one, such as one with fewer points.
        labels: replaces distillation.labels of the configuration.
    """

    config: Annotated[Path | None, optional("FILE")] = None
    teacher: Annotated[Path | None, optional("FOLDER")] = None
    run: RunFolder = None
    resume: bool = False
    warm_start: Annotated[Path | None, optional("FOLDER")] = None
    labels: Annotated[int | None, optional("INT")] = None
    threads: Threads = 2
    tensorboard: TensorBoard = False
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """What every command takes that compares ways to train."""

    run: RunFolder = None
    threads: Threads = 2
    seeds: Seeds = 3
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class AblationOptions(StudyOptions):
    """Train with one part of the randomisation left out at a time, and judge what each is worth.

    Trains config/train/ablation.yaml (or --config) once as it is, once without each part, and once with an LSTM, and
    judges each in config/eval/reality.yaml over 300 goals. Goes on where it was interrupted. Writes RUN/ablation.png.

    JSON keys:
    - steps, episodes
    - arms {name: [per seed, as `evaluate`, and curve]}

    Attributes:
        config: YAML file of a teacher; default: config/train/ablation.yaml.
        steps: replaces total_steps of the configuration.
    """

    config: Annotated[Path | None, optional("FILE")] = None
    steps: Annotated[int | None, optional("INT")] = None
    device: Device = "cpu"


@dataclass(frozen=True, kw_only=True)
class MethodsOptions(StudyOptions):
    """Train students of one teacher by many ways of imitation and memories, and judge each.

    By cloning, DAgger, gated and human-gated DAgger and RMA, and with memories of different lengths, judged in
    config/eval/reality.yaml over 300 goals. Goes on where it was interrupted. Writes RUN/methods.png.

    JSON keys:
    - episodes, teacher [per seed]
    - arms {name: [per seed, as `evaluate`, and curve]}

    Attributes:
        config: YAML file of a student, which names the teacher; default: config/train/methods.yaml.
    """

    config: Annotated[Path | None, optional("FILE")] = None


@dataclass(frozen=True, kw_only=True)
class DarkRoomOptions(StudyOptions):
    """Show where imitating an expert that knows more must fail: a code in a dark room.

    A room with a locked door, a light switch, and a blackboard with the code that can be read only with the light on.
    The expert knows the code and never switches on the light; who imitates it never learns to. Behaviour cloning and
    DAgger fail, reinforcement on top of DAgger and an expert restricted to what can be imitated do not. Writes
    RUN/dark_room.png.

    JSON keys:
    - seed_N {method: {successes, episodes, curve}}, one per seed
    - seed_N.unexplained {expert: share of its actions that the student's inputs cannot explain}
    """


@dataclass(frozen=True, kw_only=True)
class SlipperyOptions(StudyOptions):
    """Show the same in the simulated hand: is the cube slippery or sticky? Only squeezing tells.

    The student has to say it once. The expert knows and never squeezes. Writes RUN/slippery.png.

    JSON keys:
    - seed_N {method: {successes, episodes, curve}}, one per seed
    - seed_N.unexplained {expert: share of its actions that the student's inputs cannot explain}
    """


@dataclass(frozen=True, kw_only=True)
class TwoWaysOptions(StudyOptions):
    """Show which learners keep two ways apart: an obstacle that people pass left or right.

    All learn from the same 200 demonstrations and drive 1000 times per seed. Least squares averages and hits the
    obstacle; bins, a mixture, ACT, diffusion and flow matching go one way. Goes on where it was interrupted. Writes
    RUN/two_ways.png.

    JSON keys:
    - NAME of a learner {collided, left, right, trials}, all seeds together; who is none of these got stuck
    """

    device: Device = "cpu"


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Learn a policy from recordings: behaviour cloning, ACT, diffusion or flow matching.

    DATA are bags, of a policy or of a person who led, and LeRobot datasets. What the policy sees is built from the
    recorded samples as on the robot, and its actions are those that lead to the recorded targets. Writes run.yaml,
    data.yaml, log.jsonl and checkpoint.pt into the run directory; --resume goes on from there with the same data. Then:
    dexterity export RUN BUNDLE.

    JSON keys:
    - run, updates, seconds, loss
    - episodes, steps: what it learned from

    Attributes:
        data: recordings and datasets, one or more.
        config: YAML file in config/learners, or your own.
        resume: go on from the run's checkpoint.
        updates: replaces updates of the configuration.
    """

    data: Annotated[tuple[Path, ...], tyro.conf.Positional, optional("DATA")]
    config: Annotated[str, tyro.conf.arg(metavar="NAME")] = "leap_so3_diffusion"
    run: RunFolder = None
    resume: bool = False
    updates: Annotated[int | None, optional("INT")] = None
    device: Device = "cpu"
    threads: Threads = 2
    tensorboard: TensorBoard = False
    json: JsonFile = None
