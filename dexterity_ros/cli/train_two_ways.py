"""dexterity train two-ways"""

from dataclasses import asdict
from pathlib import Path

from dexterity_ros.cli.options.train import TwoWaysOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.cli.plots import plot_two_ways
from dexterity_ros.cli.train_run import check_seeds
from dexterity_ros.evaluation.statistics import wilson_interval
from dexterity_ros.studies.obstacle import CENTRE_M, RADIUS_M, Passed
from dexterity_ros.studies.two_ways import Driven, study, together
from dexterity_ros.training import devices


def two_ways(options: TwoWaysOptions) -> int:
    """Shows which learners keep two ways apart, and draws it."""
    check_seeds(options.seeds)
    devices.device(options.device)  # before the first of many runs
    run = options.run or Path("runs/two_ways")
    results = study(options.seeds, run, _say, device=options.device, threads=options.threads)
    for name, rows in results.items():
        console.print(f"all     {name:<14} {_said(together(rows))}", highlight=False)
    drawn = {
        name: asdict(together(rows)) | {"paths": [path for row in rows for path in row.paths]}
        for name, rows in results.items()
    }
    plot_two_ways(run / "two_ways.png", drawn, (*CENTRE_M, RADIUS_M))
    console.print(f"wrote {run / 'two_ways.png'}", highlight=False)
    write_json(options.json, {name: asdict(together(rows)) for name, rows in results.items()})
    return 0


def _say(name: str, seed: int, row: Driven) -> None:
    console.print(f"seed {seed}  {name:<14} {_said(row.passed)}; {row.seconds:.0f} s of training", highlight=False)


def _said(passed: Passed) -> str:
    low, high = wilson_interval(passed.collided, passed.trials)
    rates = [100 * count / passed.trials for count in (passed.collided, passed.left, passed.right)]
    hit = f"{rates[0]:5.1f} % of {passed.trials} collided ({100 * low:.1f}-{100 * high:.1f})"
    return f"{hit}, {rates[1]:.1f} % left, {rates[2]:.1f} % right"
