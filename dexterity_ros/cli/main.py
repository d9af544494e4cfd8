"""The `dexterity` command."""

import sys
import warnings
from collections.abc import Callable

import tyro

from dexterity_ros.cli import (
    bag,
    bench,
    check,
    demo,
    doctor,
    evaluate,
    export,
    hand,
    operate,
    record,
    replay,
    report,
    train,
    up,
    view,
)
from dexterity_ros.contracts.errors import DexterityError

_COMMANDS: dict[str, Callable[..., int]] = {
    "demo": demo.demo,
    "up": up.up,
    "arm": operate.arm,
    "disarm": operate.disarm,
    "estop": operate.estop,
    "check": check.check,
    "evaluate": evaluate.evaluate,
    "train": train.train,
    "export": export.export,
    "bench": bench.bench,
    "doctor": doctor.doctor,
    "hand": hand.hand,
    "record": record.record,
    "bag": bag.bag,
    "replay": replay.replay,
    "compare": replay.compare,
    "report": report.report,
    "view": view.view,
}
_ABOUT = "Run, judge and train policies for in-hand manipulation. Start with: dexterity demo"


def dispatch(arguments: list[str]) -> int:
    """Runs one command in this process and returns its status; errors pass through. arguments: as on the shell."""
    status: int = tyro.cli(_COMMANDS[arguments[0]], prog=f"dexterity {arguments[0]}", args=arguments[1:])
    return status or 0


def main() -> None:
    """Entry point; expected errors end with one line and status 2, a failed check with status 1."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        status: int = tyro.extras.subcommand_cli_from_dict(_COMMANDS, prog="dexterity", description=_ABOUT)
    except DexterityError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(status or 0)


if __name__ == "__main__":
    main()
