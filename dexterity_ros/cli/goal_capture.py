"""dexterity goal capture"""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dexterity_ros.cli.options.goal import GoalCaptureOptions
from dexterity_ros.cli.output import console, figures_table, say, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.capture import Capture, capture_path
from dexterity_ros.contracts.errors import ConfigError, Fault
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.perception.captured_view import CapturedView, captured_view
from dexterity_ros.systems.operator import visit
from dexterity_ros.systems.view_watch import ViewWatch

_MOST_IMAGES = 1000


def capture(options: GoalCaptureOptions) -> int:
    """Looks at the object, writes the goal, prints what is in it; status 1 where that is no view."""
    hand, path = load_hand(options.hand), capture_path(options.name)
    if path.exists() and not options.replace:
        raise ConfigError(f"{path} exists already: take another NAME, or give --replace")
    if not 1 <= options.images <= _MOST_IMAGES:
        raise ConfigError(f"--images is {options.images}, expected 1 to {_MOST_IMAGES}")
    with visit() as operator:
        watch = ViewWatch(operator)
        say("keep the object still")
        watch.look(options.images)
    assert watch.eye_m is not None
    view = captured_view(watch.clouds, np.array(hand.grasp_centre_m), watch.eye_m)
    if isinstance(view, Fault):
        console.print(f"{view.detail}: nothing was written", style="red", highlight=False, markup=False)
        return 1
    turn = None if watch.quat_wxyz is None else tuple(float(value) for value in watch.quat_wxyz)
    _write(path, _captured(options.name, hand.name, view, len(watch.clouds), turn))
    _tell(options, path, view, len(watch.clouds))
    return 0


def _captured(name: str, hand: str, view: CapturedView, images: int, turn: Any) -> Capture:
    points = tuple(tuple(round(float(value), 1) for value in point) for point in 1e3 * view.points_m)
    return Capture(name=name, hand=hand, images=images, points_mm=points, quat_wxyz=turn)  # type: ignore[arg-type]


def _write(path: Path, capture: Capture) -> None:
    text = yaml.safe_dump(config.to_mapping(capture), sort_keys=False, default_flow_style=None, width=110)
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _tell(options: GoalCaptureOptions, path: Path, view: CapturedView, images: int) -> None:
    figures = {
        "name": options.name,
        "file": str(path),
        "points": len(view.points_m),
        "size_mm": [round(1e3 * float(side)) for side in view.size_m],
        "moved_mm": round(1e3 * view.moved_m, 1),
        "images": images,
    }
    console.print(figures_table("", figures))
    write_json(options.json, figures)
