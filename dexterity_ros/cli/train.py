"""dexterity train"""

from pathlib import Path
from typing import Annotated, Literal

import tyro


def train(
    what: Annotated[Literal["teacher"], tyro.conf.Positional],
    /,
    config: Path,
    run: Path | None = None,
    resume: bool = False,
    warm_start: Path | None = None,
    steps: int | None = None,
    device: str = "cpu",
    threads: int = 2,
    tensorboard: bool = False,
    json: Path | None = None,
) -> int:
    """Train a teacher by reinforcement learning in simulation.

    Writes config.yaml, log.jsonl and checkpoint.pt into the run directory. Ctrl-C finishes the current update and
    saves; --resume goes on from there. Then: dexterity export RUN BUNDLE.

    JSON keys: run, steps, updates, seconds, goal_max_rad (as far as the curriculum got). The log has one JSON row per
    update: these and goal_fraction, reward, reward_TERM, goals_reached, goals_failed, kl, entropy, losses.

    Args:
        what: teacher is trained on everything the simulator knows.
        config: YAML file in config/train, or your own.
        run: directory of the run; default runs/NAME-OF-CONFIG.
        resume: go on from the run's checkpoint.
        warm_start: run directory whose networks are the starting point of a new run.
        steps: replaces total_steps of the configuration.
        device: torch device of the update, for instance cuda.
        threads: CPU threads of the update.
        tensorboard: write event files beside log.jsonl; needs pip install tensorboard.
        json: write where the run stands to this file.
    """
    from dataclasses import replace

    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.resources import resource

    try:
        from dexterity_ros.training.teacher import CHECKPOINT, Teacher, load_config
    except ImportError as error:
        raise ConfigError(f"training needs the extra: pip install 'dexterity_ros[train]' ({error})") from error

    settings = load_config(resource(config))
    settings = replace(settings, total_steps=steps) if steps else settings
    folder = run or Path("runs") / config.stem
    if (folder / CHECKPOINT).exists() and not resume:
        raise ConfigError(f"{folder} already holds a run: give --resume to go on with it, or another --run")
    teacher = Teacher(settings, folder, device=device, threads=threads, tensorboard=tensorboard)
    if resume:
        teacher.restore(folder / CHECKPOINT, keep_progress=True)
    elif warm_start is not None:
        teacher.restore(warm_start / CHECKPOINT, keep_progress=False)
    teacher.train()
    console.print(f"{teacher.progress.steps:,} steps in {folder}; next: dexterity export {folder} models/policies/NAME")
    write_json(json, {"run": str(folder)} | vars(teacher.progress))
    return 0
