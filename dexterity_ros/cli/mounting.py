"""dexterity hand mounting"""

import cv2

from dexterity_ros.bringup.mounting import draw_mounting
from dexterity_ros.cli.options.mounting import MountingOptions
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import load_placed_camera

_SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 9)


def mounting(options: MountingOptions) -> int:
    """Writes the drawing. Raises ConfigError."""
    if options.out.suffix != ".png":
        raise ConfigError(f"--out is {options.out}, expected a .png")
    camera = load_placed_camera(load_camera(options.camera), options.robot)
    picture = draw_mounting(load_hand(options.hand), camera)
    if not options.out.parent.is_dir() or not cv2.imwrite(str(options.out), picture, _SMALL):
        raise ConfigError(f"{options.out} cannot be written")
    say(f"wrote {options.out}, {picture.shape[1]}x{picture.shape[0]}")
    return 0
