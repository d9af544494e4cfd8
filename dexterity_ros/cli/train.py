"""dexterity train"""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if TYPE_CHECKING:
    from dexterity_ros.training.imitation.collect import Batch
    from dexterity_ros.training.student import StudentConfig


_STUDY = ("run", "threads", "seeds", "json")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "teacher": ("config", "run", "resume", "warm_start", "steps", "device", "threads", "tensorboard", "json"),
    "student": ("config", "run", "resume", "warm_start", "corrections", "threads", "json"),
    "ablation": ("config", "steps", "device", *_STUDY),
    "methods": ("config", *_STUDY),
    "dark-room": _STUDY,
    "slippery": _STUDY,
}


def train(
    what: Annotated[
        Literal["teacher", "student", "ablation", "methods", "dark-room", "slippery"], tyro.conf.Positional
    ],
    /,
    config: Path | None = None,
    run: Path | None = None,
    resume: bool = False,
    warm_start: Path | None = None,
    corrections: tuple[Path, ...] = (),
    steps: int | None = None,
    device: str = "cpu",
    threads: int = 2,
    tensorboard: bool = False,
    seeds: int = 3,
    json: Path | None = None,
) -> int:
    """Train in simulation: a teacher by reinforcement, a student that sees only sensors by imitation of a teacher.

    Writes config.yaml, log.jsonl and checkpoint.pt into the run directory. Ctrl-C finishes the current update and
    saves; --resume goes on from there. Then: dexterity export RUN BUNDLE.

    JSON keys: run, steps, updates, seconds, goal_max_rad (as far as the curriculum got). The log has one JSON row per
    update: these and goal_fraction, reward, reward_TERM, goals_reached, goals_failed, kl, entropy, losses.

    student: DAgger. It acts, the teacher, which sees the truth, says what it would have done, also for goals that
    nobody pursues. JSON keys then: run, rounds, labels (actions asked for), rate (of goals, in training),
    unexplained (share of the variance of the teacher's actions that the student misses). Ctrl-C finishes the round.
    With method `reinforced` (config/train/leap_so3_reinforced.yaml) the student of --warm-start is paid for what it
    does, and at first for doing what its teacher does.

    ablation: trains config/train/ablation.yaml (or --config) with one part of the randomisation left out at a time, and
    once with an LSTM, and judges each in config/eval/reality.yaml over 300 goals. Goes on where it was interrupted.
    Writes RUN/ablation.png. JSON keys then: steps, episodes, arms {name: [per seed, as `evaluate`, and curve]}.

    methods: students of the teacher in --config, by cloning, DAgger, gated and human-gated DAgger and RMA, and with
    memories of different lengths, judged likewise. Writes RUN/methods.png. JSON keys then: episodes, teacher [per
    seed], arms {name: [per seed, as `evaluate`, and curve]}.

    dark-room: a room with a locked door, a light switch, and a blackboard with the code that can be read only with the
    light on. The expert knows the code and never switches on the light; who imitates it never learns to. Behaviour
    cloning and DAgger fail, reinforcement on top of DAgger and an expert restricted to what can be imitated do not.
    Writes RUN/dark_room.png. JSON keys then: one entry per seed, {method: {successes, episodes, curve}, unexplained:
    {expert: share of its actions that the student's inputs cannot explain}}.

    slippery: the same in the simulated hand: it has to say once whether its cube is slippery or sticky, which only
    squeezing tells. The expert knows and never squeezes. Writes RUN/slippery.png.

    Args:
        what: ablation, dark-room and slippery show what randomisation and privileges are worth.
        config: for teacher and student, YAML file in config/train, or your own.
        run: directory of the run; default runs/NAME-OF-CONFIG.
        resume: go on from the run's checkpoint.
        warm_start: run directory whose networks are the starting point of a new run.
        corrections: for a student with --warm-start, recordings in which an operator led over leader/joint_targets;
            what they did is learned from in every round, beside DAgger of the teacher.
        steps: for teacher and ablation, replaces total_steps of the configuration.
        device: for teacher and ablation, torch device of the update, for instance cuda.
        threads: CPU threads of the update.
        tensorboard: for a teacher, write event files beside log.jsonl; needs pip install tensorboard.
        seeds: for ablation, methods, dark-room and slippery, how many times all of it is done.
        json: write where the run stands to this file.
    """
    _refuse_unused(what, locals().copy())
    from dataclasses import replace

    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.resources import named_resource, resource

    try:
        from dexterity_ros.training.checkpoint import CHECKPOINT
        from dexterity_ros.training.teacher import Teacher, load_config
    except ImportError as error:
        raise ConfigError(f"training needs the extra: pip install 'dexterity_ros[train]' ({error})") from error

    if seeds < 1:
        raise ConfigError(f"--seeds is {seeds}, expected 1 or more")
    if what in ("dark-room", "slippery"):
        return _blind_spot(what, run, seeds, threads, json)
    if what == "ablation":
        from dexterity_ros.cli.studies import ablation

        settings = load_config(resource(config) if config else named_resource("config/train", "ablation"))
        settings = replace(settings, total_steps=steps) if steps is not None else settings
        return ablation(settings, run or Path("runs/ablation"), seeds, device, threads, json)
    if what == "methods":
        from dexterity_ros.cli.studies import methods
        from dexterity_ros.contracts import config as configs
        from dexterity_ros.training.student import StudentConfig

        chosen = configs.load(StudentConfig, resource(config) if config else named_resource("config/train", "methods"))
        return methods(chosen, run or Path("runs/methods"), seeds, threads, json)
    if config is None:
        raise ConfigError(f"train {what} needs --config; there are " + ", ".join(_configs()))
    folder = run or Path("runs") / config.stem
    if (folder / CHECKPOINT).exists() and not resume:
        raise ConfigError(f"{folder} already holds a run: give --resume to go on with it, or another --run")
    if what == "student":
        return _student(resource(config), folder, resume, warm_start, corrections, threads, json)
    settings = load_config(resource(config))
    settings = replace(settings, total_steps=steps) if steps is not None else settings
    teacher = Teacher(settings, folder, device=device, threads=threads, tensorboard=tensorboard)
    if resume:
        teacher.restore(folder / CHECKPOINT, keep_progress=True)
    elif warm_start is not None:
        teacher.restore(warm_start / CHECKPOINT, keep_progress=False)
    teacher.train()
    console.print(f"{teacher.progress.steps:,} steps in {folder}; next: dexterity export {folder} models/policies/NAME")
    write_json(json, {"run": str(folder)} | vars(teacher.progress))
    return 0


