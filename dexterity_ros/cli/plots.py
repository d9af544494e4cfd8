"""Plots that commands write to PNG files."""

from pathlib import Path
from typing import Any

from dexterity_ros.contracts.errors import ConfigError


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


def _axes(title: str) -> tuple[Any, Any]:
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError(f"plots need matplotlib: pip install '.[bench]' ({error})") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    return axes, figure
