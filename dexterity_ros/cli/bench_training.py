"""dexterity bench learning, dexterity bench imitation"""

from pathlib import Path


def bench_learning(steps: int, json: Path | None) -> int:
    """Prints how fast our PPO learns beside stable-baselines3's."""
    import tempfile
    from dataclasses import replace

    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.resources import shipped

    try:
        from dexterity_ros.bench.learning import learning_speed
        from dexterity_ros.training.teacher import load_config
    except ImportError as error:
        raise ConfigError(f"bench learning needs: pip install '.[train]' stable-baselines3 ({error})") from error

    config = replace(load_config(shipped("config/train/smoke.yaml")), total_steps=steps)
    with tempfile.TemporaryDirectory() as folder:
        rows = learning_speed(
            config,
            Path(folder),
            steps=steps,
            turn=max(steps // 20, 8192),
            said=lambda row: console.print(
                f"{row['steps']:>9,} steps  ours {100 * row['ours']:5.1f} % after {row['ours_s']:6.1f} s   "
                f"stable-baselines3 {100 * row['other']:5.1f} % after {row['other_s']:6.1f} s",
                highlight=False,
            ),
        )
    write_json(json, {"rows": rows})
    return 0


def bench_imitation(json: Path | None) -> int:
    """Prints the mean return of students of a scripted expert on a standard environment.

    Beside those of the library `imitation`, where it is installed.
    """
    import importlib.util

    from dexterity_ros.cli.output import console, figures_table, write_json
    from dexterity_ros.contracts.errors import ConfigError

    try:
        from dexterity_ros.bench.pendulum import returns
    except ImportError as error:
        raise ConfigError(f"bench imitation needs: pip install '.[train]' ({error})") from error

    results = {}
    with console.status("three seeds"):
        for seed in range(3):
            results[f"seed {seed}"] = returns(seed)
            if importlib.util.find_spec("imitation"):
                from dexterity_ros.bench.imitation import library_returns

                results[f"seed {seed}"] |= library_returns(seed)
    console.print(figures_table("Pendulum-v1, mean return of 200 episodes, 20 labelled", results))
    write_json(json, results)
    return 0
