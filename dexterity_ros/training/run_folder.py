"""The folder of a run while it is trained: what describes it, its log, its checkpoint."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import dexterity_ros
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.training_run import CHECKPOINT, LOG_FILE, Kind, RunFile, save_run
from dexterity_ros.training.checkpoint import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class RunFolder:
    """One run's folder; it comes to be with the first thing that is written."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path, self.kind = path, kind
        self._board: SummaryWriter | None = None

    @property
    def checkpoint(self) -> Path:
        """The file that `keep` writes."""
        return self.path / CHECKPOINT

    def describe(self, config: Any) -> None:
        """Writes run.yaml. config: a dataclass, or a table of them."""
        self.path.mkdir(parents=True, exist_ok=True)
        described = RunFile(
            kind=self.kind, code_version=dexterity_ros.__version__, config=configs.to_mapping(config)
        )  # fmt: skip
        save_run(self.path, described)

    def draw_curves(self) -> None:
        """Writes every later row of the log for TensorBoard too. Raises ImportError where that is not installed."""
        from torch.utils.tensorboard import SummaryWriter

        self._board = SummaryWriter(str(self.path), flush_secs=5)

    def log(self, row: Mapping[str, Any], at: int) -> None:
        """Adds a row to the log; numbers with six digits behind the point. at: where on the axis of the curves."""
        rounded = {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}
        with (self.path / LOG_FILE).open("a") as log:
            log.write(json.dumps(rounded) + "\n")
        if self._board is not None:
            for name, value in row.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(name, value, at)

    def keep(self, content: dict[str, Any]) -> None:
        """Writes the checkpoint; an interrupted write leaves the previous one whole."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_checkpoint(self.checkpoint, self.kind, content)

    def kept(self, device: torch.device | str = "cpu") -> dict[str, Any]:
        """Returns the checkpoint's content. Raises TrainingError."""
        return read_checkpoint(self.checkpoint, self.kind, device)
