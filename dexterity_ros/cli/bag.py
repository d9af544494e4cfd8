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
    """Look into a recording, save what is whole of a damaged one, or take it elsewhere.

    info: topics, counts, duration, size, and what ran. recover: writes every whole chunk of a bag that is damaged, or
    whose recorder was killed, into a new bag, and says what was lost. export: one table per topic into a folder, images
    as PNG. to-lerobot: a LeRobotDataset v3 with one frame per policy tick and one episode per reset; values and stamps
    exactly as recorded. Both write a README.md that lists what was left out. from-lerobot: such a dataset, or one
    recorded elsewhere with the same features, as a bag. Without OUT the result stands beside PATH, with _recovered,
    _tables, _lerobot or _bag added to its name.

    Checksums are checked. Where something is damaged, a line says what, the rest is read, and the status is 1.

    JSON keys: path, duration_s, bytes, topics {name: {type, messages}}, info, damage, doubts.

    Args:
        action: what to do.
        path: bag folder or .mcap file; for from-lerobot, the dataset.
        out: where the result goes.
        format: of the tables.
        hand: name or path in place of the hand that the bag names.
        json: write what info prints to this file.
    """
    target = out or path.with_name(f"{path.stem}_{_SUFFIX.get(action, action)}")
    if action == "recover":
        return _recover(path, target)
    if action == "export":
        return _export(path, target, format)
    if action == "to-lerobot":
        return _to_lerobot(path, target, hand)
    if action == "from-lerobot":
        return _from_lerobot(path, target, hand)
    return _info(path, json)


def _info(path: Path, json: Path | None) -> int:
    from dexterity_ros.cli.output import write_json
    from dexterity_ros.recording.bag_reader import Bag

    opened = Bag(path)
    write_json(json, describe(opened))
    return show(opened)


def _recover(path: Path, out: Path) -> int:
    from dexterity_ros.cli.output import console, say_damage, say_left_out
    from dexterity_ros.recording.recover import recover

    saved = recover(path, out)
    say_left_out({"attachments": f"{saved.attachments}, only messages are saved"} if saved.attachments else {})
    said = f"saved {sum(saved.counts.values())} messages of {saved.duration_s:.1f} s to {out}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
    return say_damage(saved.damage, saved.doubts)


def _export(path: Path, out: Path, format: Literal["csv", "parquet"]) -> int:
    from dexterity_ros.cli.output import console, say_damage, say_left_out
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.recording.tables import export_tables

    if format == "parquet":
        _need_pyarrow()
    opened = Bag(path)
    done = export_tables(opened, out, format)
    say_left_out(done.left_out)
    images = f", {done.images} images" if done.images else ""
    said = f"{len(done.files)} tables, {sum(done.files.values())} rows{images} in {out}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
    return say_damage(opened.damage, opened.doubts)


def _to_lerobot(path: Path, out: Path, hand: str) -> int:
    _need_pyarrow()

    from dexterity_ros.cli.output import console, say_damage, say_left_out
    from dexterity_ros.contracts.errors import BagError
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.replay.run_record import RunRecord

    opened = Bag(path)
    run = RunRecord(opened, load_hand(hand) if hand else None)
    manifest = run.told_manifest()
    rate_hz = manifest.get("control_rate_hz", 20.0)
    if not isinstance(rate_hz, int | float) or not rate_hz > 0.0:
        raise BagError(f"{path}: control_rate_hz of the manifest in it is {rate_hz!r}, expected a number above 0")
    task = str(manifest.get("task", "unknown"))
    done = to_lerobot(opened, out, joint_names=run.hand.joint_names, task=task, rate_hz=float(rate_hz))
    say_left_out(done.left_out)
    said = f"{done.episodes} episodes, {done.frames} frames in {out}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
    return say_damage(opened.damage, opened.doubts)


def _from_lerobot(path: Path, out: Path, hand: str) -> int:
    _need_pyarrow()

    from dexterity_ros.cli.output import console
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.recording.lerobot_reader import from_lerobot

    ticks = from_lerobot(path, out, joint_names=load_hand(hand or "leap").joint_names)
    console.print(f"{ticks} ticks in {out}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _need_pyarrow() -> None:
    from dexterity_ros.contracts.errors import ConfigError

    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"this needs pyarrow: pip install '.[export]' ({error})") from error


def describe(bag: "Bag") -> dict[str, object]:
    """Returns what `dexterity bag info` knows."""
    return {
        "path": str(bag.path),
        "duration_s": round(bag.duration_s, 3),
        "bytes": bag.bytes,
        "topics": {name: {"type": kind, "messages": bag.counts[name]} for name, kind in sorted(bag.types.items())},
        "info": bag.info,
        "damage": bag.damage,
        "doubts": bag.doubts,
    }


def show(bag: "Bag") -> int:
    """Prints a bag's topics, what ran and what is damaged; returns the status, 1 for a damaged one."""
    from dexterity_ros.cli.output import console, figures_table, say_damage

    size_mb = bag.bytes / 2**20
    per_minute = size_mb * 60.0 / bag.duration_s if bag.duration_s else 0.0
    kinds = {name: kind or "no type" for name, kind in bag.types.items()}
    rows = {name: f"{count} messages, {kinds[name]}" for name, count in sorted(bag.counts.items()) if count}
    console.print(figures_table(f"{bag.path}: {bag.duration_s:.1f} s, {size_mb:.1f} MB, {per_minute:.1f} MB/min", rows))
    known = ("code_version", "hand", "policy", "bundle_id", "recovered")
    console.print(figures_table("", {key: bag.info[key] for key in known if key in bag.info}))
    return say_damage(bag.damage, bag.doubts)
