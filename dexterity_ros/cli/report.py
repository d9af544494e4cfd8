"""dexterity report"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.markup import escape

from dexterity_ros.cli.output import console, say_damage

if TYPE_CHECKING:
    from dexterity_ros.reporting.page import Page


def report(
    source: Annotated[Path, tyro.conf.Positional],
    /,
    out: Path | None = None,
    compare: Path | None = None,
    export: Path | None = None,
) -> int:
    """Write one self-contained HTML page about a recording or a training run, to read after it.

    Of a recording: what happened when, goals with their outcome, joints against their targets and limits, current and
    temperature, the object's pose and the way to its goal, timing, the observation against the range of training, key
    frames of the camera, what `compare` found, and what ran. Of a training run: curves, curriculum, ranges, reward
    terms. The page needs no network. Of a damaged recording the page says what was lost, and the status is 1.

    Args:
        source: bag folder, .mcap file, or run directory of `dexterity train`.
        out: HTML file to write; default: NAME_report.html in the current directory.
        compare: another of the same kind; both are written side by side on one page.
        export: folder to write every figure to, as PNG and CSV; with --compare, folders first_... and second_... in it.
    """
    from dexterity_ros.reporting.page import side_by_side

    began = time.monotonic()
    with console.status("reading"):
        read = [_page(folder) for folder in (source, compare) if folder is not None]
        pages = [page for page, _, _ in read]
        page = pages[0] if compare is None else side_by_side(*pages)
        path = out or Path(f"{source.name}_report.html")
        page.write(path)
        files = []
        if export is not None:
            names = [""] if compare is None else [f"first_{source.name}", f"second_{compare.name}"]
            for one, name in zip(pages, names, strict=True):
                files += one.export(export / name)
    size_mb = path.stat().st_size / 1e6
    console.print(f"wrote {path}, {size_mb:.1f} MB, in {time.monotonic() - began:.1f} s", highlight=False)
    if files:
        console.print(f"wrote {len(files)} files to {export}", highlight=False)
    for alarm in page.alarms:
        console.print(f"[red]![/red] {escape(alarm)}", highlight=False)
    return max(say_damage(damage, doubts) for _, damage, doubts in read)


def _page(source: Path) -> tuple["Page", str, str]:
    """Returns the page, what is damaged in its source, and what no checksum covers."""
    from dataclasses import replace

    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.reporting.run_page import RunPage
    from dexterity_ros.reporting.training_page import LOG_FILE, training_page

    if source.is_dir() and (source / LOG_FILE).is_file():
        return training_page(source), "", ""
    bag = Bag(source)
    page = RunPage(RunRecord(bag)).page()
    alarms = tuple(alarm for alarm in page.alarms if not alarm.startswith("damage:"))
    if bag.damage:
        page = replace(page, alarms=(f"damaged: {bag.damage}", *alarms))
    return page, bag.damage, bag.doubts
