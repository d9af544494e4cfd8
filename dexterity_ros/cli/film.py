"""What `evaluate`, `demo` and `report` do alike for --video: draw with progress, and say what came of it."""

import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich.progress import track

from dexterity_ros.cli.output import console, say
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.reporting.film import at_rate, check_film, draw, write_film
from dexterity_ros.sim.picture import Shot


def check_video(path: Path | None, longest_s: float, *, of_recording: bool = False) -> None:
    """Raises ConfigError when no film can be written, before anything else takes time."""
    if path is None:
        return
    check_film(path)
    if not longest_s > 0.0:
        raise ConfigError(f"--video-s is {longest_s:g}, expected more than 0")
    if of_recording and find_spec("rosbags") is None:
        raise ConfigError("--video draws from a recording, which needs rosbags: pip install '.[bags]'")


def film(path: Path, shots: Sequence[Shot], hand: HandSpec, object_name: str, longest_s: float) -> None:
    """Writes a film and says how large it is. Raises ConfigError."""
    how = check_film(path)
    shown = at_rate(shots, how, longest_s)
    began = time.monotonic()
    seen = track(shown, f"drawing {path.name}", console=console, transient=True, disable=not console.is_terminal)
    drawn = draw(seen, hand, object_name, how)
    write_film(path, drawn, how)
    took_s = time.monotonic() - began
    said = f"{len(shown)} pictures, {path.stat().st_size / 1e6:.1f} MB, {len(shown) / took_s:.1f} pictures/s"
    say(f"wrote {path}, {said}")


def film_bag(path: Path, bag: Path, longest_s: float) -> None:
    """Writes a film of the recording in a folder. Raises BagError, ConfigError."""
    from dexterity_ros.recording.bag_reader import Bag  # `evaluate` draws without the packages that read bags
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.reporting.run_film import recorded_shots

    run = RunRecord(Bag(bag))
    film(path, recorded_shots(run), run.hand, run.manifest().object, longest_s)
