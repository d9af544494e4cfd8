"""dexterity bench damage"""

from collections.abc import Sequence
from pathlib import Path


def bench_damage(repeats: int, files: Sequence[str], json: Path | None) -> int:
    """Prints what commands make of damaged copies of files, and what is bad of it."""
    import tempfile
    from dataclasses import asdict

    from dexterity_ros.bench.damage.kinds import TRIALS
    from dexterity_ros.bench.damage.trial import BAD
    from dexterity_ros.cli.main import dispatch
    from dexterity_ros.cli.output import console, damage_table, write_json
    from dexterity_ros.contracts.errors import ConfigError

    unknown = sorted(set(files) - TRIALS.keys())
    if unknown:
        raise ConfigError(f"no kind of file is called {unknown}; there are {sorted(TRIALS)}")
    rows = []
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        for name in files or TRIALS:
            for row in TRIALS[name](repeats, dispatch, Path(folder) / name.replace(" ", "_")):
                status.update(f"{name}, copy {row.seed + 1} of {repeats}, {row.command}")
                rows.append(row)
    console.print(damage_table(rows))
    bad = [row for row in rows if row.outcome in BAD and row.checksum]
    for row in bad:
        said = f"{row.outcome}: {row.file}, {row.damage} (seed {row.seed}), {row.command}: {row.said}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    write_json(json, {"rows": [asdict(row) for row in rows]})
    return int(bool(bad))
