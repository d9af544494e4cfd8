"""The options of `dexterity evaluate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, RobotFile, optional

Objects = Literal["first", "train", "held-out", "drawn"]


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Judge a policy in simulation, beside a still hand, a random policy and open loop.

    The policy runs through the very pipeline of the robot, many episodes at once, in a simulator that it was not
    trained in: config/eval/reality.yaml, with a hidden hand and object for every episode. Without --protocol, a goal
    counts when the true error stays below 0.4 rad for 3 control steps; a goal not reached in 8 s, or a drop, is a
    failure and ends the episode.

    JSON keys:
    - policy, task, goal_rad, judge, robot (null: none was named), episodes, seed, recovery (whether a decoy may lead)
    - goals_attempted, goals_reached, rate, rate_ci95 (bootstrap over episodes), drops, called_wrong
    - consecutive {mean, sd, median, max, ci95}, time_per_goal_s {median, p90}, turned_rad, lasted_s
    - trials: a list of {attempted, reached}
    - baselines {still_hand, random_policy, open_loop}: the same for each

    With --against or --teacher: first, second, rate_difference, rate_difference_ci95, consecutive_difference,
    consecutive_difference_ci95.

    Of the planner: as above without baselines, plans_per_s (of one hand).

    With --autopsy: as above without baselines; DIR/autopsy.json has cases, counts and forks.

    With --record: as above without baselines.

    With --objects: as above for all objects together, objects and families {name: {goals_attempted, goals_reached,
    rate, rate_ci95}}; baselines {still_hand, open_loop, blind (of a policy that sees points)}: the same for each.

    With --sweep: sweep, rows [{value, as above}], kept (the values at which it keeps 90 % of its best).

    Attributes:
        bundle: policy bundle directory, or the word planner: sampling MPC, a baseline that needs no training.
        recovery: what the policy declares for when it makes no progress.
        recovery_spec: name in config/recovery or path of a YAML file, in place of what the policy declares.
        protocol: name in config/protocols: dactyl, dextreme, hora, visual-dexterity, objects; sets task, episodes and
            goals.
        task: name in config/tasks or path of a YAML file; default: the task it was trained for.
        object: name in models/objects, or folder of your own; default: the one it was trained on. Turns of it that
            nobody can see (dexterity import object finds them) are no error, except under a protocol.
        objects: a list of generated objects in place of one: first, train, held-out, which nobody trained on, or drawn,
            ten that the bundle's own id draws; success modulo each object's symmetry. Default protocol: objects, 20
            episodes for each object.
        goal_rad: smallest and largest angle of a new goal; default: the task's.
        episodes: number of episodes; default 400, or the protocol's.
        goals: goals per episode; default 1 judges the first goal, 50 counts consecutive successes as in Dactyl.
        seed: seed of hidden hands, starting grasps, goals and noise.
        judge: name in config/eval or path of a YAML file; demo is the simulator that `dexterity demo` runs.
        robot: robot.yaml of one hand: the judge's hand is that one, its ranges no wider than what is known of it.
        against: another bundle, on the same hands, starts and goals.
        teacher: another bundle likewise, but told the truth, without errors and delays: what has a student lost?
        called: a goal ends when the policy's stop head calls it reached, and fails when that is wrong.
        sweep: change one quantity of the judge step by step.
        told: what is seen has no errors and no delays.
        autopsy: write to this folder why each goal was late or dropped, and what would have freed stuck hands.
        record: write what it does for the goals that it reaches to this folder, a LeRobot dataset to learn from; not of
            the judge reality.
        plot: with --sweep, draw it to this PNG file (needs matplotlib).
        keep: write the figures into the bundle's manifest too, where `check` shows them; its id stays. What was
            measured once is not replaced.
        video: write a film of the first episodes to this file: .mp4, .gif or .webp.
        video_s: seconds that the film lasts at most.
    """

    bundle: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BUNDLE")]
    recovery: bool = True
    recovery_spec: Annotated[str | None, optional("SPEC")] = None
    protocol: Annotated[str | None, optional("PROTOCOL")] = None
    task: Annotated[str | None, optional("TASK")] = None
    object: Annotated[str | None, optional("OBJECT")] = None
    objects: Annotated[Objects | None, optional("first|train|held-out|drawn")] = None
    goal_rad: Annotated[tuple[float, float] | None, optional("LOW HIGH")] = None
    episodes: Annotated[int | None, optional("INT")] = None
    goals: Annotated[int | None, optional("INT")] = None
    seed: int = 0
    judge: str = "reality"
    hand: HandName = "leap"
    robot: RobotFile = ""
    against: Annotated[Path | None, optional("BUNDLE")] = None
    teacher: Annotated[Path | None, optional("BUNDLE")] = None
    called: bool = False
    sweep: Annotated[
        Literal["latency", "noise", "friction", "mass", "rate"] | None, optional("latency|noise|friction|mass|rate")
    ] = None
    told: bool = False
    record: Annotated[Path | None, optional("FOLDER")] = None
    autopsy: Annotated[Path | None, optional("DIR")] = None
    plot: Annotated[Path | None, optional("FILE")] = None
    keep: bool = False
    video: Annotated[Path | None, optional("FILE")] = None
    video_s: float = 20.0
    json: JsonFile = None
