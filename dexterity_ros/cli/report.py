"""dexterity report"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from rich.markup import escape

from dexterity_ros.cli.film import check_video, film_bag
from dexterity_ros.cli.options.report import ReportOptions
from dexterity_ros.cli.output import console, say, say_damage
from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.training_run import LOG_FILE
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.metadata import LEROBOT_FILE
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.page import Page, side_by_side
from dexterity_ros.reporting.run_page import RunPage
from dexterity_ros.reporting.training_page import training_page


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A page, what is damaged in its source, and what no checksum covers."""

    page: Page
    damage: str = ""
    doubts: str = ""


def report(options: ReportOptions) -> int:
    """Writes the page; status 1 for a damaged recording."""
    check_video(options.video, options.video_s, of_recording=True)
    began = time.monotonic()
    with console.status("reading"):
        read = [_read(source) for source in (options.source, options.compare) if source is not None]
        page = read[0].page if options.compare is None else side_by_side(*(one.page for one in read))
        path = options.out or Path(f"{options.source.name}_report.html")
        with naming(path):
            page.write(path)
        files = _export(read, options)
    size_mb = path.stat().st_size / 1e6
    say(f"wrote {path}, {size_mb:.1f} MB, in {time.monotonic() - began:.1f} s")
    if files:
        say(f"wrote {files} files to {options.export}")
    _film(options)
    for alarm in page.alarms:
        console.print(f"[red]![/red] {escape(alarm)}", highlight=False)
    return max(say_damage(one.damage, one.doubts) for one in read)


def _film(options: ReportOptions) -> None:
    if options.video is None:
        return
    if (options.source / LOG_FILE).is_file():
        raise ConfigError(f"--video shows a recording; {options.source} is a training run: evaluate what came of it")
    film_bag(options.video, options.source, options.video_s)


def _export(read: list[_Read], options: ReportOptions) -> int:
    """Writes every figure where that was asked for; returns how many files."""
    if options.export is None:
        return 0
    names = [""]
    if options.compare is not None:
        names = [f"first_{options.source.name}", f"second_{options.compare.name}"]
    with naming(options.export), drafted(options.export, parents=True) as draft:
        return sum(len(one.page.export(draft / name)) for one, name in zip(read, names, strict=True))


def _read(source: Path) -> _Read:
    if source.is_dir() and (source / LOG_FILE).is_file():
        return _Read(page=training_page(source))
    if (source / LEROBOT_FILE).is_file():
        return _Read(page=_data_page(source))
    bag = Bag(source)
    page = RunPage(RunRecord(bag)).page()
    if bag.damage:
        page = replace(page, alarms=(f"damaged: {bag.damage}", *page.alarms))
    return _Read(page=page, damage=bag.damage, doubts=bag.doubts)


def _data_page(source: Path) -> Page:
    try:
        from dexterity_ros.reporting.data_page import data_page
    except ImportError as error:
        raise ConfigError(f"the page of a dataset needs pyarrow: pip install '.[export]' ({error})") from error
    return data_page(source)
