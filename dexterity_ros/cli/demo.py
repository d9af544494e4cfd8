"""dexterity demo"""

from collections import Counter
from pathlib import Path
from typing import Any, Literal

from dexterity_ros.cli.output import console, figures_table, outcome_table, write_json

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


def demo(
    goals: int = 20,
    minutes: float = 3.0,
    policy: str = "models/policies/leap_so3_reinforced",
    task: str | None = None,
    goal_rad: tuple[float, float] | None = None,
    hand: str = "leap",
    seed: int = 0,
    shadow: bool = False,
    hardware: Literal["dynamixel", "direct"] = "dynamixel",
    record: str = "",
    eyes: bool = True,
    viewer: bool = True,
    json: Path | None = None,
) -> int:
    """Run the whole closed loop on a simulated hand: real ROS 2 nodes, real DDS, real time.

    With --policy none (any hand): no object is turned; the hand eases home, moves joint by joint, lets go, and what is
    printed is how well each joint followed. JSON keys then: hand, hardware, joints {name: {moved_rad, rms_rad,
    delay_ms}}, faults, hand_cycle_ms, stops, ended.

    Starts config/systems/eyes.yaml, arms the hand, lets the policy turn the object to goal after goal, puts the object
    back after a failure, and prints what happened, judged on the simulator's truth. Needs no robot, GPU or root.

    On a machine too busy to run the emulated motors in time, their watchdogs stop the hand. Only here, and only with
    --hardware dynamixel, a stop is followed by disarming, preparing and arming, as a person would; each is counted and
    printed, and the goal it interrupted counts neither as reached nor as missed. The table is printed however the demo
    ends; status 1 when it could not go on, 130 after Ctrl-C.

    JSON keys: policy, task, goals_attempted, goals_reached, rate, rate_ci95, consecutive {mean, sd, median, max,
    ci95}, time_per_goal_s {median, p90}, drops, trials (as in `evaluate`); rate_by_estimate (as goal_node saw it);
    reached_only_by_estimate (goals that the truth denies); pose_error {position_mm, rotation_deg {p50, p95, p99},
    wrong_percent (more than 15 degrees off), lost_percent (of the time, no pose for 0.15 s), longest_gap_s, poses};
    lateness_ms {p50, p99, max} and overruns, cycles of policy_node's loop; probe_lateness_ms (an empty loop beside
    it); hand_cycle_ms {p50, p99, max}, time hand_node needs to read and write the hand; hand_overruns;
    observation_age_ms {p50, p99, max} from the oldest measurement to the write, to be held against
    latency_trained_ms [low, high], which the policy is known to bear; cpu_percent (100 = one core)
    and pss_mb of all nodes; faults {name: count}; realtime (whether SCHED_FIFO was allowed); realtime_factor (simulated
    time over the clock's, from arming on; below 1 the machine is too slow); stops, a list of {at_s, reason}; ended (why
    before the goals were done or the time was up; else empty). What is not known is null or empty.

    Args:
        goals: stop after this many goals have been reached or missed.
        minutes: stop after this time at the latest, starting included, or 0 for no limit.
        policy: policy bundle directory, or none.
        task: name in config/tasks; default: the one the policy was trained for.
        goal_rad: smallest and largest angle of a new goal; default 0.8 to 1.2 rad.
        hand: name in config/hands or path of a YAML file.
        seed: seed of starting grasps and goals.
        shadow: everything runs and targets are gated, but nothing is written to the hand.
        hardware: dynamixel runs the real driver over an emulated motor bus; direct takes the short way over topics.
        record: folder of a bag to record.
        eyes: the object's pose comes from a simulated depth camera; --no-eyes: from the simulator, with noise.
        viewer: show it on a live web page on this machine, whose address is printed.
        json: write the figures to this file.
    """
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.runtime.ending import interrupt_once

    try:
        from dexterity_ros.systems.closed_loop import run_closed_loop
        from dexterity_ros.systems.loop_settings import ClosedLoop
    except ImportError as error:
        raise ConfigError(f"the demo needs ROS and MuJoCo: pip install '.[ros,sim]' ({error})") from error

    log = Path("dexterity_demo.log")
    interrupt_once()
    if policy == "none":
        return _exercise(hand, hardware, seed, minutes, log, json)
    settings = ClosedLoop(
        goals=goals,
        minutes=minutes,
        policy=policy,
        task=task,
        goal_rad=goal_rad or (0.8, 1.2),
        hand=hand,
        seed=seed,
        shadow=shadow,
        hardware=hardware,
        eyes=eyes,
        viewer_port=_viewer_port() if viewer else 0,
        record=str(Path(record).absolute()) if record else "",
    )
    console.print(f"starting the nodes of config/systems/{settings.system}.yaml; their output is in {log}")
    if settings.viewer_port:
        console.print(f"look at http://127.0.0.1:{settings.viewer_port}", highlight=False)
    result = run_closed_loop(settings, log, say=_say)
    title = f"{result['policy']}: {result['task']}, through ROS"
    console.print(outcome_table(title, {"policy": result}))
    console.print(figures_table("", {key: result[key] for key in _SHOWN} | {"stops": _stops_text(result["stops"])}))
    _say_latency(result)
    write_json(json, result)
    return _end(result["ended"])


def _stops_text(stops: list[dict[str, Any]]) -> str:
    """Returns how often the hand was stopped, and why."""
    reasons = Counter(stop["reason"] for stop in stops)
    return "; ".join(f"{count} x {reason}" for reason, count in reasons.items())


def _end(ended: str) -> int:
    """Says why the demo ended early, if it did, and returns its status."""
    if not ended:
        return 0
    from dexterity_ros.runtime.ending import INTERRUPTED

    said = ended if ended == INTERRUPTED else f"could not go on: {ended}"
    console.print(said, style="red", highlight=False, markup=False)
    return 130 if ended == INTERRUPTED else 1


def _say(line: str) -> None:
    console.print(line, highlight=False, markup=False)


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
    import importlib.util
    import socket

    if importlib.util.find_spec("viser") is None:
        console.print("no live page: pip install '.[viewer]'", highlight=False)
        return 0
    for port in range(8080, 8100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return 0


def _exercise(hand: str, hardware: str, seed: int, minutes: float, log: Path, json: Path | None) -> int:
    from dexterity_ros.cli.output import tracking_table
    from dexterity_ros.systems.exercise_session import run_exercise

    console.print(f"starting the nodes of config/systems/exercise.yaml; their output is in {log}")
    figures, _ = run_exercise(hand, hardware, seed, log, say=_say, minutes=minutes)
    console.print(tracking_table(f"{hand}: each joint out and back, {hardware}", figures["joints"]))
    shown = {key: figures[key] for key in ("hand_cycle_ms", "faults")}
    console.print(figures_table("", shown | {"stops": _stops_text(figures["stops"])}))
    write_json(json, figures)
    return _end(figures["ended"])
