"""dexterity train ablation: train without one part of the randomisation at a time, judge what comes out."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dexterity_ros.cli.output import console, write_json

if TYPE_CHECKING:
    from dexterity_ros.training.teacher import TeacherConfig

_EPISODES, _JUDGE_SEED = 300, 1000


def ablation(config: "TeacherConfig", run: Path, seeds: int, device: str, threads: int, json: Path | None) -> int:
    """Trains and judges every arm with every seed; what is already there is not done again."""
    from dexterity_ros.cli.plots import plot_ablation
    from dexterity_ros.training.ablation import ARMS, arm

    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
    for seed in range(seeds):
        for name in ARMS:
            folder = run / f"{name.replace(',', '').replace(' ', '_')}_{seed}"
            _train(arm(config, name, seed, config.total_steps), folder, device, threads)
            results[name].append(_judged(folder, seed) | {"curve": _curve(folder)})
            row = results[name][-1]
            said = f"{100 * row['rate']:5.1f} % ({100 * row['rate_ci95'][0]:.0f}-{100 * row['rate_ci95'][1]:.0f})"
            console.print(f"seed {seed}  {name:<24} {said} of goals in the judge", highlight=False)
    plot_ablation(run / "ablation.png", results, config.total_steps)
    console.print(f"wrote {run / 'ablation.png'}", highlight=False)
    write_json(json, {"steps": config.total_steps, "episodes": _EPISODES, "arms": results})
    return 0


def _train(config: "TeacherConfig", folder: Path, device: str, threads: int) -> None:
    from dexterity_ros.training.teacher import CHECKPOINT, Teacher

    teacher = Teacher(config, folder, device=device, threads=threads)
    if (folder / CHECKPOINT).exists():
        teacher.restore(folder / CHECKPOINT, keep_progress=True)
    if teacher.progress.steps < config.total_steps:
        console.print(f"{folder}", highlight=False)
        teacher.train()
    if teacher.progress.steps < config.total_steps:
        raise KeyboardInterrupt
    teacher.env.close()


def _judged(folder: Path, seed: int) -> dict[str, Any]:
    """Returns the summary of what a run learned, in the judge, the first goal of each episode."""
    from dexterity_ros.contracts import config as configs
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import named_resource
    from dexterity_ros.evaluation.controllers import PolicyController
    from dexterity_ros.evaluation.outcomes import summary
    from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
    from dexterity_ros.pipeline.policy_pipeline import load_pipeline
    from dexterity_ros.tasks.reorient import TaskSpec
    from dexterity_ros.training.export import export_run

    result = folder / "judged.json"
    if not result.exists():
        manifest = export_run(folder, folder / "bundle", current_limit_a=0.35)
        course = Course(
            hand=load_hand(manifest.hand),
            task=configs.load(TaskSpec, named_resource("config/tasks", manifest.task)),
            object=manifest.object,
            judge=configs.load(JudgeConfig, named_resource("config/eval", "reality")),
            episodes=_EPISODES,
            goals_per_episode=1,
            seed=_JUDGE_SEED + seed,
            control_rate_hz=manifest.control_rate_hz,
        )
        pipeline = load_pipeline(folder / "bundle", course.hand)
        row = summary(run_trials(PolicyController(pipeline), course))
        result.write_text(json_module.dumps({key: value for key, value in row.items() if key != "trials"}))
    judged: dict[str, Any] = json_module.loads(result.read_text())
    return judged


def _curve(folder: Path) -> list[tuple[int, float, float]]:
    """Returns (steps, share of goals reached lately, how far goals are, rad) for every tenth update."""
    rows = [json_module.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(row["steps"], row["goal_fraction"], row["goal_max_rad"]) for row in rows[9::10]]
