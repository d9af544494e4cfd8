"""dexterity bench policy"""

from dexterity_ros.bench.policy import bench_policy
from dexterity_ros.cli.options.bench import BenchPolicyOptions
from dexterity_ros.cli.output import console, figures_table, write_json


def policy(options: BenchPolicyOptions) -> int:
    """Prints what one tick costs."""
    with console.status("ticks of a policy"):
        results = bench_policy()
    console.print(figures_table("bench policy", results))
    write_json(options.json, results)
    return 0
