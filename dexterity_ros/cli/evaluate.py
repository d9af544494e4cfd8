"""dexterity evaluate"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from dexterity_ros.bundles.results import add_result, check_unmeasured
from dexterity_ros.cli.evaluate_autopsy import perform_autopsy
from dexterity_ros.cli.evaluate_objects import check_sight, evaluate_objects, shape_of
from dexterity_ros.cli.evaluate_record import record_demonstrations
from dexterity_ros.cli.film import check_video, film
from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.cli.output import console, figures_table, outcome_table, say, write_json
from dexterity_ros.cli.plots import plot_sweep
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.manifest import MANIFEST_FILE
from dexterity_ros.contracts.object import SHIPPED_OBJECT
from dexterity_ros.contracts.outputs import REACHED
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot import load_robot
from dexterity_ros.evaluation.compare import compare_policies, compare_with_baselines
from dexterity_ros.evaluation.planner_controller import judge_planner
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.simulate import Course, JudgeConfig
from dexterity_ros.evaluation.sweep import SWEEPS, kept_range
from dexterity_ros.evaluation.sweep import sweep as run_sweep
from dexterity_ros.evaluation.witness import Witness
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline
from dexterity_ros.systems.trained import foreign_object, object_in_hand
from dexterity_ros.tasks.spec import TaskSpec

PLANNER = "planner"  # in place of a bundle
PLANNED_OBJECT, PLANNED_TASK, PLANNED_RATE_HZ = SHIPPED_OBJECT, "so3", 20.0  # it has no manifest to say so
_QUESTIONS = ("against", "teacher", "called", "sweep", "autopsy", "record", "objects")


def evaluate(options: EvaluateOptions) -> int:
    """Judges a policy in simulation and prints the outcome."""
    _refuse_two_questions(options)
    _refuse_to_keep(options)
    _refuse_numbers(options)
    check_video(options.video, options.video_s)
    if str(options.bundle) == PLANNER:
        return _planner(options)
    pipeline = load_pipeline(resource(options.bundle), load_hand(options.hand))
    pipeline.recovery = _recovery(pipeline, options)
    if options.called and REACHED.name not in pipeline.manifest.output_names:
        raise ConfigError(f"--called needs a policy with the output reached; {pipeline.manifest.name} has none")
    if options.objects is not None:
        write_json(options.json, evaluate_objects(pipeline, options))
        return 0
    return _on_one_object(pipeline, options)


def _on_one_object(pipeline: PolicyPipeline, options: EvaluateOptions) -> int:
    course = course_of(pipeline, options)
    course.called = options.called
    if warning := foreign_object(pipeline.manifest, course.object):
        say(warning)
    if options.sweep is not None:
        return _sweep(pipeline, course, options)
    if options.against or options.teacher:
        return _against(pipeline, course, options)
    if options.autopsy is not None:
        row = perform_autopsy(pipeline, course, options.autopsy)
        write_json(options.json, _header(pipeline, course, options) | row)
        return 0
    if options.record is not None:
        bundle, judge = resource(options.bundle), options.judge
        row = record_demonstrations(pipeline, course, options.record, bundle=bundle, judge=judge)
        write_json(options.json, _header(pipeline, course, options) | row)
        return 0
    return _alone(pipeline, course, options)


def _refuse_two_questions(options: EvaluateOptions) -> None:
    asked = [f"--{name}" for name in _QUESTIONS if getattr(options, name)]
    if options.objects is not None and options.object is not None:
        raise ConfigError(f"--objects {options.objects} is a list, --object {options.object} is one: give one of them")
    if len(asked) > 1 and asked not in (["--called", "--sweep"], ["--called", "--objects"]):
        raise ConfigError(f"{', '.join(asked)} are questions of their own; ask one at a time")
    if options.recovery_spec is not None and not options.recovery:
        raise ConfigError(f"--recovery-spec {options.recovery_spec} says how, --no-recovery says not at all")
    if options.plot is not None and options.sweep is None:
        raise ConfigError(f"--plot {options.plot} draws a sweep: give --sweep")
    if options.video is not None and set(asked) - {"--called"}:
        raise ConfigError(f"--video {options.video} shows one policy: give it without {asked[-1]}")


def _refuse_to_keep(options: EvaluateOptions) -> None:
    """What is kept in a bundle's manifest is what the bundle does, as it is."""
    others = ("recovery_spec", *_QUESTIONS)
    asked = [f"--{name.replace('_', '-')}" for name in others if getattr(options, name)]
    if options.keep and (asked or str(options.bundle) == PLANNER):
        raise ConfigError(f"--keep is for a bundle's own figures, not for {' '.join(asked) or PLANNER}")


