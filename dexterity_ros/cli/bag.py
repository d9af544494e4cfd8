"""dexterity bag"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from dexterity_ros.recording.bag_reader import Bag


def bag(
    action: Annotated[Literal["info", "recover"], tyro.conf.Positional],
    path: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path | None, tyro.conf.Positional] = None,
    /,
    json: Path | None = None,
) -> int:
    """Look into a recording, or save what a kill left of one.

    info: topics, counts, duration, size, and what ran. recover: writes what can be read of a bag whose recorder was
    killed into a new bag (default: the folder's name with _recovered).

    JSON keys: path, duration_s, bytes, topics {name: {type, messages}}, info.

    Args:
        action: what to do.
        path: bag folder or .mcap file.
        out: where the result goes.
        json: write what info prints to this file.
    """
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.recording.bag_reader import Bag

    if action == "recover":
        from dexterity_ros.recording.recover import recover

        saved = recover(path, out or path.with_name(f"{path.stem}_recovered"))
        console.print(f"saved {sum(saved.counts.values())} messages of {saved.duration_s:.1f} s to {saved.folder}")
        return 0
    opened = Bag(path)
    show(opened)
    write_json(json, describe(opened))
    return 0


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
