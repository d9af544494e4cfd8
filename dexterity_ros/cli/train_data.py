"""dexterity train data"""

from dataclasses import replace
from pathlib import Path

from dexterity_ros.cli.options.train import DataOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.cli.train_run import check_tensorboard, next_step
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.metadata import LEROBOT_FILE
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.training.learners.data_run import DataConfig, DataRun
from dexterity_ros.training.learners.recorded import Episode, episodes_of
from dexterity_ros.wire import TickRecord


def data(options: DataOptions) -> int:
    """Learns from recordings, or goes on with that."""
    check_tensorboard(options.tensorboard)
    config = configs.load_named(DataConfig, "config/learners", options.config)
    if options.updates is not None:
        config = replace(config, trainer=replace(config.trainer, updates=options.updates))
    run = options.run or Path("runs") / Path(options.config).stem
    if (run / CHECKPOINT).exists() and not options.resume:
        raise ConfigError(f"{run} already holds a run: give --resume to go on with it, or another --run")
    episodes = [episode for path in options.data for episode in _episodes(path, config)]
    if not episodes:
        raise ConfigError("train data needs DATA: bags or LeRobot datasets")
    new = DataRun(config, episodes, run, device=options.device, threads=options.threads)
    if options.tensorboard:
        new.trainer.folder.draw_curves()
    if options.resume:
        new.trainer.restore()
    new.train()
    steps = sum(len(actions) for _, actions in episodes)
    said = {"run": str(run), "episodes": len(episodes), "steps": steps} | new.trainer.progress
    say(f"{len(episodes)} episodes, {steps:,} steps, loss {said['loss']:.4f}; {next_step(run)}")
    write_json(options.json, said)
    return 0


def _episodes(path: Path, config: DataConfig) -> list[Episode]:
    """Returns what a recording or a dataset has to teach. Raises BagError, ConfigError."""
    period_s = config.manifest.period_ns * 1e-9
    found = episodes_of(_ticks(path, config), config.observation(), config.decoded_by(), config.hand, period_s=period_s)
    say(f"{path}: {len(found)} episodes, {sum(len(actions) for _, actions in found):,} steps")
    return found


def _ticks(path: Path, config: DataConfig) -> list[TickRecord]:
    if (path / LEROBOT_FILE).is_file():
        return _frames(path, config.hand.joint_names)
    return RunRecord(Bag(path).whole(), config.hand).ticks


def _frames(path: Path, joint_names: tuple[str, ...]) -> list[TickRecord]:
    try:
        from dexterity_ros.recording.lerobot_reader import dataset_ticks
    except ImportError as error:
        raise ConfigError(f"learning from a dataset needs pyarrow: pip install '.[export]' ({error})") from error
    return dataset_ticks(path, joint_names=joint_names)
