"""Whether the acceptance of a hand refuses a robot.yaml with one flipped sign, or with one exchanged pair of ids.

The rest of the file is the truth about the individual. Every fifth file has no mistake: it must be accepted.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dexterity_ros.bringup.acceptance import STEPS, run_acceptance
from dexterity_ros.bringup.acceptance_rig import Rig
from dexterity_ros.bringup.manual import ManualHand
from dexterity_ros.bringup.motor_setup import mend_motors
from dexterity_ros.bringup.person import ScriptedPerson
from dexterity_ros.bringup.robot_file import robot_yaml
from dexterity_ros.bringup.walk import unlimited
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.contracts.robot_hand import RobotHand, as_robot
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.runtime.robot_process import RobotProcess
from dexterity_ros.sim.hidden import draw_hidden

SIGN, PAIR, RIGHT = "flipped sign", "exchanged pair", "no mistake"
KINDS = (SIGN, PAIR, RIGHT)
_IN_TURN = (SIGN, PAIR, SIGN, PAIR, RIGHT)
_TIMEOUT_S = 0.01  # of an answer, in virtual time
_WARM_S, _GONE_S = 2.0, 0.3


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """One acceptance. kind: of mistake, of KINDS. refused: the step that refused the file, or nothing; said: by it."""

    seed: int
    kind: str
    mistake: str
    refused: str
    said: str
    asked: int
    erred: int
    most_rad_s: float


def kind_of(seed: int) -> str:
    """Returns which mistake the file of an individual has."""
    return _IN_TURN[seed % len(_IN_TURN)]


def acceptances(hand: str, seeds: Iterable[int], wrong_share: float) -> Iterator[FileRow]:
    """Yields what came of the acceptance of each individual. wrong_share: of the person's answers."""
    for seed in seeds:
        yield _one(hand, seed, wrong_share)


def with_mistake(hidden: RobotSpec, seed: int) -> tuple[RobotSpec, str]:
    """Returns what a file with one mistake says, and which mistake that is."""
    wiring, rng = hidden.wiring, np.random.default_rng([seed, 23])
    if wiring is None:
        raise ConfigError(f"{hidden.name} is no hidden.yaml: its wiring is needed")
    signs, ids = dict(wiring.signs or {}), dict(wiring.motor_ids or {})
    one, other = (str(name) for name in rng.choice(list(ids), size=2, replace=False))
    kind = kind_of(seed)
    if kind == SIGN:
        signs[one] = -signs[one]
    elif kind == PAIR:
        ids[one], ids[other] = ids[other], ids[one]
    told = {SIGN: f"sign of {one}", PAIR: f"ids of {one} and {other}", RIGHT: ""}[kind]
    known = replace(hidden, dynamics=None, latency=None, stops=None, links=None, camera=None, supply=None)
    return replace(known, wiring=replace(wiring, signs=signs, motor_ids=ids)), told


def _one(hand: str, seed: int, wrong_share: float) -> FileRow:
    hidden = draw_hidden(load_hand(hand), None, seed)
    with tempfile.TemporaryDirectory(prefix="dexterity_accept_") as folder:
        file = Path(folder) / "hidden.yaml"
        file.write_text(robot_yaml(hidden))
        process = RobotProcess(hand, file, seed=seed)
    try:
        robot, mistake = with_mistake(hidden, seed)
        rig, person = _rig(as_robot(load_hand(hand), robot), process, seed, wrong_share)
        results = run_acceptance(rig, lambda _result: None)
        last = results[-1]
        return FileRow(
            seed=seed,
            kind=kind_of(seed),
            mistake=mistake,
            refused="" if last.ok and len(results) == STEPS else last.name,
            said="" if last.ok else last.said,
            asked=person.asked,
            erred=person.erred,
            most_rad_s=process.robot.ask("figures")["most_rad_s"],
        )
    finally:
        process.close()


def _rig(hand: RobotHand, process: RobotProcess, seed: int, wrong_share: float) -> tuple[Rig, ScriptedPerson]:
    """Returns the hand behind a virtual port, as the step `motors` of the bring-up leaves it, and who watches it."""
    port = VirtualPort(process.robot)

    def open_bus() -> NativeBus:
        return NativeBus(port, timeout_s=_TIMEOUT_S)

    def hold_and_go() -> None:
        other = ManualHand(hand, open_bus, port)
        other.connect()
        other.ease_to(other.look().pos_rad)
        port.sleep(_GONE_S)

    mend_motors(unlimited(load_hand(hand.name)), open_bus())
    person = ScriptedPerson(
        hand.joint_names, lambda: process.robot.look(port.now_ns() * 1e-9), wrong_share=wrong_share, seed=seed
    )
    rig = Rig(
        manual=ManualHand(hand, open_bus, port),
        open_bus=open_bus,
        clock=port,
        ask=lambda _question: True,
        person=person,
        kill_holding=hold_and_go,
        hold_s=_WARM_S,
    )
    return rig, person
