"""A hand without physics on an emulated bus in a process of its own, moved by a real system that can be broken."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import rclpy

from dexterity_ros.drivers.emulated.fault_switch import switch_fault
from dexterity_ros.drivers.emulated.motor_watch import MotorWatch, SeenMotors
from dexterity_ros.ros.name_lock import NameLock
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.processes import own_domain, ros_environment

NODES = ("hand_node", "exercise_node", "safety_node")
SYSTEM = """
name: standing
about: a hand on an emulated bus that outlives it
arguments: {{}}
nodes:
  - executable: hand_node
    parameters_file: config/nodes/hand_node.yaml
    parameters: {{hand: leap, policy: none, shadow: false, hardware: dynamixel, port: {port}}}
    lifecycle: true
  - executable: exercise_node
    parameters_file: config/nodes/exercise_node.yaml
    parameters: {{hand: leap}}
  - executable: safety_node
    parameters_file: config/nodes/safety_node.yaml
    parameters: {{hand: leap, watch: [joint_states, policy_state]}}
"""
# Python runs a module of this name at its start: with it a node can be told from outside to fail inside.
BREAKABLE = """
import ctypes, signal, threading

def break_loop(*_):
    for thread in threading.enumerate():
        if thread.name == "hand":
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(ArithmeticError))

signal.signal(signal.SIGUSR2, break_loop)
"""
BREAK_LOOP = signal.SIGUSR2  # to hand_node: an exception in its control loop
_START_S, _MOVING_S, _END_S = 30.0, 30.0, 10.0


class StandingSystem:
    """A bus, `dexterity up` on it, and an operator; the motors are read past the system, from the bus's process."""

    def __init__(self, folder: Path) -> None:
        """Starts the bus. Sets this process's ROS environment: the domain is one of its own."""
        self._folder = folder
        self.port = str(folder / "bus.sock")
        serve = [sys.executable, "-m", "dexterity_ros.drivers.emulated.serve", "--hand", "leap", "--link", self.port]
        self._bus = subprocess.Popen(serve, stdout=subprocess.PIPE)
        assert self._bus.stdout is not None
        self._bus.stdout.readline()
        self._motors = MotorWatch(self.port)
        self._file = folder / "standing.yaml"
        self._file.write_text(SYSTEM.format(port=self.port))
        (folder / "sitecustomize.py").write_text(BREAKABLE)
        os.environ.update(ros_environment(domain_id=own_domain()))
        rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
        self.operator = Operator(visitor=True)
        self.parent: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def log(self) -> Path:
        """What the nodes print."""
        return self._folder / "nodes.log"

    def motors(self) -> SeenMotors:
        """Returns all motors at this moment."""
        return self._motors.read()

    def break_bus(self, line: str) -> None:
        """Has the bus do what a line of fault_switch says."""
        switch_fault(self.port, line)

    def start_moving(self) -> None:
        """Starts the system where none runs, arms, and waits until the hand moves. Raises OperatorError."""
        if self.parent is None or self.parent.poll() is not None or not all(NameLock(name).held() for name in NODES):
            self.end()
            self._start()
        operator = self.operator
        operator.call("safety_node/disarm")
        operator.wait_for("a limp hand", lambda: operator.hand_state.startswith("limp"), _START_S)
        operator.arm()
        operator.wait_for("a hand that follows", lambda: operator.hand_state == "following", _MOVING_S)
        before = sum(motor.moved_goals for motor in self.motors().motors)
        moved = lambda: sum(motor.moved_goals for motor in self.motors().motors) > before  # noqa: E731
        operator.wait_for("motion", moved, _MOVING_S)

    def _start(self) -> None:
        command = [sys.executable, "-u", "-m", "dexterity_ros.cli.main", "up", str(self._file)]
        self.operator.supervisor = self.operator.hand_state = self.operator.policy_state = ""
        environment = {name: value for name, value in os.environ.items() if name != "DEXTERITY_SYSTEM"}
        paths = filter(None, (str(self._folder), environment.get("PYTHONPATH")))
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.parent = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        self.operator.wait_for("nodes", self._ready, _START_S)

    def _ready(self) -> bool:
        assert self.parent is not None
        if self.parent.poll() is not None:
            raise OperatorError(f"the system ended before it was ready: {self.log.read_text()[-2000:]}")
        return bool(self.operator.supervisor and self.operator.hand_state and self.operator.policy_state)

    def node(self, name: str) -> int:
        """Returns the process id of a node. Raises OperatorError when it does not run."""
        pid = NameLock(name).holder()
        if pid is None:
            raise OperatorError(f"{name} does not run")
        return pid

    def warnings(self) -> str:
        """Returns what this system's nodes printed about cutting the power, as one line."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "; ".join(line for line in lines if "ut the power" in line or "CUT THE POWER" in line)

    def end(self) -> None:
        """Ends the system, whatever is left of it, and mends the bus."""
        self.break_bus("none")
        processes = [NameLock(name).holder() for name in NODES]
        if self.parent is not None:
            processes.append(self.parent.pid)
            self._signal(processes, signal.SIGCONT)
            self._signal([self.parent.pid], signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.parent.wait(_END_S)
        self._signal([NameLock(name).holder() for name in NODES], signal.SIGKILL)
        if self.parent is not None:
            self.parent.kill()
            self.parent.wait()
            self.parent = None

    def _signal(self, processes: list[int | None], number: int) -> None:
        for pid in processes:
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def close(self) -> None:
        """Ends everything."""
        self.end()
        self.operator.close()
        self._motors.close()
        self._bus.terminate()
        self._bus.wait()


@contextlib.contextmanager
def standing_system() -> Iterator[StandingSystem]:
    """Gives a system in a folder of its own, and leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="dexterity_stops_") as folder:
        system = StandingSystem(Path(folder))
        try:
            yield system
        finally:
            system.close()


def watch(system: StandingSystem, seconds: float, look: Callable[[SeenMotors], None]) -> None:
    """Looks at the motors, and handles the operator's messages, for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        look(system.motors())
        system.operator.spin(0.002)
