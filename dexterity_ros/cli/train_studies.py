"""dexterity train ablation, methods: train many variants, judge each, go on where it stopped."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dexterity_ros.cli.evaluate import course_of
from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.cli.options.train import AblationOptions, MethodsOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.cli.plots import plot_ablation, plot_methods
from dexterity_ros.cli.train_run import check_seeds
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.evaluation.controllers import PolicyController
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import run_trials
from dexterity_ros.evaluation.statistics import wilson_interval
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.studies import ablation as ablation_study
from dexterity_ros.studies import methods as methods_study
from dexterity_ros.training import devices
from dexterity_ros.training.export import export_run
from dexterity_ros.training.student import Student
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import TeacherConfig, load_config

_EPISODES, _JUDGE_SEED = 300, 1000
Results = dict[str, list[dict[str, Any]]]


def ablation(options: AblationOptions) -> int:
    """Trains and judges with one part of the randomisation left out at a time."""
    check_seeds(options.seeds)
    devices.device(options.device)  # before the first of many runs
    config = load_config(resource(options.config) if options.config else named_resource("config/train", "ablation"))
    config = config if options.steps is None else replace(config, total_steps=options.steps)
    run = options.run or Path("runs/ablation")
    results = _every(
        tuple(ablation_study.ARMS),
        options.seeds,
        run,
        lambda name, seed, folder: _train_teacher(config, options, name, seed, folder),
    )
    for rows in results.values():
        for row in rows:
            log = row.pop("log")[9::10]
            row["curve"] = [(entry["steps"], entry["goal_fraction"], entry["goal_max_rad"]) for entry in log]
    plot_ablation(run / "ablation.png", results, config.total_steps)
    say(f"wrote {run / 'ablation.png'}")
    write_json(options.json, {"steps": config.total_steps, "episodes": _EPISODES, "arms": results})
    return 0


def _train_teacher(config: TeacherConfig, options: AblationOptions, name: str, seed: int, folder: Path) -> None:
    """Trains one arm to its end. Raises KeyboardInterrupt when a person ended it before."""
    settings = ablation_study.arm(config, name, seed, config.total_steps)
    teacher = Teacher(settings, folder, device=options.device, threads=options.threads)
    if (folder / CHECKPOINT).exists():
        teacher.restore(folder / CHECKPOINT, keep_progress=True)
    if teacher.progress.steps < config.total_steps:
        teacher.train()
    teacher.env.close()
    if teacher.progress.steps < config.total_steps:
        raise KeyboardInterrupt


def methods(options: MethodsOptions) -> int:
    """Trains and judges students of one teacher by different methods, and with different memories."""
    check_seeds(options.seeds)
    path = resource(options.config) if options.config else named_resource("config/train", "methods")
    config = configs.load(StudentConfig, path, "config/train")
    run = options.run or Path("runs/methods")
    judged = [
        _judge(resource(config.teacher), seed, task=config.task, privileged=True) for seed in range(options.seeds)
    ]
    console.print(f"        {'the teacher, told the truth':<28} {_said(judged)}", highlight=False)
    results = _every(
        tuple(methods_study.ARMS),
        options.seeds,
        run,
        lambda name, seed, folder: _train_student(config, options.threads, name, seed, folder),
    )
    for rows in results.values():
        for row in rows:
            row["curve"] = [(entry["labels"], entry["alone"]) for entry in row.pop("log") if entry["alone"] is not None]
    plot_methods(run / "methods.png", results, judged)
    say(f"wrote {run / 'methods.png'}")
    write_json(options.json, {"episodes": _EPISODES, "teacher": judged, "arms": results})
    return 0


def _train_student(config: StudentConfig, threads: int, name: str, seed: int, folder: Path) -> None:
    """Trains one arm to its end. Raises KeyboardInterrupt when a person ended it before."""
    student = Student(methods_study.arm(config, name, seed), folder, threads=threads)
    if (folder / CHECKPOINT).exists():
        student.restore()
    if student.progress.rounds < config.rounds.rounds:
        student.train()
    student.env.close()
    if student.progress.rounds < config.rounds.rounds:
        raise KeyboardInterrupt


def _every(arms: tuple[str, ...], seeds: int, run: Path, train: Callable[[str, int, Path], None]) -> Results:
    """Returns what the judge says of every arm and seed; what is there already is not done again."""
    results: Results = {name: [] for name in arms}
    for seed in range(seeds):
        for name in arms:
            folder = run / f"{name.replace(',', '').replace(' ', '_')}_{seed}"
            if not (folder / "judged.json").exists():
                say(str(folder))
                train(name, seed, folder)
                export_run(folder, folder / "bundle", current_limit_a=0.35)
                (folder / "judged.json").write_text(json.dumps(_judge(folder / "bundle", seed)))
            row = json.loads((folder / "judged.json").read_text())
            log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
            results[name].append(row | {"log": log})
            console.print(f"seed {seed}  {name:<28} {_said([row])}", highlight=False)
    for name, rows in results.items():
        console.print(f"all     {name:<28} {_said(rows)}", highlight=False)
    return results


def _said(rows: list[dict[str, Any]]) -> str:
    won, tried = sum(row["goals_reached"] for row in rows), sum(row["goals_attempted"] for row in rows)
    low, high = wilson_interval(won, tried)
    return f"{100 * won / tried:5.1f} % ({100 * low:.0f}-{100 * high:.0f}) of {tried} goals in the judge"


def _judge(bundle: Path, seed: int, *, task: str | None = None, privileged: bool = False) -> dict[str, Any]:
    """Returns the summary of a bundle in the judge, the first goal of each episode. task: default its own."""
    pipeline = load_pipeline(bundle, load_hand(load_manifest(bundle).hand))
    options = EvaluateOptions(bundle=bundle, task=task, episodes=_EPISODES, seed=_JUDGE_SEED + seed)
    course = course_of(pipeline, options)
    row = summary(run_trials(PolicyController(pipeline), course.privileged() if privileged else course))
    return {key: value for key, value in row.items() if key != "trials"}
