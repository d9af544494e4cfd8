"""An emulated LEAP hand behind a pseudo-terminal."""

import numpy as np
import pytest

from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.pty_bus import PtyBus


@pytest.fixture
def joints(leap):
    return StillJoints(leap.joint_names, np.array(leap.home_pos_rad))


@pytest.fixture
def emulated(leap, joints):
    return EmulatedBus(leap, joints, WireModel())


@pytest.fixture
def pty(emulated):
    served = PtyBus(emulated)
    yield served
    served.close()
