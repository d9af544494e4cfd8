"""What training commands have in common: which configuration, which folder, a new run or not, how many seeds."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from dexterity_ros.cli.options.train import PointsOptions, StudentOptions, TeacherOptions
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.training.rollouts import Rollouts
from dexterity_ros.training.site import Build, Site


def config_and_run(what: str, options: TeacherOptions | StudentOptions | PointsOptions) -> tuple[Path, Path]:
    """Returns the configuration's path as it was given, and the run's folder.

    Raises ConfigError for a configuration that is not given, a folder that holds another run, or two ways to begin.
    """
    if options.resume and options.warm_start is not None:
        raise ConfigError("--resume goes on with a run, --warm-start begins a new one: give one of them")
    check_tensorboard(options.tensorboard)
    if options.config is None:
        raise ConfigError(f"train {what} needs --config; there are " + ", ".join(_configs()))
    run = options.run or Path("runs") / options.config.stem
    if (run / CHECKPOINT).exists() and not options.resume:
        raise ConfigError(f"{run} already holds a run: give --resume to go on with it, or another --run")
    return options.config, run


def check_tensorboard(wanted: bool) -> None:
    """Raises ConfigError when curves are wanted for a program that is not there."""
    if wanted and importlib.util.find_spec("tensorboard") is None:
        raise ConfigError("--tensorboard needs: pip install '.[tensorboard]'")


def _configs() -> list[str]:
    return sorted(f"config/train/{path.name}" for path in (data_root() / "config/train").glob("*.yaml"))


def gathering(
    options: TeacherOptions | StudentOptions, build: Build, device: str = "cpu"
) -> Callable[[Site], Rollouts] | None:
    """Returns what gathers rollouts for a learner's site by --ray; None = nobody but the learner itself.

    build: a worker's share of the run. Raises ConfigError for a cluster that is not there or has no room.
    """
    if options.ray is None:
        if options.workers is not None:
            raise ConfigError(f"--workers {options.workers} are of a Ray cluster: give --ray local, or its address")
        return None
    if importlib.util.find_spec("ray") is None:
        raise ConfigError("--ray needs Ray: pip install '.[ray]'")
    from dexterity_ros.training.remote import RayCollector, connect

    workers = connect(options.ray, options.workers)
    return lambda own: RayCollector(build, own, workers, device)


def check_seeds(seeds: int) -> None:
    """Raises ConfigError when nothing would be done."""
    if seeds < 1:
        raise ConfigError(f"--seeds is {seeds}, expected 1 or more")


def next_step(run: Path) -> str:
    """Returns what to do with a run that is done."""
    return f"next: dexterity export {run} models/policies/NAME"
