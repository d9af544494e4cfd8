"""dexterity train student"""

from functools import partial
from pathlib import Path

from dexterity_ros.cli.options.train import StudentOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.cli.train_run import config_and_run, gathering, next_step
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.systems.trained import foreign_object
from dexterity_ros.training.imitation.collect import Batch
from dexterity_ros.training.imitation.corrections import corrections
from dexterity_ros.training.student import Student, student_site
from dexterity_ros.training.student_config import StudentConfig


def student(options: StudentOptions) -> int:
    """Trains a student, or goes on with one."""
    config, run = config_and_run("student", options)
    goes_on = options.resume or options.warm_start is not None
    if options.corrections and not goes_on:
        raise ConfigError("--corrections are of a policy that acts already: give its run with --warm-start")
    settings = configs.load(StudentConfig, resource(config), "config/train")
    if settings.method == "reinforced" and not goes_on:
        raise ConfigError("method is reinforced: give the run of the student that it begins with, with --warm-start")
    if warning := foreign_object(load_manifest(resource(settings.teacher)), settings.env.object):
        say(warning)
    taken = [_corrections(bag, settings) for bag in options.corrections]
    if settings.method != "reinforced" and options.ray is not None:
        raise ConfigError(f"--ray gathers rollouts of method reinforced; method is {settings.method}")
    gather = gathering(options, partial(student_site, settings))
    new = Student(settings, run, corrections=taken, threads=options.threads, gather=gather)
    if options.tensorboard:
        new.folder.draw_curves()
    if options.resume:
        new.restore()
    elif options.warm_start is not None:
        whole = new.warm_start(resource(options.warm_start))
        say(f"begins from {options.warm_start}{'' if whole else '; what it explores and its critic are new'}")
    new.train()
    say(f"{new.progress.labels:,} labels in {run}; {next_step(run)}")
    write_json(options.json, {"run": str(run)} | vars(new.progress))
    return 0


def _corrections(bag: Path, config: StudentConfig) -> Batch:
    """Returns what an operator did in a recording, as the student would have seen it."""
    hand = config.hand_spec()
    batch = corrections(
        RunRecord(Bag(bag).whole(), hand).ticks,
        period_s=config.env.physics.control_period_s,
        width=config.observation().width,
        joints=len(hand.joints),
        stop_head=config.stop_head,
        steps=config.rounds.steps,
    )
    say(f"{bag}: {batch.labels} ticks of an operator in {batch.done.shape[1]} stretches")
    return batch
