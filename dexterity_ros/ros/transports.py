"""Fast DDS transports: shared memory for who carries images, UDP alone for who has a control loop."""

import os
from pathlib import Path

from dexterity_ros.contracts.resources import shipped

PROFILE_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
PROFILES = {"localhost": "config/dds/fastdds.xml", "lan": "config/dds/fastdds_lan.xml"}
_CONTROL = {
    "config/dds/fastdds.xml": "config/dds/fastdds_control.xml",
    "config/dds/fastdds_lan.xml": "config/dds/fastdds_control_lan.xml",
}


def without_shared_memory() -> None:
    """Gives this process the profile of a control loop in place of ours for images; a profile of the user's own stays.

    Shared memory is guarded by locks that its readers take too. A reader of ordinary priority that is preempted while
    it holds one stops a real-time writer, for 100 ms and more on a busy machine. Call it before rclpy is initialised.
    """
    given = os.environ.get(PROFILE_VARIABLE)
    for images, control in _CONTROL.items():
        if given and Path(given) == Path(shipped(images)):
            os.environ[PROFILE_VARIABLE] = str(shipped(control))
