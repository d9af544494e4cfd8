"""Plots that commands write to PNG files."""

from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.evaluation.statistics import wilson_interval


def plot_sweep(path: Path, title: str, quantity: str, rows: list[dict[str, Any]]) -> None:
    """Draws the rate with its interval over a swept quantity."""
    axes, figure = _axes(title)
    values = [row["value"] for row in rows]
    rates = [100.0 * row["rate"] for row in rows]
    low, high = ([100.0 * row["rate_ci95"][k] for row in rows] for k in (0, 1))
    axes.fill_between(values, low, high, alpha=0.25, linewidth=0, label="95 %")
    axes.plot(values, rates, marker="o", label="goals reached")
    axes.set(xlabel=quantity, ylabel="goals reached, %", ylim=(0, 100))
    axes.legend()
    figure.savefig(path, dpi=130)


def plot_blind_spot(
    path: Path, title: str, chance: float, results: list[dict[str, Any]], methods: tuple[str, ...]
) -> None:
    """Draws success of every method with its interval, and how reinforcement got there."""
    axes, figure = _axes(title, columns=2)
    for k, method in enumerate(methods):
        won = sum(result[method]["successes"] for result in results)
        played = sum(result[method]["episodes"] for result in results)
        low, high = wilson_interval(won, played)
        rate = won / played
        bars = [[100 * (rate - low)], [100 * (high - rate)]]
        axes[0].barh(k, 100 * rate, xerr=bars, capsize=3, color="#3b82c4" if rate < 0.5 * (1.0 + chance) else "#3a9d5d")
        axes[0].text(100 * rate + (3 if rate < 0.7 else -17), k, f"{100 * rate:.1f} %", va="center", fontsize=9)
    axes[0].axvline(100 * chance, linestyle=":", color="#c9504b")
    axes[0].set_yticks(range(len(methods)), methods)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="successes, % (dotted: chance)", xlim=(0, 105))
    for result in results:
        for method, colour in ((methods[1], "#3b82c4"), (methods[2], "#3a9d5d"), (methods[3], "#e08a1e")):
            steps, rates = zip(*result[method]["curve"], strict=True)
            axes[1].plot(steps, [100 * r for r in rates], color=colour, label=method if result is results[0] else None)
    axes[1].set(xlabel="labels asked for, or steps of reinforcement", xscale="log", ylabel="successes, %")
    axes[1].legend(fontsize=8)
    figure.savefig(path, dpi=130)


def plot_ablation(path: Path, results: dict[str, list[dict[str, Any]]], steps: int) -> None:
    """Draws what the judge says of every arm, one point per seed, and how far the curriculum got while training."""
    axes, figure = _axes(f"Turns about the vertical, {steps / 1e6:.1f} M steps each", columns=2)
    for k, (name, rows) in enumerate(results.items()):
        _bar(axes[0], k, rows)
        for row in rows:
            label = name if row is rows[0] else None
            axes[1].plot(
                [s for s, _, _ in row["curve"]], [far for _, _, far in row["curve"]], color=f"C{k}", label=label
            )
    axes[0].set_yticks(range(len(results)), list(results))
    axes[0].invert_yaxis()
    axes[0].set(xlabel="goals reached in the judge, % (points: seeds)", xlim=(0, 100))
    axes[1].set(xlabel="steps", ylabel="goals up to, rad (curriculum)")
    axes[1].legend(fontsize=8)
    figure.savefig(path, dpi=130)


def plot_methods(path: Path, results: dict[str, list[dict[str, Any]]], teacher: list[dict[str, Any]]) -> None:
    """Draws what the judge says of students by every method, one point per seed, and how they learned on average."""
    axes, figure = _axes("Students of one teacher", columns=2)
    for k, (name, rows) in enumerate(results.items()):
        _bar(axes[0], k, rows)
        curves = [row["curve"] for row in rows if len(row["curve"]) == len(rows[0]["curve"])]
        labels, rates = np.mean(curves, axis=0).T
        axes[1].plot(labels / 1e6, 100 * rates, "o-", markersize=3, color=f"C{k}", label=name)
    best = sum(row["goals_reached"] for row in teacher) / max(sum(row["goals_attempted"] for row in teacher), 1)
    axes[0].axvline(100 * best, linestyle=":", color="black")
    axes[0].set_yticks(range(len(results)), list(results))
    axes[0].invert_yaxis()
    axes[0].set(xlabel="goals reached in the judge, % (points: seeds; dotted: teacher)", xlim=(0, 100))
    axes[1].set(xlabel="labels, M", ylabel="reached alone, in training, %")
    axes[1].legend(fontsize=7)
    figure.savefig(path, dpi=130)


def plot_two_ways(path: Path, results: dict[str, dict[str, Any]], disc: tuple[float, float, float]) -> None:
    """Draws how the drives of every learner ended, and some of each. disc: forward, left, radius of the obstacle."""
    axes, figure = _axes("An obstacle that people pass left or right", columns=2)
    for k, (name, row) in enumerate(results.items()):
        begin, worst = 0.0, name == "least squares"
        for what, colour in (("left", "#3b82c4"), ("right", "#3a9d5d"), ("collided", "#c9504b")):
            share = 100.0 * row[what] / row["trials"]
            axes[0].barh(k, share, left=begin, color=colour, label=what if k == 0 else None)
            begin += share
        for along, across in np.swapaxes(np.array(row["paths"]), 1, 2):
            axes[1].plot(along, across, color="#c9504b" if worst else "#3b82c4", alpha=0.3, linewidth=0.6)
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    axes[1].fill(disc[0] + disc[2] * np.cos(angle), disc[1] + disc[2] * np.sin(angle), color="#888888")
    axes[0].set_yticks(range(len(results)), list(results))
    axes[0].invert_yaxis()
    axes[0].set(xlabel="drives, %", xlim=(0, 100))
    axes[0].legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    axes[1].set(xlabel="forward, m (red: least squares; blue: the others)", ylabel="left, m", aspect="equal")
    figure.savefig(path, dpi=130)


def _bar(axis: Any, k: int, rows: list[dict[str, Any]]) -> None:
    """Draws the goals reached by all seeds together, with their interval, and each seed as a point."""
    won, played = sum(r["goals_reached"] for r in rows), sum(r["goals_attempted"] for r in rows)
    (low, high), rate = wilson_interval(won, played), won / max(played, 1)
    axis.barh(k, 100 * rate, xerr=[[100 * (rate - low)], [100 * (high - rate)]], capsize=3, color=f"C{k}", alpha=0.75)
    axis.plot([100 * row["rate"] for row in rows], [k] * len(rows), "o", color="black", markersize=3)


def _axes(title: str, columns: int = 1) -> tuple[Any, Any]:
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError(f"plots need matplotlib: pip install '.[bench]' ({error})") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, columns, figsize=(7 if columns == 1 else 11, 4), layout="constrained")
    for axis in [axes] if columns == 1 else axes:
        axis.grid(alpha=0.3)
    figure.suptitle(title)
    return axes, figure
