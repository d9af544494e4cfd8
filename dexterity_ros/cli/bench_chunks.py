"""dexterity bench chunks"""

from dataclasses import asdict

from dexterity_ros.bench.chunks import KINDS, ChunkRow, run_chunk_fault
from dexterity_ros.cli.options.bench import BenchChunksOptions
from dexterity_ros.cli.output import console, figures_table, write_json
from dexterity_ros.contracts.robot_hand import load_robot_hand

_STILL_MS = 150.0


def chunks(options: BenchChunksOptions) -> int:
    """Prints what the hand did in every kind of trouble; status 1 when it did not stand, or did not go on."""
    hand = load_robot_hand("leap")
    rows: dict[str, list[ChunkRow]] = {}
    with console.status("") as status:
        for kind in KINDS:
            status.update(f"{kind}, {options.repeats} seeds, virtual time")
            rows[kind] = [run_chunk_fault(hand, kind, seed) for seed in range(options.repeats)]
    console.print(figures_table("inference that is", {kind: _said(found) for kind, found in rows.items()}))
    every = [row for found in rows.values() for row in found]
    write_json(options.json, {"rows": [asdict(row) for row in every]})
    return int(any(row.still_ms > _STILL_MS or row.recovered_ms is None for row in every))


def _said(rows: list[ChunkRow]) -> str:
    empty = [row.empty_ms for row in rows if row.empty_ms is not None]
    recovered = [row.recovered_ms for row in rows if row.recovered_ms is not None]
    stood = sum(row.still_ms <= _STILL_MS for row in rows)
    parts = [f"stood {stood} of {len(rows)}, at most {max((row.still_ms for row in rows), default=0.0):.0f} ms later"]
    parts += [f"no action after {min(empty):.0f} to {max(empty):.0f} ms"] if empty else []
    parts += [f"went on {len(recovered)} of {len(rows)}, in at most {max(recovered):.0f} ms"] if recovered else []
    return "; ".join(parts)
