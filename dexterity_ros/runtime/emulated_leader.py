"""A second emulated hand in a process of its own, whose fingers are moved as a person would move them."""

import contextlib
import multiprocessing
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.drivers.emulated.shown_joints import ShownJoints
from dexterity_ros.runtime.child import first_word

_END_S = 5.0


class EmulatedLeader:
    """The process, which serves the hand until it is closed, or until who started it is gone; a context manager."""

    def __init__(self, hand: str, port: Path) -> None:
        """Returns once the port can be opened. hand: name or file. Raises DexterityError."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, hand, port), daemon=True)
        self._process.start()
        theirs.close()
        first_word(self._process, self._pipe, f"the emulated leader at {port}")

    def close(self) -> None:
        """Ends the process."""
        self._pipe.close()
        self._process.join(timeout=_END_S)
        if self._process.is_alive():
            self._process.terminate()

    def __enter__(self) -> "EmulatedLeader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _serve(pipe: "Connection[Any, Any]", hand: str, port: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it
    try:
        spec = load_robot_hand(hand)
        served = ServedBus(EmulatedBus(spec, ShownJoints(spec), WireModel(baud=spec.drive.baud_rate)), port)
    except DexterityError as error:
        pipe.send(error)
        return
    pipe.send(None)
    with contextlib.suppress(EOFError, OSError):  # the other end was closed, or has died
        pipe.recv()
    served.close()
