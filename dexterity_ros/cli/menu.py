"""What there is to choose from; nothing is imported for it, so that it comes at once."""

from itertools import groupby

from dexterity_ros.cli.commands import MENU, Group

FIRST_STEPS = """\
dexterity runs, judges and trains policies for robot hands. Try first:
  dexterity doctor    what this machine lacks, and the command that mends it
  dexterity demo      the whole loop on a simulated hand, with a live page
  dexterity --help    all commands"""


def menu() -> str:
    """Returns all commands, grouped by what a person wants: one screen of 80 x 24."""
    lines = ["usage: dexterity COMMAND ...; COMMAND --help lists its options. Begin with: demo"]
    for wish, entries in MENU.items():
        rows = groupby(entries.items(), key=lambda item: item[1].about)  # what is about the same shares a line
        for k, (about, row) in enumerate(rows):
            lines.append(f"{'' if k else wish:<10}{', '.join(name for name, _ in row):<14}{about}")
    return "\n".join(lines)


def group_menu(name: str, group: Group) -> str:
    """Returns the commands that begin with `name`."""
    lines = [f"usage: dexterity {name} COMMAND ...; with --help: its options", ""]
    return "\n".join([*lines, *(f"  {second:<14}{command.about}" for second, command in group.commands.items())])
