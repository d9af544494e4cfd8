"""dexterity bringup"""

import time
from dataclasses import asdict, replace
from pathlib import Path

from dexterity_ros.bringup.board import BoardPlace
from dexterity_ros.bringup.eyehand.onlooker import Onlooker
from dexterity_ros.bringup.manual import RealClock
from dexterity_ros.bringup.person import Person
from dexterity_ros.bringup.robot_file import RobotFile
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import Walk, run
from dexterity_ros.cli.hand_port import port_path, say_unverified
from dexterity_ros.cli.options.bringup import BringupOptions
from dexterity_ros.cli.output import say, say_labelled, write_json
from dexterity_ros.cli.terminal_person import TerminalPerson
from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.robot_hand import as_robot
from dexterity_ros.drivers.open import bus_on_port
from dexterity_ros.drivers.realsense.eye import RealSenseEye
from dexterity_ros.reporting.bringup_page import bringup_page
from dexterity_ros.runtime.ending import interrupt_once


def bringup(options: BringupOptions) -> int:
    """Walks through the steps and writes robot.yaml after each."""
    asked_to_end = interrupt_once()
    hand = _hand(options)
    say_unverified(hand)
    file = RobotFile(options.robot, hand)
    eye = RealSenseEye(load_camera(options.camera)) if options.camera else None
    person = _person(options, hand, eye)
    board = None if options.board is None else config.load(BoardPlace, options.board)
    walk = Walk(
        hand=hand,
        file=file,
        open_bus=bus_on_port(as_robot(hand, None), port_path(options.port)),
        clock=RealClock(),
        person=person,
        today=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        say=say,
        asked_to_end=asked_to_end,
        eye=eye,
        board=board,
    )
    try:
        run(walk, STEPS, options.step, again=options.again)
    finally:
        if eye is not None:
            eye.close()
        _tell(file, options)
        _write_page(file, hand)
    return 0


def _person(options: BringupOptions, hand: HandFile, eye: RealSenseEye | None) -> Person:
    if not options.eyes:
        return TerminalPerson()
    if eye is None:
        raise ConfigError("--eyes needs a camera: --camera NAME")
    return Onlooker(hand, eye, TerminalPerson())


def _hand(options: BringupOptions) -> HandFile:
    hand = load_hand(options.hand)
    return hand if options.baud is None else replace(hand, drive=replace(hand.drive, baud_rate=options.baud))


def _write_page(file: RobotFile, hand: HandFile) -> None:
    """Writes the page beside robot.yaml once there is something to show; without matplotlib it says what is missing."""
    if not file.records:
        return
    page = file.path.with_suffix(".html")
    try:
        bringup_page(file, hand, {name: row.about for name, row in STEPS.items()}).write(page)
        say(f"page: {page}")
    except ConfigError as error:
        say(f"no page: {error}")


def _tell(file: RobotFile, options: BringupOptions) -> None:
    """Says what there is now, however the walk ended."""
    for name, record in file.records.items():
        for warning in record.warnings:
            say_labelled(name, f": {warning}", "yellow")
    if Path(options.robot).exists():
        say(f"{options.robot}: {file.robot.said}")
    write_json(options.json, {"steps": {name: asdict(record) for name, record in file.records.items()}})
