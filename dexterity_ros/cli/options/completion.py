"""The options of `dexterity completion`."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True, kw_only=True)
class CompletionOptions:
    """Print what completes commands and options in your shell.

    bash: dexterity completion bash > ~/.local/share/bash-completion/completions/dexterity

    zsh: dexterity completion zsh > FOLDER_OF_FPATH/_dexterity

    Then open a new terminal.

    Attributes:
        shell: which shell.
    """

    shell: Annotated[tyro.conf.Positional[Literal["bash", "zsh"]], tyro.conf.arg(metavar="bash|zsh")]
