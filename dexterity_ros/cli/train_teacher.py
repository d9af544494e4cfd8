"""dexterity train teacher"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from dexterity_ros.cli.options.train import TeacherOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.cli.train_run import config_and_run, gathering, next_step
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.training.teacher import Teacher, teacher_site
from dexterity_ros.training.teacher_config import TeacherConfig, load_config


def teacher(options: TeacherOptions) -> int:
    """Trains a teacher, or goes on with one."""
    config, run = config_and_run("teacher", options)
    settings = load_config(resource(config))
    settings = settings if options.steps is None else replace(settings, total_steps=options.steps)
    gather = gathering(options, partial(teacher_site, settings), options.device)
    new = Teacher(settings, run, device=options.device, threads=options.threads, gather=gather)
    if options.tensorboard:
        new.folder.draw_curves()
    if options.resume:
        new.restore(run / CHECKPOINT, keep_progress=True)
    elif options.warm_start is not None:
        new.warm_start(resource(options.warm_start))
    new.train()
    say(f"{new.progress.steps:,} steps in {run}; {_next_step(settings, run)}")
    write_json(options.json, {"run": str(run)} | vars(new.progress))
    return 0


def _next_step(settings: TeacherConfig, run: Path) -> str:
    """Returns what to do with a run that is done: one whose actor is told all has students, and is not exported."""
    if settings.actor_sees == "observation":
        return next_step(run)
    return f"next: dexterity train points --teacher {run}"
