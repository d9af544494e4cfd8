"""An emulated individual: physics behind a motor bus, from a hidden.yaml that is read once and never again."""

from pathlib import Path

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.robot import RobotSpec, load_robot
from dexterity_ros.contracts.robot_hand import as_robot
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.drivers.emulated.bus import WireModel
from dexterity_ros.drivers.emulated.geared_bus import GearedBus
from dexterity_ros.sim.individual import IndividualHand
from dexterity_ros.sim.individual_view import IndividualView

_LEFT_RAD = 0.15  # how far from home the joints of a hand stand that somebody put down


class EmulatedRobot:
    """One individual that can be talked to as motors, and looked at."""

    def __init__(self, hand: str, hidden: RobotSpec, *, seed: int = 0) -> None:
        """hand: name or file. seed: of the pose in which somebody left it. Raises ConfigError."""
        file = load_hand(hand)
        self.hidden = hidden
        rng = np.random.default_rng([seed, 21])
        home = np.array(file.home_pos_rad)
        pose = np.clip(home + rng.uniform(-_LEFT_RAD, _LEFT_RAD, len(home)), file.lower_rad, file.upper_rad)
        self.joints = IndividualHand(file, hidden, pose_rad=pose)
        self._view = _view(file, hidden, self.joints, seed)
        wire = WireModel(baud=file.drive.baud_rate)
        self.bus = GearedBus(as_robot(file, hidden), self.joints, wire)

    def look(self) -> Floats:
        """Returns how the links stand, as somebody beside the hand sees it: joint angles in rad, (n,)."""
        return self.joints.measure()[0]

    def see(self, stamp_ns: int) -> DepthSample:
        """Returns what the camera sees. Raises ConfigError when the hidden.yaml says of none where it stands."""
        if self._view is None:
            raise ConfigError(f"{self.hidden.name} has no camera")
        return self._view.see(self.joints.data.qpos, stamp_ns)


def _view(hand: HandFile, hidden: RobotSpec, joints: IndividualHand, seed: int) -> IndividualView | None:
    if hidden.camera is None:
        return None
    stands = hidden.placed(load_camera(hidden.camera.camera))
    return IndividualView(joints.model, stands, hand.grasp_centre_m, seed)


def read_hidden(file: Path) -> RobotSpec:
    """Returns what a hidden.yaml says. Raises ConfigError."""
    hidden = load_robot(str(file))
    if hidden is None:
        raise ConfigError("a hidden.yaml is needed")
    return hidden
