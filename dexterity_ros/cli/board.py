"""dexterity print board"""

from PIL import Image

from dexterity_ros.bringup.board import COLUMNS, ROWS, RULER_M, SQUARE_M, board_page
from dexterity_ros.cli.options.board import PrintBoardOptions
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.errors import ConfigError


def print_board(options: PrintBoardOptions) -> int:
    """Writes the page. Raises ConfigError."""
    if options.out.suffix != ".pdf":
        raise ConfigError(f"--out is {options.out}, expected a .pdf")
    page, dpi = board_page()
    try:
        Image.fromarray(page).save(options.out, resolution=float(dpi))
    except OSError as error:
        raise ConfigError(f"{options.out} cannot be written: {error.strerror or error}") from error
    say(f"wrote {options.out}: {COLUMNS}x{ROWS} squares of {SQUARE_M * 1e3:.0f} mm")
    say(f"print it at 100 % and check that its ruler is {RULER_M * 1e3:.0f} mm long")
    return 0
