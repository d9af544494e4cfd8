"""dexterity train ablation, dexterity train methods: train many variants, judge each, go on where it stopped."""

import json as json_module
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dexterity_ros.cli.evaluate import course_of
from dexterity_ros.cli.output import console, write_json

if TYPE_CHECKING:
    from dexterity_ros.training.student import StudentConfig
    from dexterity_ros.training.teacher import TeacherConfig

_EPISODES, _JUDGE_SEED = 300, 1000
Results = dict[str, list[dict[str, Any]]]


def ablation(config: "TeacherConfig", run: Path, seeds: int, device: str, threads: int, json: Path | None) -> int:
    """Trains and judges with one part of the randomisation left out at a time."""
    from dexterity_ros.cli.plots import plot_ablation
    from dexterity_ros.studies.ablation import ARMS, arm
    from dexterity_ros.training.checkpoint import CHECKPOINT
    from dexterity_ros.training.teacher import Teacher

    def train(name: str, seed: int, folder: Path) -> None:
        settings = arm(config, name, seed, config.total_steps)
        teacher = Teacher(settings, folder, device=device, threads=threads)
        if (folder / CHECKPOINT).exists():
            teacher.restore(folder / CHECKPOINT, keep_progress=True)
        if teacher.progress.steps < config.total_steps:
            teacher.train()
        teacher.env.close()
        if teacher.progress.steps < config.total_steps:
            raise KeyboardInterrupt

    results = _every(tuple(ARMS), seeds, run, train)
    for rows in results.values():
        for row in rows:
            log = row.pop("log")[9::10]
            row["curve"] = [(entry["steps"], entry["goal_fraction"], entry["goal_max_rad"]) for entry in log]
    plot_ablation(run / "ablation.png", results, config.total_steps)
    console.print(f"wrote {run / 'ablation.png'}", highlight=False)
    write_json(json, {"steps": config.total_steps, "episodes": _EPISODES, "arms": results})
    return 0


def methods(config: "StudentConfig", run: Path, seeds: int, threads: int, json: Path | None) -> int:
    """Trains and judges students of one teacher by different methods, and with different memories."""
    from dexterity_ros.cli.plots import plot_methods
    from dexterity_ros.contracts.resources import resource
    from dexterity_ros.studies.methods import ARMS, arm
    from dexterity_ros.training.checkpoint import CHECKPOINT
    from dexterity_ros.training.student import Student

    teacher = [_judge(resource(config.teacher), seed, task=config.task, told=True) for seed in range(seeds)]
    console.print(f"        {'the teacher, told the truth':<28} {_said(teacher)}", highlight=False)

    def train(name: str, seed: int, folder: Path) -> None:
        student = Student(arm(config, name, seed), folder, threads=threads)
        if (folder / CHECKPOINT).exists():
            student.restore()
        if student.progress.rounds < config.rounds.rounds:
            student.train()
        student.env.close()
        if student.progress.rounds < config.rounds.rounds:
            raise KeyboardInterrupt

    results = _every(tuple(ARMS), seeds, run, train)
    for rows in results.values():
        for row in rows:
            row["curve"] = [(entry["labels"], entry["alone"]) for entry in row.pop("log") if entry["alone"] is not None]
    plot_methods(run / "methods.png", results, teacher)
    console.print(f"wrote {run / 'methods.png'}", highlight=False)
    write_json(json, {"episodes": _EPISODES, "teacher": teacher, "arms": results})
    return 0


def _every(arms: tuple[str, ...], seeds: int, run: Path, train: Callable[[str, int, Path], None]) -> Results:
    """Returns what the judge says of every arm and seed; what is there already is not done again."""
    from dexterity_ros.training.export import export_run

    results: Results = {name: [] for name in arms}
    for seed in range(seeds):
        for name in arms:
            folder = run / f"{name.replace(',', '').replace(' ', '_')}_{seed}"
            if not (folder / "judged.json").exists():
                console.print(f"{folder}", highlight=False)
                train(name, seed, folder)
                export_run(folder, folder / "bundle", current_limit_a=0.35)
                (folder / "judged.json").write_text(json_module.dumps(_judge(folder / "bundle", seed)))
            row = json_module.loads((folder / "judged.json").read_text())
            log = [json_module.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
            results[name].append(row | {"log": log})
            console.print(f"seed {seed}  {name:<28} {_said([row])}", highlight=False)
    for name, rows in results.items():
        console.print(f"all     {name:<28} {_said(rows)}", highlight=False)
    return results


def _said(rows: list[dict[str, Any]]) -> str:
    from dexterity_ros.evaluation.statistics import wilson_interval

    won, tried = sum(row["goals_reached"] for row in rows), sum(row["goals_attempted"] for row in rows)
    low, high = wilson_interval(won, tried)
    return f"{100 * won / tried:5.1f} % ({100 * low:.0f}-{100 * high:.0f}) of {tried} goals in the judge"


def _judge(bundle: Path, seed: int, *, task: str | None = None, told: bool = False) -> dict[str, Any]:
    """Returns the summary of a bundle in the judge, the first goal of each episode. task: default its own."""
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.manifest import load_manifest
    from dexterity_ros.evaluation.controllers import PolicyController
    from dexterity_ros.evaluation.outcomes import summary
    from dexterity_ros.evaluation.simulate import run_trials
    from dexterity_ros.runtime.policy_pipeline import load_pipeline

    pipeline = load_pipeline(bundle, load_hand(load_manifest(bundle).hand))
    course = course_of(pipeline, task=task, episodes=_EPISODES, seed=_JUDGE_SEED + seed)
    row = summary(run_trials(PolicyController(pipeline), course.told() if told else course))
    return {key: value for key, value in row.items() if key != "trials"}
