"""Serves an emulated hand without physics on a pseudo-terminal, in a process of its own, until SIGINT or SIGTERM.

python -m dexterity_ros.drivers.emulated.serve --hand leap   prints the path to open in place of /dev/ttyUSB0.
"""

import argparse
import signal
import threading

import numpy as np

from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.pty_bus import PtyBus


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hand", default="leap", help="name in config/hands or path of a YAML file")
    parser.add_argument("--baud", type=int, default=4_000_000, help="baud rate of the motors")
    parser.add_argument("--usb-latency-ms", type=float, default=1.0, help="latency timer of the USB adapter")
    options = parser.parse_args()
    hand = load_hand(options.hand)
    joints = StillJoints(hand.joint_names, np.array(hand.home_pos_rad))
    wire = WireModel(baud=options.baud, usb_latency_s=options.usb_latency_ms * 1e-3)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    served = PtyBus(EmulatedBus(hand, joints, wire))
    print(served.path, flush=True)
    done.wait()
    served.close()


if __name__ == "__main__":
    main()
