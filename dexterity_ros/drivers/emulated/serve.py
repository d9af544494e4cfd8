"""Serves an emulated hand without physics on a pseudo-terminal, in a process of its own, until SIGINT or SIGTERM.

python -m dexterity_ros.drivers.emulated.serve --hand leap   prints the path to open in place of /dev/ttyUSB0.
Other processes see its motors (motor_watch.py) and may break it (fault_switch.py).
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

import numpy as np

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.shown_joints import ShownJoints


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hand", default="leap", help="name in config/hands or path of a YAML file")
    parser.add_argument("--robot", default="", help="robot.yaml of the individual that is emulated")
    parser.add_argument("--baud", type=int, default=4_000_000, help="baud rate of the motors")
    parser.add_argument("--usb-latency-ms", type=float, default=1.0, help="latency timer of the USB adapter")
    parser.add_argument("--link", type=Path, help="name under which it is served; default: a new one in a new folder")
    parser.add_argument("--factory", action="store_true", help="motors as out of the box, but for id and baud rate")
    parser.add_argument(
        "--wave", action="store_true", help="its fingers are moved as by a person, while it has no torque"
    )
    options = parser.parse_args()
    hand = load_robot_hand(options.hand, options.robot)
    joints = ShownJoints(hand) if options.wave else StillJoints(hand.joint_names, np.array(hand.home_pos_rad))
    wire = WireModel(baud=options.baud, usb_latency_s=options.usb_latency_ms * 1e-3)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    try:
        served = ServedBus(EmulatedBus(hand, joints, wire, factory=options.factory), options.link)
    except DexterityError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(served.path, flush=True)
    done.wait()
    served.close()


if __name__ == "__main__":
    main()
