"""Starts the nodes of a system as processes, watches them, stops them."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

import yaml

from dexterity_ros.contracts.resources import resource
from dexterity_ros.systems.spec import NodeStart

_GRACE_S = 3.0


def ros_environment(domain_id: int | None = None) -> dict[str, str]:
    """Returns the environment for nodes: discovery on this machine only, transports that carry images."""
    environment = dict(os.environ)
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    environment.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(resource("config/dds/fastdds.xml")))
    environment.setdefault("RCUTILS_LOGGING_BUFFERED_STREAM", "0")
    environment["OMP_NUM_THREADS"] = "1"
    environment["OPENBLAS_NUM_THREADS"] = "1"
    if domain_id is not None:
        environment["ROS_DOMAIN_ID"] = str(domain_id)
    return environment


def own_domain() -> int:
    """Returns a ROS domain of its own unless one is set, so that a demo never meets a robot in the lab."""
    return int(os.environ.get("ROS_DOMAIN_ID", 20 + os.getpid() % 80))


class Processes:
    """Node processes of one system; a context manager that leaves none behind."""

    def __init__(self, starts: list[NodeStart], environment: dict[str, str], *, log: IO[str] | None = None) -> None:
        """Starts every node. log: where their output goes; None: the terminal."""
        self._folder = tempfile.TemporaryDirectory(prefix="dexterity_")
        self._environment, self._log = environment, log
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = {start.executable: start for start in starts}
        for start in starts:
            self.start(start.executable)

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

    def pids(self) -> list[int]:
        """Returns the process ids of the nodes."""
        return [process.pid for process in self.running.values()]

    def stop(self) -> None:
        """Ends the nodes one after the other, the last started first; kills one that does not end in time."""
        for process in reversed(list(self.running.values())):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
