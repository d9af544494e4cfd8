"""dexterity demo"""

import dataclasses
import importlib.util
import socket
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from dexterity_ros.cli.film import check_video, film_bag
from dexterity_ros.cli.options.demo import DemoOptions
from dexterity_ros.cli.output import console, figures_table, outcome_table, tracking_table, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.runtime.ending import INTERRUPTED, interrupt_once
from dexterity_ros.systems.closed_loop import run_closed_loop
from dexterity_ros.systems.exercise_session import run_exercise
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.tasks.spec import TaskSpec

_LOG = Path("dexterity_demo.log")
_GOAL_RAD = (0.8, 1.2)  # between the object and a new goal
_PORTS = range(8080, 8100)  # where the live page looks for a free one
_LED_TASK = "hold"  # no goal but the object as it lies, for as long as it lies there
# options that --policy none lacks
_OF_A_POLICY = (
    "goals",
    "recovery",
    "allow_unverified",
    "task",
    "object",
    "captures",
    "goal_rad",
    "shadow",
    "record",
    "video",
    "leader",
    "eyes",
    "viewer",
)
_SHOWN = (
    "stops",
    "realtime_factor",
    "rate_by_estimate",
    "reached_only_by_estimate",
    "pose_error",
    "lateness_ms",
    "probe_lateness_ms",
    "observation_age_ms",
    "hand_cycle_ms",
    "hand_overruns",
    "overruns",
    "cycles",
    "realtime",
    "cpu_percent",
    "pss_mb",
    "faults",
)


def demo(options: DemoOptions) -> int:
    """Runs the closed loop, or the exercise without a policy, and prints what happened."""
    interrupt_once()
    if options.policy == "none":
        _refuse_options_of_a_policy(options)
        return _exercise(options)
    return _close_the_loop(options)


def _refuse_options_of_a_policy(options: DemoOptions) -> None:
    defaults = {field.name: field.default for field in dataclasses.fields(options)}
    given = [name for name in _OF_A_POLICY if getattr(options, name) != defaults[name]]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ConfigError(f"demo with --policy none has no {flags}: no object is turned")


def _close_the_loop(options: DemoOptions) -> int:
    if options.video is None:
        return _run(options, options.record)
    check_video(options.video, options.video_s, of_recording=True)
    with tempfile.TemporaryDirectory(prefix="dexterity_") as folder:
        record = options.record or Path(folder) / "run"
        status = _run(options, record)
        interrupt_once()  # again: one that ended the demo does not keep the film from being interrupted
        film_bag(options.video, record, options.video_s)
    return status


def _run(options: DemoOptions, record: Path | None) -> int:
    result = run_closed_loop(_settings(options, record), _LOG, say=_say)
    console.print(outcome_table(f"{result['policy']}: {result['task']}, through ROS", {"policy": result}))
    console.print(figures_table("", {key: result[key] for key in _SHOWN} | {"stops": _stops_text(result["stops"])}))
    if options.leader:
        _say_leader(result["leader"])
    _say_latency(result)
    write_json(options.json, result)
    return _end(result["ended"])


def _settings(options: DemoOptions, record: Path | None) -> ClosedLoop:
    return ClosedLoop(
        goals=options.goals,
        minutes=options.minutes,
        policy=options.policy,
        recovery=options.recovery,
        allow_unverified=options.allow_unverified,
        task=_task(options),
        object=options.object,
        captures=" ".join(options.captures),
        goal_rad=options.goal_rad or _usual_goals(options),
        hand=options.hand,
        robot=options.robot,
        seed=options.seed,
        shadow=options.shadow,
        hardware=options.hardware,
        leader=options.leader,
        eyes=options.eyes,
        viewer_port=_viewer_port() if options.viewer else 0,
        record=str(record.absolute()) if record else "",
    )


def _task(options: DemoOptions) -> str | None:
    """Returns the task that is named, or that of a hand which is led; None: the policy's own."""
    return options.task or (_LED_TASK if options.leader else None)


def _usual_goals(options: DemoOptions) -> tuple[float, float]:
    """Returns the range of goals of a demo, as far as its task has such goals."""
    name = _task(options) or load_manifest(resource(options.policy)).task
    low, high = config.load(TaskSpec, named_resource("config/tasks", name)).goal_rad
    return max(low, min(_GOAL_RAD[0], high)), max(low, min(_GOAL_RAD[1], high))


def _stops_text(stops: list[dict[str, Any]]) -> str:
    """Returns how often the hand was stopped, and why."""
    reasons = Counter(stop["reason"] for stop in stops)
    return "; ".join(f"{count} x {reason}" for reason, count in reasons.items())


def _end(ended: str) -> int:
    """Says why the demo ended early, if it did, and returns its status."""
    if not ended:
        return 0
    said = ended if ended == INTERRUPTED else f"could not go on: {ended}"
    console.print(said, style="red", highlight=False, markup=False)
    return 130 if ended == INTERRUPTED else 1


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False)


def _say_leader(figures: dict[str, Any]) -> None:
    """Prints how each joint followed, and all of them."""
    if not figures["joints"]:
        _say("the hand was never led long enough to say how well it follows: look at leader_node in the log")
        return
    console.print(tracking_table("the hand that followed, against the hand that led", figures["joints"]))
    console.print(figures_table("", {key: figures[key] for key in ("seconds", "delay_ms", "held_back", "rms_rad")}))


def _say_latency(result: dict[str, Any]) -> None:
    """Says when observations were older than the policy is known to bear."""
    (low, high), age = result["latency_trained_ms"], result["observation_age_ms"].get("p50")
    if age is not None and not low <= age <= high:
        console.print(
            f"[yellow]observations were {age:.0f} ms old in the median when a target was written; "
            f"{result['policy']} is known to bear {low:.0f} to {high:.0f} ms[/yellow]"
        )


def _viewer_port() -> int:
    """Returns a free port for the live page, or 0 (and says why) when there can be none."""
    if importlib.util.find_spec("viser") is None:
        console.print("no live page: pip install '.[viewer]'", highlight=False)
        return 0
    for port in _PORTS:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return 0


def _exercise(options: DemoOptions) -> int:
    hand, hardware = options.hand, options.hardware
    console.print(f"starting the nodes of config/systems/exercise.yaml; their output is in {_LOG}")
    figures, _ = run_exercise(
        hand, hardware, options.seed, _LOG, say=_say, minutes=options.minutes, robot=options.robot
    )
    console.print(tracking_table(f"{hand}: each joint out and back, {hardware}", figures["joints"]))
    shown = {key: figures[key] for key in ("hand_cycle_ms", "faults")}
    console.print(figures_table("", shown | {"stops": _stops_text(figures["stops"])}))
    write_json(options.json, figures)
    return _end(figures["ended"])
