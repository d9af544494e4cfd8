"""dexterity evaluate --objects"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.cli.output import console, outcome_table, say
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import FamilyObject, drawn_by, load_catalogue
from dexterity_ros.contracts.manifest import bundle_id
from dexterity_ros.contracts.object import ObjectSpec, load_object
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import load_robot
from dexterity_ros.contracts.sources import OBJECT_CLOUD
from dexterity_ros.evaluation.objects import judge_objects
from dexterity_ros.evaluation.protocol import Protocol, load_protocol
from dexterity_ros.evaluation.simulate import Course, JudgeConfig
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.tasks.spec import TaskSpec

_PROTOCOL = "objects"


def evaluate_objects(pipeline: PolicyPipeline, options: EvaluateOptions) -> dict[str, Any]:
    """Judges a policy on every object of a list, says how it went, and returns the figures."""
    assert options.objects is not None
    judge = config.load_named(JudgeConfig, "config/eval", options.judge)
    check_sight(pipeline, judge, options)
    protocol = load_protocol(options.protocol or _PROTOCOL)
    courses: dict[str, Callable[[], Course]] = {
        item.name: partial(_course, pipeline, item, judge, protocol, options) for item in _chosen(options)
    }
    with console.status("") as status:
        figures = judge_objects(pipeline, courses, status.update)
    name = f"{pipeline.manifest.name}: {options.objects} objects, judged in {options.judge}"
    console.print(outcome_table(name, {"policy": figures} | figures["baselines"]))
    for family, row in figures["families"].items():
        low, high = row["rate_ci95"]
        said = f"{100 * row['rate']:.1f} % ({100 * low:.0f} to {100 * high:.0f})"
        say(f"{family}: {said} of {row['goals_attempted']} goals")
    robot = load_robot(options.robot)
    asked = {"policy": pipeline.manifest.name, "protocol": protocol.task.name, "judge": options.judge}
    individual = {"robot": None if robot is None else robot.label}
    return asked | individual | {"list": options.objects, "seed": options.seed} | figures


def check_sight(pipeline: PolicyPipeline, judge: JudgeConfig, options: EvaluateOptions) -> None:
    """Raises ConfigError where a policy sees points and the judge has none."""
    if OBJECT_CLOUD in pipeline.guard.sources and judge.clouds is None:
        raise ConfigError(f"{pipeline.manifest.name} sees points, which --judge {options.judge} has not: try points")


def shape_of(name: str, judge: JudgeConfig) -> ObjectSpec | None:
    """Returns the shape by which a judge with points knows an object; None of another judge. Raises ConfigError."""
    if judge.clouds is None:
        return None
    found = load_object(name)
    if found is None:
        said = "clouds are made of object.yaml, which `dexterity import object` makes"
        raise ConfigError(f"the object {name} is no more than an MJCF: {said}")
    return found


def _chosen(options: EvaluateOptions) -> tuple[FamilyObject, ...]:
    if options.objects == "drawn":
        return drawn_by(bundle_id(resource(options.bundle)))
    assert options.objects is not None
    return load_catalogue().chosen(options.objects)


def _course(
    pipeline: PolicyPipeline, item: FamilyObject, judge: JudgeConfig, protocol: Protocol, options: EvaluateOptions
) -> Course:
    task: TaskSpec = protocol.task
    robot = load_robot(options.robot)
    course = Course(
        hand=pipeline.hand,
        task=replace(task, goal_rad=options.goal_rad) if options.goal_rad else task,
        object=item.name,
        item=item.spec,
        judge=judge.of(robot),
        episodes=options.episodes or protocol.episodes,
        goals_per_episode=options.goals or protocol.goals,
        seed=options.seed,
        control_rate_hz=pipeline.manifest.control_rate_hz,
        called=options.called,
        robot=robot,
    )
    return course.privileged() if options.told else course
