"""dexterity completion"""

import contextlib

import tyro

from dexterity_ros.cli.commands import FIRST_WORDS, Group, options_class
from dexterity_ros.cli.options.completion import CompletionOptions


def completion(options: CompletionOptions) -> int:
    """Prints a script that completes the names of commands and options."""
    with contextlib.suppress(SystemExit):  # how tyro ends when it has printed the script
        _everything().cli(prog="dexterity", args=["--tyro-print-completion", options.shell])
    return 0


def _everything() -> tyro.extras.SubcommandApp:
    """Returns all commands as one parser."""
    app = tyro.extras.SubcommandApp()
    for name, entry in FIRST_WORDS.items():
        if isinstance(entry, Group):
            group = tyro.extras.SubcommandApp()
            for second, command in entry.commands.items():
                group.command(name=second)(options_class(command))
            app.command(group, name=name)
        else:
            app.command(name=name)(options_class(entry))
    return app
