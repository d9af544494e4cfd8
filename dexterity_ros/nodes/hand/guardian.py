"""A second process beside hand_node: it takes the motors' torque when hand_node is killed before it could."""

import contextlib
import json
import os
import signal
import time
from typing import TextIO

from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.drivers.open import hand_on_port
from dexterity_ros.nodes.hand.setup import HandParameters
from dexterity_ros.ros.name_lock import TORQUE_OFF, NameLock
from dexterity_ros.ros.process import own_name
from dexterity_ros.runtime.deadline_loop import PROCESS_PRIORITY, enter_realtime

_SAY_S = 1.0  # after so long without an answer of every motor, a person is told to cut the power
_GIVE_UP_S = 60.0  # it goes on trying for so long, as long as no new hand_node has come
_AGAIN_S = 0.02


class Guardian:
    """hand_node's end of a pipe. When it closes before `relieve`, hand_node has died."""

    def __init__(self, pipe: TextIO) -> None:
        self._pipe = pipe

    def guard(self, parameters: HandParameters) -> None:
        """Tells which motors hand_node is about to connect to. A hand on topics has a driver that looks after it."""
        if parameters.hardware == "dynamixel":
            self._send({"hand": parameters.hand, "robot": parameters.robot, "port": parameters.port})

    def relieve(self, remains: str | None) -> None:
        """Ends it, unless torque remains: then hand_node says so, and who watches goes on trying after its end."""
        if remains is None:
            self._send({})
        else:
            _say(f"CUT THE POWER: {remains}")

    def _send(self, what: dict[str, str]) -> None:
        with contextlib.suppress(BrokenPipeError):  # killed as well: nothing to tell it
            self._pipe.write(json.dumps(what) + "\n")
            self._pipe.flush()


def fork_guardian() -> Guardian:
    """Returns a guardian of this process. To be called before there is a thread, a lock or a port to inherit."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        try:
            _stand_by(os.fdopen(reading))
        finally:
            os._exit(0)
    os.close(reading)
    return Guardian(os.fdopen(writing, "w"))


def _stand_by(pipe: TextIO) -> None:
    """Waits for the end of hand_node, whatever happens to the terminal, and does what is left to do."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    port: HandPort | None = None
    for line in pipe:
        what = json.loads(line)
        port = _hand(**what) if what else None
    if port is not None:
        enter_realtime(PROCESS_PRIORITY)
        _take_over(port, NameLock(*own_name()))


def _hand(hand: str, robot: str, port: str) -> HandPort:
    return hand_on_port(load_robot_hand(hand, robot), port, current_limit_a=0.0)


def _take_over(port: HandPort, name: NameLock) -> None:
    began, told = time.monotonic(), False
    while (problem := _problem(port)) is not None:
        waited = time.monotonic() - began
        if not told and waited > _SAY_S:
            told = True
            _say(f"CUT THE POWER: hand_node has ended, and {problem}; still trying")
        if waited > _GIVE_UP_S or (told and name.held()):  # a new hand_node switches the torque off itself
            return
        time.sleep(_AGAIN_S)
    name.leave(TORQUE_OFF)
    _say("hand_node ended before it could let go; the torque of all its motors was switched off")


def _problem(port: HandPort) -> str | None:
    """Tries once more. Returns what is in the way; None when every motor has shown that its torque is off."""
    port.read(time.monotonic_ns())  # opens a port that is closed
    fault = port.set_torque(False)
    return None if fault is None else fault.detail


def _say(what: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be closed
        print(what, flush=True)
