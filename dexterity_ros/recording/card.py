"""The card beside exported data: what it was made from, what was left out and why, what was damaged."""

from pathlib import Path

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag

CARD_FILE = "README.md"
_TOLD = ("policy", "bundle_id", "hand", "code_version", "recovered")


def refuse_existing(out: Path) -> None:
    """Raises BagError when there is something already."""
    if out.exists():
        raise BagError(f"{out} exists already; an export never overwrites anything")


def write_card(
    out: Path, bag: Bag, title: str, contents: dict[str, str], left_out: dict[str, str], head: str = ""
) -> None:
    """Writes the card into the folder `out`. contents: {file or feature: what it holds}. left_out: {name: why}."""
    told = {"recording": bag.path.name, "length": f"{bag.duration_s:.3f} s"}
    told |= {key: bag.info[key] for key in _TOLD if key in bag.info}
    sections = [f"{head}# {title}", _table(told), "## What is here", _table(contents)]
    sections += ["## What was left out", _table(left_out) if left_out else "Nothing."]
    sections += ["## Damage", "\n\n".join(filter(None, (bag.damage, bag.doubts))) or "None; checksums cover all of it."]
    (out / CARD_FILE).write_text("\n\n".join(sections) + "\n", encoding="utf-8", errors="backslashreplace")


def _table(rows: dict[str, str]) -> str:
    lines = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items()]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
