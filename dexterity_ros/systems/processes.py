"""Starts the nodes of a system as processes, watches them, stops them: what holds torque first."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO

import yaml

from dexterity_ros.ros.name_lock import TORQUE_OFF, NameLock
from dexterity_ros.systems.network import network_variables, node_variables
from dexterity_ros.systems.spec import NodeStart

_GRACE_S = 3.0
_LET_GO_S = 1.0  # hand_node's guardian has switched the torque off by then, or cannot
_REMAINS = "its motors may still have torque, cut the power"


def ros_environment(domain_id: int | None = None, network: str = "") -> dict[str, str]:
    """Returns the environment for nodes, or for who visits a system.

    Args:
        domain_id: ROS domain; None: as it is.
        network: who may join; empty: as the environment says, else this machine alone.
    """
    environment = dict(os.environ)
    if network:
        environment |= network_variables(network)
    else:
        environment = network_variables("localhost") | environment
    environment |= node_variables()
    if domain_id is not None:
        environment["ROS_DOMAIN_ID"] = str(domain_id)
    return environment


def own_domain() -> int:
    """Returns a ROS domain of its own unless one is set, so that a demo never meets a robot in the lab."""
    if (given := os.environ.get("ROS_DOMAIN_ID")) is not None:
        return int(given)
    own = [20 + (os.getpid() + i) % 80 for i in range(80)]
    return next((domain for domain in own if not NameLock("hand_node", domain=domain).held()), own[0])


class Processes:
    """Node processes of one system; a context manager that leaves none behind."""

    def __init__(self, starts: list[NodeStart], environment: dict[str, str], *, log: IO[str] | None = None) -> None:
        """Starts every node. log: where their output goes; None: the terminal.

        Raises NameTakenError before any has started, when one of this name runs already.
        """
        self._domain = int(environment.get("ROS_DOMAIN_ID") or 0)
        for start in starts:
            NameLock(start.executable, domain=self._domain).check()
        self._folder = tempfile.TemporaryDirectory(prefix="dexterity_")
        self._environment, self._log = environment, log
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = {start.executable: start for start in starts}
        try:
            for start in starts:
                self.start(start.executable)
        except BaseException:
            self.stop()
            raise

    def start(self, executable: str) -> None:
        """Starts one node of the list (again)."""
        start = self._starts[executable]
        path = Path(self._folder.name) / f"{executable}.yaml"
        path.write_text(yaml.safe_dump({executable: {"ros__parameters": start.parameters}}))
        command = [sys.executable, "-m", f"dexterity_ros.nodes.{executable}", "--ros-args", "--params-file", str(path)]
        # Its own process group: Ctrl-C reaches this process first, which then stops the nodes in order.
        self.running[executable] = subprocess.Popen(
            command, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def ended(self) -> dict[str, int]:
        """Returns exit statuses of the nodes that are no longer running and without which the system is none."""
        needed = {name: process for name, process in self.running.items() if self._starts[name].essential}
        states = {name: process.poll() for name, process in needed.items()}
        return {name: status for name, status in states.items() if status is not None}

    def torque_remains(self) -> list[str]:
        """Returns the nodes that were killed before they could let go of the hand, and nobody did so for them.

        One that had not taken its name yet had not opened a port: it holds nothing.
        """
        killed = {name: process.pid for name, process in self.running.items() if (process.poll() or 0) < 0}
        holding = [name for name, pid in killed.items() if self._starts[name].lifecycle and self._took_name(name, pid)]
        return [name for name in holding if not self._let_go(name)]

    def _took_name(self, name: str, pid: int) -> bool:
        return NameLock(name, domain=self._domain).was_held_by(pid)

    def _let_go(self, name: str) -> bool:
        return NameLock(name, domain=self._domain).left(TORQUE_OFF, _LET_GO_S)

    def pids(self) -> list[int]:
        """Returns the process ids of the nodes."""
        return [process.pid for process in self.running.values()]

    def stop(self) -> None:
        """Ends the node that holds torque, then all others at once; kills what does not end in time, and says so."""
        first = [name for name in self.running if self._starts[name].lifecycle]
        self._end(first)
        for name in self.torque_remains():
            self._say(f"{name} was killed; {_REMAINS}")
        self._end([name for name in self.running if name not in first])
        self._folder.cleanup()

    def _end(self, names: Iterable[str]) -> None:
        ending = {name: self.running[name] for name in names if self.running[name].poll() is None}
        for process in ending.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        for name, process in ending.items():
            try:
                process.wait(timeout=max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self._say(f"{name} did not end within {_GRACE_S:.0f} s and was killed")

    def _say(self, what: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be closed: the others must end all the same
            print(what, file=self._log or sys.stderr, flush=True)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
