"""Runs a walk on each of many hidden individuals: the individual, the walk and the score are three processes.

This one draws hidden.yaml, starts the individual that reads it, deletes it, and scores. The walk has only a pipe to the
motors, and a scripted person beside the hand.
"""

import json
import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dexterity_ros.bench.bringup.scores import WalkRow
from dexterity_ros.bringup.eyehand.onlooker import Onlooker
from dexterity_ros.bringup.person import ScriptedPerson
from dexterity_ros.bringup.robot_file import RobotFile, robot_yaml
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import Walk, run
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import load_robot
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.bus import WireModel
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.runtime.robot_process import RemoteEye, RemoteRobot, RobotProcess
from dexterity_ros.sim.hidden import draw_hidden

_CAMERA = "demo"
_TIMEOUT_S = 0.01  # of an answer, in virtual time
_DAY = "2026-01-02"  # virtual walks have no date
_ROBOT, _TOLD = "robot.yaml", "walk.json"


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Who says what moved. wrong_share: of the person's answers. eyes: the camera says it, or else the person."""

    wrong_share: float
    eyes: bool = False


def walks(hand: str, robots: int, first_seed: int, watchers: Watchers) -> Iterator[WalkRow]:
    """Yields what came of a walk on each individual, seeds from `first_seed` on."""
    for seed in range(first_seed, first_seed + robots):
        with tempfile.TemporaryDirectory(prefix="dexterity_walk_") as folder:
            yield _one(hand, seed, Path(folder), watchers)


def _one(hand: str, seed: int, folder: Path, watchers: Watchers) -> WalkRow:
    hidden = draw_hidden(load_hand(hand), load_camera(_CAMERA), seed)
    file = folder / "hidden.yaml"
    file.write_text(robot_yaml(hidden))
    process = RobotProcess(hand, file, seed=seed)
    file.unlink()
    arguments = (process.pipe, process.wire, hand, seed, folder, watchers)
    walker = multiprocessing.get_context("spawn").Process(target=_walk, args=arguments, daemon=True)
    try:
        walker.start()
        walker.join()
        figures = process.robot.ask("figures")
    finally:
        walker.terminate()
        process.close()
    robot, told = folder / _ROBOT, json.loads((folder / _TOLD).read_text())
    return WalkRow(
        seed=seed, hidden=hidden, robot=load_robot(str(robot)) if robot.exists() else None, figures=figures, **told
    )


def _walk(
    pipe: "Connection[Any, Any]", wire: WireModel, hand: str, seed: int, folder: Path, watchers: Watchers
) -> None:
    """Walks through all steps; the process in which nothing but motors, a camera and a person are to be had."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it
    robot = RemoteRobot(pipe, wire)
    port, file = VirtualPort(robot), load_hand(hand)
    began_ns = port.now_ns()
    person = ScriptedPerson(
        file.joint_names, lambda: robot.look(port.now_ns() * 1e-9), wrong_share=watchers.wrong_share, seed=seed
    )
    eye = RemoteEye(robot, load_camera(_CAMERA), port.now_ns)
    walk = Walk(
        hand=file,
        file=RobotFile(folder / _ROBOT, file),
        open_bus=lambda: NativeBus(port, timeout_s=_TIMEOUT_S),
        clock=port,
        person=Onlooker(file, eye, person) if watchers.eyes else person,
        eye=eye,
        today=lambda: _DAY,
        say=lambda _line: None,
        drawing=False,
    )
    said = ""
    try:
        run(walk, STEPS)
    except DexterityError as error:
        said = str(error)
    minutes = (port.now_ns() - began_ns) * 1e-9 / 60.0
    told = {"said": said, "minutes": minutes, "asked": person.asked, "erred": person.erred}
    (folder / _TOLD).write_text(json.dumps(told))
