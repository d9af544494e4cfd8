"""dexterity train points"""

from dataclasses import replace

from dexterity_ros.cli.options.train import PointsOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.cli.train_run import config_and_run, next_step
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.training.distillation import PointStudent, PointStudentConfig


def points(options: PointsOptions) -> int:
    """Trains a student of points, or goes on with one."""
    config, run = config_and_run("points", options)
    settings = configs.load(PointStudentConfig, resource(config), "config/train")
    if options.labels is not None:
        if options.labels < 1:
            raise ConfigError(f"--labels is {options.labels}, expected 1 or more")
        settings = replace(settings, distillation=replace(settings.distillation, labels=options.labels))
    new = PointStudent(settings, run, teacher=options.teacher, threads=options.threads)
    if options.tensorboard:
        new.folder.draw_curves()
    if options.resume:
        new.restore()
    elif options.warm_start is not None:
        new.restore(options.warm_start)
    new.train()
    say(f"{new.progress.labels:,} labels in {run}; {next_step(run)}")
    write_json(options.json, {"run": str(run)} | vars(new.progress))
    return 0
