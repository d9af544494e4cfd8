"""dexterity bench faults"""

from dexterity_ros.bench.faults import rows_as_dicts, run_fault, run_mixture
from dexterity_ros.cli.options.bench import BenchFaultsOptions
from dexterity_ros.cli.output import console, fault_table, write_json
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.drivers.emulated.faults import KINDS

_BAD = ("unsafe_targets", "stale_as_fresh", "hang")


def faults(options: BenchFaultsOptions) -> int:
    """Prints how every kind of fault was noticed; status 1 when one did harm."""
    hand, seeds, realtime = load_robot_hand("leap"), options.repeats, options.realtime
    rows = []
    with console.status("") as status:
        for kind in KINDS:
            status.update(f"{kind}, {seeds} seeds, {'real' if realtime else 'virtual'} time")
            rows += rows_as_dicts([run_fault(hand, kind, seed, realtime=realtime) for seed in range(seeds)])
        status.update(f"mixture of {options.cycles} cycles, virtual time")
        mixture = run_mixture(hand, options.cycles, seed=0)
    console.print(fault_table(rows))
    console.print(f"mixture: {mixture}")
    write_json(options.json, {"rows": rows, "mixture": mixture})
    return int(any(row[harm] for row in [*rows, mixture] for harm in _BAD))
