"""The part of dexterity import policy that runs candidate conventions in simulation"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.cli.output import console, figures_table
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.evaluation.conventions import open_families
from dexterity_ros.evaluation.probe import Verdict, probe
from dexterity_ros.tasks.spec import TaskSpec


def probe_policy(bundle: Path, hand: HandFile, *, episodes: int, seed: int) -> dict[str, Any]:
    """Prints which convention behaves. Returns the figures."""
    if episodes < 2 or seed < 0:
        raise ConfigError(f"--episodes is {episodes} and --seed {seed}, expected 2 and 0 or more")
    manifest, network = load_policy(bundle)
    task = config.load(TaskSpec, named_resource("config/tasks", manifest.task))
    with console.status(f"trying {', '.join(open_families(manifest))}"):
        verdict = probe(manifest, network, hand, task, episodes=episodes, seed=seed)
    rows = (verdict.as_said, *verdict.finalists)
    figures = {row.convention: f"{row.score:.2f} +- {row.error:.2f}" for row in rows}
    console.print(figures_table("share of the way to the goal, 1 = always reached", figures))
    if left := len(verdict.screened) - len(verdict.finalists):
        console.print(f"{left} more did worse in short runs: --json lists them")
    console.print(_sentence(verdict))
    return {
        "verdict": verdict.verdict,
        "convention": verdict.convention,
        "score": verdict.as_said.score,
        "other_score": None if verdict.other is None else verdict.other.score,
        "finalists": [asdict(row) for row in verdict.finalists],
        "screened": [asdict(row) for row in verdict.screened],
    }


def _sentence(verdict: Verdict) -> str:
    said, other = verdict.as_said, verdict.other
    if verdict.verdict == "as_said":
        return f"behaves as its manifest says: {said.score:.2f}"
    if other is None or verdict.verdict == "cannot_tell":
        best = "" if other is None else f", the best other ({other.convention}) {other.score:.2f}"
        return f"cannot tell: as said it comes {said.score:.2f} of the way{best}"
    return f"another convention behaves: {other.convention}, {other.score:.2f} against {said.score:.2f} as said"
