"""dexterity bag info, recover"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from dexterity_ros.cli.options.bag import BagInfoOptions, BagRecoverOptions
from dexterity_ros.cli.output import console, figures_table, say, say_damage, say_left_out, write_json
from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.files import naming
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.card import refuse_existing
from dexterity_ros.recording.recover import recover as recover_bag

_WHAT_RAN = ("code_version", "hand", "policy", "bundle_id", "recovered")


def info(options: BagInfoOptions) -> int:
    """Prints what is in a recording; status 1 for a damaged one."""
    bag = Bag(options.path)
    write_json(options.json, _described(bag))
    return show(bag)


def recover(options: BagRecoverOptions) -> int:
    """Writes what is whole of a recording; status 1 when something was lost."""
    out = options.out or beside(options.path, "recovered")
    with exported(out) as draft:
        saved = recover_bag(options.path, draft)
    say_left_out({"attachments": f"{saved.attachments}, only messages are saved"} if saved.attachments else {})
    say(f"saved {sum(saved.counts.values())} messages of {saved.duration_s:.1f} s to {out}")
    return say_damage(saved.damage, saved.doubts)


@contextmanager
def exported(out: Path) -> Iterator[Path]:
    """Gives a folder to write to, which becomes `out` when it is whole; says meanwhile that it is written.

    Raises BagError when there is something already, FileError for what the system refuses.
    """
    refuse_existing(out)
    with console.status(f"writing {escape(out.name)}"), naming(out), drafted(out, parents=True) as draft:
        yield draft


def beside(path: Path, suffix: str) -> Path:
    """Returns where a result goes that nobody gave a place."""
    return path.with_name(f"{path.stem}_{suffix}")


def _described(bag: Bag) -> dict[str, object]:
    return {
        "path": str(bag.path),
        "duration_s": round(bag.duration_s, 3),
        "bytes": bag.bytes,
        "topics": {name: {"type": kind, "messages": bag.counts[name]} for name, kind in sorted(bag.types.items())},
        "info": bag.info,
        "damage": bag.damage,
        "doubts": bag.doubts,
    }


def show(bag: Bag) -> int:
    """Prints a bag's topics, what ran and what is damaged; returns the status, 1 for a damaged one."""
    size_mb = bag.bytes / 2**20
    per_minute = size_mb * 60.0 / bag.duration_s if bag.duration_s else 0.0
    kinds = {name: kind or "no type" for name, kind in bag.types.items()}
    rows = {name: f"{count} messages, {kinds[name]}" for name, count in sorted(bag.counts.items()) if count}
    console.print(figures_table(f"{bag.path}: {bag.duration_s:.1f} s, {size_mb:.1f} MB, {per_minute:.1f} MB/min", rows))
    console.print(figures_table("", {key: bag.info[key] for key in _WHAT_RAN if key in bag.info}))
    return say_damage(bag.damage, bag.doubts)
