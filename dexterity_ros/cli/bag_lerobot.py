"""dexterity bag to-lerobot, from-lerobot, join-lerobot"""

from dataclasses import asdict

from dexterity_ros.cli.bag import beside, exported
from dexterity_ros.cli.options.bag import BagFromLerobotOptions, BagJoinLerobotOptions, BagToLerobotOptions
from dexterity_ros.cli.output import say, say_damage, say_left_out, write_json
from dexterity_ros.cli.replay import read_run
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.recording.lerobot import to_lerobot
from dexterity_ros.recording.lerobot_foreign import ForeignColumns
from dexterity_ros.recording.lerobot_join import join
from dexterity_ros.recording.lerobot_reader import from_lerobot
from dexterity_ros.replay.run_record import RunRecord


def to_dataset(options: BagToLerobotOptions) -> int:
    """Writes a recording as a dataset; status 1 for a damaged recording."""
    out = options.out or beside(options.path, "lerobot")
    run = read_run(options.path, options.hand)
    rate_hz = _rate_hz(run)
    task = run.bag.info.get("task") or str(run.recorded_manifest().get("task", "unknown"))
    with exported(out) as draft:
        done = to_lerobot(run.bag, draft, joint_names=run.hand.joint_names, task=task, rate_hz=rate_hz)
    say_left_out(done.left_out)
    say(f"{done.episodes} episodes, {done.frames} frames in {out}")
    return say_damage(run.bag.damage, run.bag.doubts)


def _rate_hz(run: RunRecord) -> float:
    """Returns the rate of a lesson or of the policy, Hz. Raises BagError when the bag tells none that can be."""
    if (taught := run.bag.info.get("rate_hz", "")).replace(".", "", 1).isdigit():
        return float(taught)
    rate_hz = run.recorded_manifest().get("control_rate_hz", 20.0)
    if not isinstance(rate_hz, int | float) or not rate_hz > 0.0:
        path = run.bag.path
        raise BagError(f"{path}: control_rate_hz of the manifest in it is {rate_hz!r}, expected a number above 0")
    return float(rate_hz)


def from_dataset(options: BagFromLerobotOptions) -> int:
    """Writes a dataset as a bag."""
    out = options.out or beside(options.path, "bag")
    columns = None if options.columns is None else config.load(ForeignColumns, options.columns)
    with exported(out) as draft:
        done = from_lerobot(options.path, draft, joint_names=load_hand(options.hand).joint_names, columns=columns)
    say(f"{done.ticks} ticks in {out}")
    return say_damage("", done.doubts)


def join_datasets(options: BagJoinLerobotOptions) -> int:
    """Writes several datasets as one."""
    with exported(options.out) as draft:
        done = join(options.datasets, draft, validation=options.validation, seed=options.seed)
    aside = f", the last {done.validation} for validation" if done.validation else ""
    say(f"{done.episodes} episodes{aside}, {done.frames:,} frames, {len(done.tasks)} tasks in {options.out}")
    write_json(options.json, asdict(done))
    return 0
