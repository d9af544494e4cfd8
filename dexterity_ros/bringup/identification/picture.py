"""The held-out motion of every joint, seen and predicted, as one picture."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from dexterity_ros.bringup.identification.estimate import Estimates
from dexterity_ros.contracts.errors import ConfigError

_COLUMNS = 4


def draw_held_out(path: Path, names: Sequence[str], estimates: Estimates) -> None:
    """Writes a PNG file. Raises ConfigError without matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigError("pictures need matplotlib: pip install '.[report]'")
    from matplotlib.figure import Figure

    rows = -(-len(names) // _COLUMNS)
    figure = Figure(figsize=(3.2 * _COLUMNS, 1.9 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False)
    held = estimates.held_out
    for i, name in enumerate(names):
        panel = axes[i // _COLUMNS][i % _COLUMNS]
        panel.plot(held.looked_s[i], held.seen_rad[i], ".", markersize=2, color="#9aa5b1", label="seen")
        panel.plot(held.looked_s[i], held.predicted_rad[i], linewidth=1, color="#c9504b", label="predicted")
        panel.set_title(f"{name}: {1e3 * estimates.held_out_rad[i]:.2f} mrad", fontsize=9)
        panel.tick_params(labelsize=7)
    for panel in axes.ravel()[len(names) :]:
        panel.set_visible(False)
    axes[0][0].legend(fontsize=7)
    figure.supxlabel("s", fontsize=8)
    figure.supylabel("rad", fontsize=8)
    figure.savefig(path, dpi=110)
