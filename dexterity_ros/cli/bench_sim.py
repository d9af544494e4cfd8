"""dexterity bench sim"""

from dexterity_ros.bench.sim import THREADS, bench_sim
from dexterity_ros.cli.options.bench import BenchSimOptions
from dexterity_ros.cli.output import console, figures_table, write_json


def sim(options: BenchSimOptions) -> int:
    """Prints what a step of the environment costs, and which share of it is physics."""
    with console.status(f"stepping hands on {' and '.join(map(str, THREADS))} threads"):
        results = bench_sim()
    console.print(figures_table("bench sim", results))
    for threads in THREADS:
        ratio = results[f"env_{threads}_threads"]["per_s"] / results[f"rollout_{threads}_threads"]["per_s"]
        console.print(f"environment / bare rollout on {threads} threads: {ratio:.2f}")
    write_json(options.json, results)
    return 0