def _refuse_unused(what: str, values: dict[str, Any]) -> None:
    """Raises ConfigError for options that were given and would be ignored. values: of all parameters of `train`."""
    from dexterity_ros.contracts.errors import ConfigError

    defaults = {name: parameter.default for name, parameter in inspect.signature(train).parameters.items()}
    given = [name for name, value in values.items() if name != "what" and value != defaults[name]]
    unused = [_flag(name) for name in given if name not in _OPTIONS[what]]
    if unused:
        known = ", ".join(map(_flag, _OPTIONS[what]))
        raise ConfigError(f"train {what} has no {', '.join(unused)}; it has {known}")
    if values["resume"] and values["warm_start"]:
        raise ConfigError("--resume goes on with a run, --warm-start begins a new one: give one of them")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _student(
    config: Path,
    folder: Path,
    resume: bool,
    warm_start: Path | None,
    bags: tuple[Path, ...],
    threads: int,
    json: Path | None,
) -> int:
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.contracts import config as configs
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.training.student import Student, StudentConfig

    if bags and not (warm_start or resume):
        raise ConfigError("--corrections are of a policy that acts already: give its run with --warm-start")
    settings = configs.load(StudentConfig, config)
    if settings.method == "reinforced" and not (warm_start or resume):
        raise ConfigError("method is reinforced: give the run of the student that it begins with, with --warm-start")
    student = Student(settings, folder, shown=[_corrections(bag, settings) for bag in bags], threads=threads)
    if resume:
        student.restore()
    elif warm_start is not None:
        student.restore(warm_start)
    student.train()
    console.print(
        f"{student.progress.labels:,} labels in {folder}; next: dexterity export {folder} models/policies/NAME"
    )
    write_json(json, {"run": str(folder)} | vars(student.progress))
    return 0


def _corrections(bag: Path, config: "StudentConfig") -> "Batch":
    from dexterity_ros.cli.output import console
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.training.imitation.corrections import corrections

    hand = config.hand_spec()
    batch = corrections(
        RunRecord(Bag(bag).whole(), hand).ticks,
        period_s=config.env.physics.control_period_s,
        width=config.observation().width,
        joints=len(hand.joints),
        stop_head=config.stop_head,
        steps=config.rounds.steps,
    )
    console.print(f"{bag}: {batch.labels} ticks of an operator in {batch.done.shape[1]} stretches", highlight=False)
    return batch


def _configs() -> list[str]:
    from dexterity_ros.contracts.resources import data_root

    return sorted(f"config/train/{path.name}" for path in (data_root() / "config/train").glob("*.yaml"))


def _blind_spot(what: str, run: Path | None, seeds: int, threads: int, json: Path | None) -> int:
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.cli.plots import plot_blind_spot
    from dexterity_ros.evaluation.statistics import wilson_interval
    from dexterity_ros.studies.blind_spots import METHODS, slippery_or_sticky, study, the_dark_room

    case = the_dark_room() if what == "dark-room" else slippery_or_sticky()
    results = []
    for seed in range(seeds):
        with console.status(f"seed {seed}") as status:
            results.append(study(case, seed, 1000, status.update, threads=threads))
        for method in METHODS:
            won, played = results[-1][method]["successes"], results[-1][method]["episodes"]
            low, high = wilson_interval(won, played)
            said = f"{100 * won / played:5.1f} % of {played} attempts ({100 * low:.1f}-{100 * high:.1f})"
            console.print(f"seed {seed}  {method:<32} {said}", highlight=False)
        for expert, share in results[-1]["unexplained"].items():
            console.print(
                f"seed {seed}  {expert}: {100 * share:.0f} % of what it does cannot be known", highlight=False
            )
    name = what.replace("-", "_")
    picture = (run or Path("runs") / name) / f"{name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    plot_blind_spot(picture, case.title, case.chance, results, METHODS)
    console.print(f"wrote {picture}", highlight=False)
    write_json(json, {f"seed_{seed}": result for seed, result in enumerate(results)})
    return 0
