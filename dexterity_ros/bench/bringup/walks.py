"""Runs a walk on each of many hidden individuals: the individual, the walk and the score are three processes.

This one draws hidden.yaml, starts the individual that reads it, deletes it, and scores. The walk has only a pipe to the
motors, and a scripted person beside the hand.
"""

import json
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dexterity_ros.bench.bringup.scores import WalkRow, Watchers
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


def walks(hand: str, seeds: Iterable[int], watchers: Watchers) -> Iterator[WalkRow]:
    """Yields what came of a walk on each individual."""
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="dexterity_walk_") as folder:
            yield _one(hand, seed, Path(folder), watchers)


def _one(hand: str, seed: int, folder: Path, watchers: Watchers) -> WalkRow:
    hidden = draw_hidden(load_hand(hand), load_camera(_CAMERA), seed)
    file = folder / "hidden.yaml"
    file.write_text(robot_yaml(hidden))
    before_s = _children_s()
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
    robot = folder / _ROBOT
    return WalkRow(
        seed=seed,
        watchers=watchers,
        hidden=hidden,
        robot=load_robot(str(robot)) if robot.exists() else None,
        figures=figures,
        cpu_s=round(_children_s() - before_s, 1),
        **_told(folder / _TOLD, walker.exitcode),
    )


def _children_s() -> float:
    """Returns the CPU time of the processes that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _told(file: Path, status: int | None) -> dict[str, Any]:
    """Returns what a walk told at its end; one that died told nothing, and counts."""
    if file.exists():
        told: dict[str, Any] = json.loads(file.read_text())
        return told
    return {"said": f"the walk died with status {status}", "minutes": 0.0, "asked": 0, "erred": 0}


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
