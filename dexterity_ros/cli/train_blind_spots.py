"""dexterity train dark-room, slippery"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dexterity_ros.cli.options.train import DarkRoomOptions, SlipperyOptions, StudyOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.cli.plots import plot_blind_spot
from dexterity_ros.cli.train_run import check_seeds
from dexterity_ros.evaluation.statistics import wilson_interval
from dexterity_ros.studies.blind_spots import METHODS, BlindSpot, slippery_or_sticky, study, the_dark_room

_EPISODES = 1000


def dark_room(options: DarkRoomOptions) -> int:
    """Shows the blind spot in a room with a light switch."""
    return _blind_spot("dark_room", the_dark_room, options)


def slippery(options: SlipperyOptions) -> int:
    """Shows the blind spot in the simulated hand."""
    return _blind_spot("slippery", slippery_or_sticky, options)


def _blind_spot(name: str, make: Callable[[], BlindSpot], options: StudyOptions) -> int:
    check_seeds(options.seeds)
    case, results = make(), []
    for seed in range(options.seeds):
        with console.status(f"seed {seed}") as status:
            results.append(study(case, seed, _EPISODES, status.update, threads=options.threads))
        _say(seed, results[-1])
    picture = (options.run or Path("runs") / name) / f"{name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    plot_blind_spot(picture, case.title, case.chance, results, METHODS)
    say(f"wrote {picture}")
    write_json(options.json, {f"seed_{seed}": result for seed, result in enumerate(results)})
    return 0


def _say(seed: int, result: dict[str, Any]) -> None:
    for method in METHODS:
        won, played = result[method]["successes"], result[method]["episodes"]
        low, high = wilson_interval(won, played)
        said = f"{100 * won / played:5.1f} % of {played} attempts ({100 * low:.1f}-{100 * high:.1f})"
        console.print(f"seed {seed}  {method:<32} {said}", highlight=False)
    for expert, share in result["unexplained"].items():
        console.print(f"seed {seed}  {expert}: {100 * share:.0f} % of what it does cannot be known", highlight=False)
