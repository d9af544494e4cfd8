"""dexterity bench learning"""

import tempfile
from dataclasses import replace
from pathlib import Path

from dexterity_ros.bench.learning import learning_speed
from dexterity_ros.cli.options.bench import BenchLearningOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.training.teacher_config import load_config


def learning(options: BenchLearningOptions) -> int:
    """Prints how fast our PPO learns beside stable-baselines3's."""
    steps = options.steps
    config = replace(load_config(shipped("config/train/smoke.yaml")), total_steps=steps)
    with tempfile.TemporaryDirectory() as folder:
        rows = learning_speed(config, Path(folder), steps=steps, turn=max(steps // 20, 8192), said=_say)
    write_json(options.json, {"rows": rows})
    return 0


def _say(row: dict[str, float]) -> None:
    console.print(
        f"{row['steps']:>9,} steps  ours {100 * row['ours']:5.1f} % after {row['ours_s']:6.1f} s   "
        f"stable-baselines3 {100 * row['other']:5.1f} % after {row['other_s']:6.1f} s",
        highlight=False,
    )
