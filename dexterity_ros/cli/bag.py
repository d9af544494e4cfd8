"""dexterity bag"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from dexterity_ros.recording.bag_reader import Bag


_SUFFIX = {"recover": "recovered", "export": "tables", "to-lerobot": "lerobot", "from-lerobot": "bag"}


def bag(
    action: Annotated[Literal["info", "recover", "export", "to-lerobot", "from-lerobot"], tyro.conf.Positional],
    path: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path | None, tyro.conf.Positional] = None,
    /,
    format: Literal["csv", "parquet"] = "csv",
    hand: str = "",
    json: Path | None = None,
) -> int:
    """Look into a recording, save what a kill left of one, or take it elsewhere.

    info: topics, counts, duration, size, and what ran. recover: writes what can be read of a bag whose recorder was
    killed into a new bag. export: one table per topic into a folder. to-lerobot: a LeRobotDataset v3 with one frame per
    policy tick and one episode per reset; values and stamps exactly as recorded. from-lerobot: such a dataset, or one
    recorded elsewhere with the same features, as a bag. Without OUT the result stands beside PATH, with _recovered,
    _tables, _lerobot or _bag added to its name.

    JSON keys: path, duration_s, bytes, topics {name: {type, messages}}, info.

    Args:
        action: what to do.
        path: bag folder or .mcap file; for from-lerobot, the dataset.
        out: where the result goes.
        format: of the tables.
        hand: name or path in place of the hand that the bag names.
        json: write what info prints to this file.
    """
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.recording.bag_reader import Bag

    target = out or path.with_name(f"{path.stem}_{_SUFFIX.get(action, action)}")
    if action != "info":
        work = {"recover": _recover, "from-lerobot": _from_lerobot, "to-lerobot": _to_lerobot}.get(action)
        said = _export(path, target, format) if work is None else work(path, target, hand)
        console.print(f"{said} {target}", highlight=False)
        return 0
    opened = Bag(path)
    show(opened)
    write_json(json, describe(opened))
    return 0


def _recover(path: Path, out: Path, _hand: str) -> str:
    from dexterity_ros.recording.recover import recover

    saved = recover(path, out)
    return f"saved {sum(saved.counts.values())} messages of {saved.duration_s:.1f} s to"


def _export(path: Path, out: Path, format: Literal["csv", "parquet"]) -> str:
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.recording.tables import export_tables

    written = export_tables(Bag(path), out, format)
    return f"{len(written)} tables, {sum(written.values())} rows in"


def _to_lerobot(path: Path, out: Path, hand: str) -> str:
    import yaml

    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.recording.bag_reader import Bag

    try:
        from dexterity_ros.recording.lerobot import to_lerobot
    except ImportError as error:
        raise ConfigError(f"this needs pyarrow: pip install '.[export]' ({error})") from error
    bag = Bag(path)
    manifest = yaml.safe_load(bag.info.get("manifest", "{}"))
    task, rate_hz = str(manifest.get("task", "unknown")), float(manifest.get("control_rate_hz", 20.0))
    names = load_hand(hand or bag.info.get("hand", "leap")).joint_names
    episodes, frames = to_lerobot(bag, out, joint_names=names, task=task, rate_hz=rate_hz)
    return f"{episodes} episodes, {frames} frames in"


def _from_lerobot(path: Path, out: Path, hand: str) -> str:
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.hand import load_hand

    try:
        from dexterity_ros.recording.lerobot import from_lerobot
    except ImportError as error:
        raise ConfigError(f"this needs pyarrow: pip install '.[export]' ({error})") from error
    return f"{from_lerobot(path, out, joint_names=load_hand(hand or 'leap').joint_names)} ticks in"


def describe(bag: "Bag") -> dict[str, object]:
    """Returns what `dexterity bag info` knows."""
    return {
        "path": str(bag.path),
        "duration_s": round(bag.duration_s, 3),
        "bytes": bag.bytes,
        "topics": {name: {"type": kind, "messages": bag.counts[name]} for name, kind in sorted(bag.types.items())},
        "info": bag.info,
    }


def show(bag: "Bag") -> None:
    """Prints a bag's topics and what ran."""
    from dexterity_ros.cli.output import console, figures_table

    size_mb = bag.bytes / 2**20
    per_minute = size_mb * 60.0 / bag.duration_s if bag.duration_s else 0.0
    rows = {name: f"{count} messages, {bag.types[name]}" for name, count in sorted(bag.counts.items()) if count}
    console.print(figures_table(f"{bag.path}: {bag.duration_s:.1f} s, {size_mb:.1f} MB, {per_minute:.1f} MB/min", rows))
    known = ("code_version", "hand", "policy", "bundle_id")
    console.print(figures_table("", {key: bag.info[key] for key in known if key in bag.info}))
