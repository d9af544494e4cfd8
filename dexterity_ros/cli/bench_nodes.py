"""dexterity bench kills, paths: benchmarks that start nodes"""

from pathlib import Path

from dexterity_ros.bench.kills import KILLED, run_kills
from dexterity_ros.cli.options.bench import BenchKillsOptions, BenchPathsOptions
from dexterity_ros.cli.output import console, figures_table, tracking_table, write_json
from dexterity_ros.evaluation.tracking import difference
from dexterity_ros.systems.exercise_session import run_exercise
from dexterity_ros.systems.operator import OperatorError


def kills(options: BenchKillsOptions) -> int:
    """Prints how long the gate's output still changes after a kill of each node."""
    found = run_kills("models/policies/leap_yaw", options.repeats, Path("dexterity_kills.log"), console.print)
    rows = {
        name: {"max_ms": round(max(found[name]), 1), "all_ms": [round(v, 1) for v in found[name]]} for name in KILLED
    }
    for name, row in rows.items():
        what = "the guardian had switched the torque off" if name == "hand_node" else "the gate's output was constant"
        console.print(f"{name}: {options.repeats} kills, {what} after {row['max_ms']} ms at most")
    console.print(f"{found['messages']} gate outputs, {len(found['violations'])} outside limits")
    write_json(options.json, rows | {"violations": found["violations"], "messages": found["messages"]})
    return int(bool(found["violations"]))


def paths(options: BenchPathsOptions) -> int:
    """Prints how far the joints differ between the motor bus and the direct way."""
    runs = {}
    for hardware in ("direct", "dynamixel"):
        figures, trace = run_exercise("leap", hardware, 0, Path("dexterity_paths.log"), say=console.print)
        if trace is None or figures["ended"]:
            raise OperatorError(figures["ended"])
        runs[hardware] = (figures, trace)
        console.print(tracking_table(hardware, figures["joints"]))
    result = difference(runs["direct"][1], runs["dynamixel"][1])
    console.print(figures_table("dynamixel beside direct", result))
    write_json(options.json, {name: figures for name, (figures, _) in runs.items()} | {"difference": result})
    return 0
