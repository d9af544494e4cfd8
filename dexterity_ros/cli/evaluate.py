"""dexterity evaluate"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from dexterity_ros.cli.output import console, figures_table, outcome_table, write_json

if TYPE_CHECKING:
    from dexterity_ros.evaluation.simulate import Course
    from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


def evaluate(
    bundle: Annotated[Path, tyro.conf.Positional],
    /,
    protocol: str | None = None,
    task: str | None = None,
    goal_rad: tuple[float, float] | None = None,
    episodes: int | None = None,
    goals: int | None = None,
    seed: int = 0,
    judge: str = "reality",
    hand: str = "leap",
    against: Path | None = None,
    teacher: Path | None = None,
    called: bool = False,
    sweep: Literal["latency", "noise", "friction", "mass", "rate"] | None = None,
    plot: Path | None = None,
    json: Path | None = None,
) -> int:
    """Judge a policy in simulation, beside a still hand, a random policy and an open-loop replay.

    The policy runs through the very pipeline of the robot, many episodes at once, in a simulator that it was not
    trained in: config/eval/reality.yaml, with a hidden hand and object for every episode. Without --protocol, a goal
    counts when the true error stays below 0.4 rad for 3 control steps; a goal not reached in 8 s, or a drop, is a
    failure and ends the episode.

    JSON keys: policy, task, goal_rad, judge, episodes, seed, then for the policy goals_attempted, goals_reached, rate,
    rate_ci95 (bootstrap over episodes), consecutive {mean, sd, median, max, ci95}, time_per_goal_s {median, p90},
    drops, called_wrong, turned_rad, lasted_s, trials [{attempted, reached}]; and the same under
    baselines.{still_hand, random_policy, open_loop}. With --against or --teacher: first, second, rate_difference,
    consecutive_difference and their _ci95. With --sweep: sweep, rows [{value, as above}], kept (the values at which it
    keeps 90 % of its best).

    Args:
        bundle: policy bundle directory.
        protocol: name in config/protocols: dactyl, dextreme, hora, visual-dexterity; sets task, episodes and goals.
        task: name in config/tasks or path of a YAML file; default: the task it was trained for.
        goal_rad: smallest and largest angle of a new goal; default: the task's.
        episodes: number of episodes; default 400.
        goals: goals per episode; default 1 judges the first goal, 50 counts consecutive successes as in Dactyl.
        seed: seed of hidden hands, starting grasps, goals and noise.
        judge: name in config/eval or path of a YAML file; demo is the simulator that `dexterity demo` runs.
        hand: name in config/hands or path of a YAML file.
        against: another bundle, on the same hands, starts and goals.
        teacher: another bundle likewise, but told the truth, without errors and delays: what has a student lost?
        called: a goal ends when the policy's stop head calls it reached, and fails when that is wrong.
        sweep: change one quantity of the judge step by step.
        plot: with --sweep, draw it to this PNG file (needs matplotlib).
        json: write the figures to this file.
    """
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import resource
    from dexterity_ros.runtime.policy_pipeline import load_pipeline

    pipeline = load_pipeline(resource(bundle), load_hand(hand))
    if called and not pipeline.manifest.stop_head:
        raise ConfigError(f"--called needs a policy with a stop head; {pipeline.manifest.name} has none")
    if sum([against is not None, teacher is not None, called]) > 1:
        raise ConfigError("--against, --teacher and --called are questions of their own; ask one at a time")
    course = course_of(pipeline, protocol, task, goal_rad, episodes, goals, seed, judge)
    course.called = called
    spec = course.task
    header: dict[str, Any] = {"policy": pipeline.manifest.name, "task": spec.name, "goal_rad": list(spec.goal_rad)}
    header |= {"judge": judge, "episodes": course.episodes, "seed": seed}
    if sweep is not None:
        return _sweep(pipeline, course, sweep, header, plot, json)
    other = against or teacher
    if other is not None:
        second = load_pipeline(resource(other), pipeline.hand)
        return _against(pipeline, second, course, header, json, told=other is teacher)
    from dexterity_ros.evaluation.compare import compare_with_baselines

    with console.status(f"{course.episodes} episodes of {spec.name}, goals {spec.goal_rad[0]}-{spec.goal_rad[1]} rad"):
        rows = compare_with_baselines(pipeline, course)
    console.print(outcome_table(f"{pipeline.manifest.name}: {spec.name}, judged in {judge}", rows))
    baselines = {name: row for name, row in rows.items() if name != "policy"}
    write_json(json, header | rows["policy"] | {"baselines": baselines})
    return 0


def course_of(
    pipeline: "PolicyPipeline",
    protocol: str | None = None,
    task: str | None = None,
    goal_rad: tuple[float, float] | None = None,
    episodes: int | None = None,
    goals: int | None = None,
    seed: int = 0,
    judge: str = "reality",
) -> "Course":
    """Returns what a policy is judged on, as the options of `dexterity evaluate` say."""
    from dexterity_ros.contracts import config
    from dexterity_ros.contracts.resources import named_resource
    from dexterity_ros.evaluation.protocol import load_protocol
    from dexterity_ros.evaluation.simulate import Course, JudgeConfig
    from dexterity_ros.tasks.reorient import TaskSpec

    preset = load_protocol(protocol) if protocol else None
    if preset is not None and task is None:
        spec = preset.task
    else:
        spec = config.load(TaskSpec, named_resource("config/tasks", task or pipeline.manifest.task))
    return Course(
        hand=pipeline.hand,
        task=replace(spec, goal_rad=goal_rad) if goal_rad else spec,
        object=pipeline.manifest.object,
        judge=config.load(JudgeConfig, named_resource("config/eval", judge)),
        episodes=episodes or (preset.episodes if preset else 400),
        goals_per_episode=goals or (preset.goals if preset else 1),
        seed=seed,
        control_rate_hz=pipeline.manifest.control_rate_hz,
        episode_s=preset.episode_s if preset else 0.0,
    )


def _against(
    first: "PolicyPipeline",
    second: "PolicyPipeline",
    course: "Course",
    header: dict[str, Any],
    json: Path | None,
    *,
    told: bool,
) -> int:
    from dexterity_ros.evaluation.compare import compare_policies

    with console.status(f"{course.episodes} episodes, twice"):
        result = compare_policies(first, second, course, second_is_told=told)
    names = (first.manifest.name, f"{second.manifest.name} ({'told the truth' if told else 'against'})")
    console.print(outcome_table(course.task.name, dict(zip(names, (result["first"], result["second"]), strict=True))))
    differences = {key: value for key, value in result.items() if "difference" in key}
    console.print(figures_table("first minus second, in pairs", differences))
    write_json(json, header | result)
    return 0


def _sweep(
    pipeline: "PolicyPipeline",
    course: "Course",
    what: str,
    header: dict[str, Any],
    plot: Path | None,
    json: Path | None,
) -> int:
    from dexterity_ros.evaluation.sweep import SWEEPS, kept_range
    from dexterity_ros.evaluation.sweep import sweep as run_sweep

    with console.status("") as status:
        rows = run_sweep(pipeline, course, what, say=status.update)
    console.print(outcome_table(f"{what}, {SWEEPS[what][2]}", {f"{row['value']:g}": row for row in rows}))
    kept = kept_range(rows)
    console.print(f"90 % of its best from {kept[0]:g} to {kept[1]:g}")
    if plot is not None:
        from dexterity_ros.cli.plots import plot_sweep

        plot_sweep(plot, f"{pipeline.manifest.name}: {course.task.name}", f"{what}, {SWEEPS[what][2]}", rows)
        console.print(f"wrote {plot}")
    write_json(json, header | {"sweep": what, "rows": rows, "kept": list(kept)})
    return 0
