"""dexterity evaluate"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.output import console, outcome_table, write_json


def evaluate(
    bundle: Annotated[Path, tyro.conf.Positional],
    /,
    task: str | None = None,
    goal_rad: tuple[float, float] | None = None,
    episodes: int = 400,
    goals: int = 1,
    seed: int = 0,
    judge: str = "demo",
    hand: str = "leap",
    json: Path | None = None,
) -> int:
    """Judge a policy in simulation, beside a still hand, a random policy and an open-loop replay.

    The policy runs through the very pipeline of the robot, many episodes at once, in a finer simulator than the one
    that trained it. A goal counts when the true error stays below 0.4 rad for 3 control steps; a goal not reached in
    8 s, or a drop, is a failure and ends the episode.

    JSON keys: policy, task, goal_rad, episodes, seed, then for the policy goals_attempted, goals_reached, rate,
    rate_ci95 (bootstrap over episodes), consecutive {mean, sd, median, max, ci95}, time_per_goal_s {median, p90},
    drops, trials [{attempted, reached}]; and the same under baselines.{still_hand, random_policy, open_loop}.

    Args:
        bundle: policy bundle directory.
        task: name in config/tasks or path of a YAML file; default: the task it was trained for.
        goal_rad: smallest and largest angle of a new goal; default: the task's.
        episodes: number of episodes.
        goals: goals per episode; 1 judges the first goal, 50 counts consecutive successes as in Dactyl.
        seed: seed of starting grasps, goals and noise.
        judge: name in config/eval or path of a YAML file.
        hand: name in config/hands or path of a YAML file.
        json: write the figures to this file.
    """
    from dexterity_ros.contracts import config
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import named_resource, resource
    from dexterity_ros.evaluation.compare import compare_with_baselines
    from dexterity_ros.evaluation.simulate import Course, JudgeConfig
    from dexterity_ros.pipeline.policy_pipeline import load_pipeline
    from dexterity_ros.tasks.reorient import TaskSpec

    pipeline = load_pipeline(resource(bundle), load_hand(hand))
    spec = config.load(TaskSpec, named_resource("config/tasks", task or pipeline.manifest.task))
    spec = replace(spec, goal_rad=goal_rad) if goal_rad else spec
    course = Course(
        hand=pipeline.hand,
        task=spec,
        object=pipeline.manifest.object,
        judge=config.load(JudgeConfig, named_resource("config/eval", judge)),
        episodes=episodes,
        goals_per_episode=goals,
        seed=seed,
        control_rate_hz=pipeline.manifest.control_rate_hz,
    )
    with console.status(f"{episodes} episodes of {spec.name}, goals {spec.goal_rad[0]}-{spec.goal_rad[1]} rad"):
        rows = compare_with_baselines(pipeline, course)
    console.print(outcome_table(f"{pipeline.manifest.name}: {spec.name}", rows))
    header = {"policy": pipeline.manifest.name, "task": spec.name, "goal_rad": list(spec.goal_rad)}
    baselines = {name: row for name, row in rows.items() if name != "policy"}
    write_json(json, header | {"episodes": episodes, "seed": seed} | rows["policy"] | {"baselines": baselines})
    return 0
