"""dexterity bench imitation"""

import importlib.util

from dexterity_ros.bench.pendulum import returns
from dexterity_ros.cli.options.bench import BenchImitationOptions
from dexterity_ros.cli.output import console, figures_table, write_json

_SEEDS = 3


def imitation(options: BenchImitationOptions) -> int:
    """Prints the mean return of students of a scripted expert on a standard environment.

    Beside those of the library `imitation`, where it is installed.
    """
    with console.status(f"{_SEEDS} seeds"):
        results = {f"seed {seed}": returns(seed) | _library_returns(seed) for seed in range(_SEEDS)}
    console.print(figures_table("Pendulum-v1, mean return of 200 episodes, 20 labelled", results))
    write_json(options.json, results)
    return 0


def _library_returns(seed: int) -> dict[str, float]:
    if importlib.util.find_spec("imitation") is None:
        return {}
    from dexterity_ros.bench.imitation import library_returns  # needs the library

    return library_returns(seed)
