"""The options of `dexterity report`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import optional


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Write one self-contained HTML page about a recording, a dataset or a training run, to read after it.

    Of a recording: what happened when, goals with their outcome, joints against their targets and limits, current and
    temperature, the object's pose and the way to its goal, timing, the observation against the range of training, key
    frames of the camera, what `compare` found, and what ran. Of a training run: curves, curriculum, ranges, reward
    terms. Of a LeRobot dataset: episodes, tasks, splits, ranges, how the joints move, what looks wrong. The page needs
    no network. Of a damaged recording the page says what was lost, and the status is 1.

    Attributes:
        source: bag folder, .mcap file, LeRobot dataset, or run directory of `dexterity train`.
        out: HTML file to write; default: NAME_report.html in the current directory.
        compare: another of the same kind; both are written side by side on one page.
        video: also write a film of the recording to this file: .mp4, .gif or .webp.
        video_s: seconds that the film lasts at most, from the first goal on.
        export: folder to write every figure to, as PNG and CSV; with --compare, folders first_... and second_... in it.
    """

    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="SOURCE")]
    out: Annotated[Path | None, optional("FILE")] = None
    compare: Annotated[Path | None, optional("SOURCE")] = None
    video: Annotated[Path | None, optional("FILE")] = None
    video_s: float = 20.0
    export: Annotated[Path | None, optional("FOLDER")] = None