def _refuse_numbers(options: EvaluateOptions) -> None:
    for name, least in (("episodes", 1), ("goals", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise ConfigError(f"--{name} is {value}, expected {least} or more")


def _recovery(pipeline: PolicyPipeline, options: EvaluateOptions) -> RecoverySpec | None:
    if not options.recovery:
        return None
    if options.recovery_spec is None:
        return pipeline.manifest.recovery
    return config.load_named(RecoverySpec, "config/recovery", options.recovery_spec)


def course_of(pipeline: PolicyPipeline, options: EvaluateOptions) -> Course:
    """Returns what a policy is judged on, as the options say."""
    manifest = pipeline.manifest
    check_sight(pipeline, config.load_named(JudgeConfig, "config/eval", options.judge), options)
    in_hand = object_in_hand(manifest, options.object)
    return _course(pipeline.hand, in_hand, manifest.task, manifest.control_rate_hz, options)


def _course(hand: HandSpec, object_name: str, own_task: str, rate_hz: float, options: EvaluateOptions) -> Course:
    preset = load_protocol(options.protocol) if options.protocol else None
    if preset is not None and options.task is None:
        spec = preset.task
    else:
        spec = config.load_named(TaskSpec, "config/tasks", options.task or own_task)
    robot = load_robot(options.robot)
    judge = config.load_named(JudgeConfig, "config/eval", options.judge).of(robot)
    course = Course(
        hand=hand,
        task=replace(spec, goal_rad=options.goal_rad) if options.goal_rad else spec,
        object=options.object or object_name,
        item=shape_of(options.object or object_name, judge),
        judge=judge,
        episodes=options.episodes or (preset.episodes if preset else 400),
        goals_per_episode=options.goals or (preset.goals if preset else 1),
        seed=options.seed,
        control_rate_hz=rate_hz,
        episode_s=preset.episode_s if preset else 0.0,
        strict=preset is not None,
        robot=robot,
    )
    return course.privileged() if options.told else course


def _planner(options: EvaluateOptions) -> int:
    """Judges the planner, which sees what a policy sees, or the truth with --told."""
    asked = [f"--{name}" for name in (*_QUESTIONS, "video") if getattr(options, name)]
    if asked:
        raise ConfigError(f"{', '.join(asked)} is asked of a policy bundle, not of the planner")
    course = _course(load_hand(options.hand), PLANNED_OBJECT, PLANNED_TASK, PLANNED_RATE_HZ, options)
    row = judge_planner(course, privileged=options.told)
    name = f"planner{', told the truth' if options.told else ''}"
    console.print(outcome_table(f"{name}: {course.task.name}, judged in {options.judge}", {"planner": row}))
    console.print(f"{row['plans_per_s']:.1f} plans per second of one hand, {course.judge.threads} threads")
    write_json(options.json, _asked(PLANNER, course, options) | row)
    return 0


def _header(pipeline: PolicyPipeline, course: Course, options: EvaluateOptions) -> dict[str, Any]:
    """Returns what every file of figures begins with."""
    return _asked(pipeline.manifest.name, course, options) | {"recovery": pipeline.recovery is not None}


def _asked(policy: str, course: Course, options: EvaluateOptions) -> dict[str, Any]:
    spec = course.task
    asked = {"policy": policy, "task": spec.name, "goal_rad": list(spec.goal_rad), "judge": options.judge}
    robot = None if course.robot is None else course.robot.label
    return asked | {"robot": robot, "episodes": course.episodes, "seed": options.seed}


def _alone(pipeline: PolicyPipeline, course: Course, options: EvaluateOptions) -> int:
    header, bundle = _header(pipeline, course, options), resource(options.bundle)
    name = _result_name(header, course, options)
    if options.keep:
        check_unmeasured(bundle, name)
    low, high = course.task.goal_rad
    witness = Witness(course.judge.physics.control_period_s) if options.video is not None else None
    with console.status(f"{course.episodes} episodes of {course.task.name}, goals {low}-{high} rad") as status:
        rows = compare_with_baselines(pipeline, course, witness, status.update)
    console.print(outcome_table(f"{pipeline.manifest.name}: {course.task.name}, judged in {options.judge}", rows))
    baselines = {name: row for name, row in rows.items() if name != "policy"}
    write_json(options.json, header | rows["policy"] | {"baselines": baselines})
    if options.keep:
        add_result(bundle, name, {key: value for key, value in rows["policy"].items() if key != "trials"})
        say(f"wrote the figures of {name!r} into {bundle / MANIFEST_FILE}")
    if options.video is not None and witness is not None:
        film(options.video, witness.shots(), course.hand, course.object, options.video_s)
    return 0


def _result_name(header: dict[str, Any], course: Course, options: EvaluateOptions) -> str:
    """Returns what the manifest calls the figures: all that they depend on."""
    parts = [options.protocol or course.task.name]
    parts += [f"task {course.task.name}"] if options.protocol and options.task else []
    parts += [f"goals of {options.goal_rad[0]:g} to {options.goal_rad[1]:g} rad"] if options.goal_rad else []
    parts += [f"judge {options.judge}", f"object {course.object}"]
    parts += [f"robot {header['robot']}"] if header["robot"] else []
    parts += [f"goals {course.goals_per_episode}", f"episodes {course.episodes}", f"seed {options.seed}"]
    parts += ["told the truth"] if options.told else []
    return ", ".join([*parts, "with recovery" if header["recovery"] else "without recovery"])


def _against(first: PolicyPipeline, course: Course, options: EvaluateOptions) -> int:
    told = options.against is None
    other: Path | None = options.against or options.teacher
    assert other is not None
    second = load_pipeline(resource(other), first.hand)
    with console.status(f"{course.episodes} episodes, twice") as status:
        result = compare_policies(first, second, course, second_is_privileged=told, say=status.update)
    names = (first.manifest.name, f"{second.manifest.name} ({'told the truth' if told else 'against'})")
    console.print(outcome_table(course.task.name, dict(zip(names, (result["first"], result["second"]), strict=True))))
    differences = {key: value for key, value in result.items() if "difference" in key}
    console.print(figures_table("first minus second, in pairs", differences))
    write_json(options.json, _header(first, course, options) | result)
    return 0


def _sweep(pipeline: PolicyPipeline, course: Course, options: EvaluateOptions) -> int:
    what = options.sweep
    assert what is not None
    with console.status("") as status:
        rows = run_sweep(pipeline, course, what, say=status.update)
    quantity = f"{what}, {SWEEPS[what][2]}"
    console.print(outcome_table(quantity, {f"{row['value']:g}": row for row in rows}))
    kept = kept_range(rows)
    console.print(f"90 % of its best from {kept[0]:g} to {kept[1]:g}")
    if options.plot is not None:
        plot_sweep(options.plot, f"{pipeline.manifest.name}: {course.task.name}", quantity, rows)
        say(f"wrote {options.plot}")
    figures = {"sweep": what, "rows": rows, "kept": list(kept)}
    write_json(options.json, _header(pipeline, course, options) | figures)
    return 0
