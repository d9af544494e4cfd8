"""An emulated individual in a process of its own, in virtual time: what moves it never sees its hidden.yaml.

The process answers questions on a pipe: (kind, arguments) to a result. A kind is a row of `ANSWERS`.
"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.drivers.emulated.bus import Answer, WireModel
from dexterity_ros.runtime.child import first_word
from dexterity_ros.runtime.emulated_robot import EmulatedRobot, read_hidden


def _feed(robot: EmulatedRobot, data: bytes, now_s: float, baud: int) -> list[Answer]:
    return robot.bus.feed(data, now_s, baud)


def _look(robot: EmulatedRobot, now_s: float) -> Floats:
    robot.bus.update(now_s)
    return robot.look()


def _see(robot: EmulatedRobot, now_s: float) -> DepthSample:
    robot.bus.update(now_s)
    return robot.see(round(now_s * 1e9))


def _figures(robot: EmulatedRobot) -> dict[str, float]:
    """Returns what the emulator counted: torque at the end, the fastest motion, the largest current."""
    return {
        "motors_with_torque": sum(motor.torque for motor in robot.bus.motors),
        "most_rad_s": robot.bus.most_rad_s,
        "most_a": robot.bus.most_a,
    }


ANSWERS: dict[str, Callable[..., Any]] = {"feed": _feed, "look": _look, "see": _see, "figures": _figures}


class RemoteRobot:
    """The end of the pipe from which a walk moves the robot and a person looks at it; see `VirtualPort`."""

    def __init__(self, pipe: "Connection[Any, Any]", wire: WireModel) -> None:
        self._pipe, self.wire = pipe, wire

    def ask(self, kind: str, *arguments: Any) -> Any:
        """Returns the answer to a question of `ANSWERS`."""
        self._pipe.send((kind, arguments))
        return self._pipe.recv()

    def feed(self, data: bytes, now_s: float, host_baud: int) -> list[Answer]:
        """Returns the answers of the bus."""
        answers: list[Answer] = self.ask("feed", data, now_s, host_baud)
        return answers

    def look(self, now_s: float) -> Floats:
        """Returns how the links stand, (n,) rad."""
        seen: Floats = self.ask("look", now_s)
        return seen


class RemoteEye:
    """An EyePort: the camera before the robot at the other end of the pipe."""

    def __init__(self, robot: RemoteRobot, camera: CameraSpec, now_ns: Callable[[], int]) -> None:
        """camera: as its own file has it. now_ns: returns the virtual time."""
        self.camera, self._robot, self._now_ns = camera, robot, now_ns

    def see(self) -> DepthSample:
        """Returns the image of this moment."""
        image: DepthSample = self._robot.ask("see", self._now_ns() * 1e-9)
        return image


class RobotProcess:
    """The process. `robot` is this end of its pipe."""

    def __init__(self, hand: str, hidden: Path, *, seed: int) -> None:
        """Returns once the file has been read; it may be deleted then. Raises DexterityError."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, hand, hidden, seed), daemon=True)
        self._process.start()
        theirs.close()
        self.wire: WireModel = first_word(self._process, self.pipe, f"the emulated {hand}")
        self.robot = RemoteRobot(self.pipe, self.wire)

    def close(self) -> None:
        """Ends the process."""
        self.pipe.close()
        self._process.join(timeout=5.0)
        if self._process.is_alive():
            self._process.terminate()


def _serve(pipe: "Connection[Any, Any]", hand: str, hidden: Path, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it
    try:
        robot = EmulatedRobot(hand, read_hidden(hidden), seed=seed)
    except DexterityError as error:
        pipe.send(error)
        return
    pipe.send(robot.bus.wire)
    while True:
        try:
            kind, arguments = pipe.recv()
        except (EOFError, OSError):  # who asked has gone
            return
        pipe.send(ANSWERS[kind](robot, *arguments))
