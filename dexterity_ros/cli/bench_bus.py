"""dexterity bench bus"""

from dexterity_ros.bench.bus import bench_bus
from dexterity_ros.cli.options.bench import BenchBusOptions
from dexterity_ros.cli.output import console, figures_table, write_json
from dexterity_ros.contracts.robot_hand import load_robot_hand


def bus(options: BenchBusOptions) -> int:
    """Prints what reading and writing all motors costs, each way."""
    hand = load_robot_hand("leap")
    with console.status(f"{options.repeats} cycles of the bus, each way"):
        results = bench_bus(hand, baud=options.baud, usb_latency_ms=options.usb_latency_ms, rounds=options.repeats)
    console.print(figures_table("bench bus", results))
    write_json(options.json, results)
    return 0
