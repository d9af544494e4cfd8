"""A walk on an emulated individual in another process, in virtual time, with a scripted person."""

from dataclasses import replace

import pytest

from dexterity_ros.bringup.person import ScriptedPerson
from dexterity_ros.bringup.robot_file import RobotFile, robot_yaml
from dexterity_ros.bringup.walk import Walk
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.runtime.robot_process import RobotProcess
from dexterity_ros.sim.hidden import draw_hidden


class WalkOn:
    """One individual, its port, and walks on it."""

    def __init__(self, folder, hidden, seed):
        self.hand, self.folder, self.hidden = load_hand("leap"), folder, hidden
        file = folder / "hidden.yaml"
        file.write_text(robot_yaml(hidden))
        self.process = RobotProcess("leap", file, seed=seed)
        file.unlink()  # nobody can look
        self.port = VirtualPort(self.process.robot)
        self.said = []

    def look(self):
        return self.process.robot.look(self.port.now_ns() * 1e-9)

    def walk(self, *, wrong_share=0.0, seed=0, **changes):
        person = ScriptedPerson(self.hand.joint_names, self.look, wrong_share=wrong_share, seed=seed)
        walk = Walk(
            hand=self.hand,
            file=RobotFile(self.folder / "robot.yaml", self.hand),
            open_bus=lambda: NativeBus(self.port, timeout_s=0.01),
            clock=self.port,
            person=person,
            today=lambda: "2026-11-22",
            say=self.said.append,
            drawing=False,
        )
        return replace(walk, **changes)

    def figures(self):
        return self.process.robot.ask("figures")


@pytest.fixture
def walk_on(tmp_path):
    made = []

    def start(hidden=None, seed=3):
        made.append(WalkOn(tmp_path, hidden or draw_hidden(load_hand("leap"), None, seed), seed))
        return made[-1]

    yield start
    for each in made:
        each.process.close()
