"""Runs the exercise system from start to figures: what `dexterity demo --policy none` shows."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.evaluation.tracking import Trace, tracking
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment
from dexterity_ros.systems.spec import load_system, resolve

_START_S = 60.0


def run_exercise(
    hand_name: str, hardware: str, seed: int, log: Path, *, say: Callable[[str], None]
) -> tuple[dict[str, Any], Trace]:
    """Returns ({hand, hardware, joints, faults, hand_cycle_ms}, the recorded motion) of one round of all joints."""
    hand = load_hand(hand_name)
    port = f"{tempfile.gettempdir()}/dexterity_bus_{os.getpid()}"
    arguments = {"hand": hand_name, "hardware": hardware, "seed": seed, "port": port}
    starts = resolve(load_system("exercise"), arguments, {})
    environment = ros_environment(domain_id=own_domain())
    os.environ.update(environment)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator()
    recorder = _Recorder(operator, hand)
    try:
        with log.open("w") as output, Processes(starts, environment, log=output) as processes:
            _exercise(operator, processes, log, say)
    finally:
        operator.close()
    loop = operator.diagnostics.get("hand_node: loop", {})
    figures = {
        "hand": hand_name,
        "hardware": hardware,
        "joints": tracking(recorder.trace()),
        "faults": loop.get("faults", {}),
        "hand_cycle_ms": loop.get("duration_ms", {}),
    }
    return figures, recorder.trace()


def _exercise(operator: Operator, processes: Processes, log: Path, say: Callable[[str], None]) -> None:
    def alive() -> None:
        if processes.ended() or operator.supervisor.startswith("stopped"):
            end = "\n".join(log.read_text().splitlines()[-6:])
            raise OperatorError(f"{processes.ended() or operator.supervisor}; the end of {log}:\n{end}")

    operator.wait_for("all nodes", lambda: bool(operator.supervisor and operator.policy_state), _START_S, alive)
    say("arming: the hand eases to its home pose, then moves joint by joint")
    operator.arm(alive)
    operator.wait_for("following", lambda: operator.hand_state == "following", 20.0, alive)
    operator.wait_for("one round", lambda: operator.policy_state.endswith("round 2"), 120.0, alive)
    say("disarming: its current fades, then the torque goes")
    operator.call("safety_node/disarm")
    operator.wait_for("torque off", lambda: operator.hand_state == "limp", 5.0, alive)
    operator.spin(1.2)  # one round of /diagnostics


class _Recorder:
    """Keeps gated targets and measurements while the hand follows."""

    def __init__(self, operator: Operator, hand: HandSpec) -> None:
        self._operator, self._names = operator, hand.joint_names
        self._reader = wire.JointReader(hand.joint_names)
        self._commanded: list[tuple[int, Any]] = []
        self._measured: list[tuple[int, Any]] = []
        ros.subscribe(operator.node, "gated_targets", self._on_target)
        ros.subscribe(operator.node, "joint_states", self._on_joints)

    def _on_target(self, message: Any) -> None:
        if self._operator.hand_state == "following":
            target = self._reader.target(message)
            self._commanded.append((int(target.stamp_ns), target.pos_rad))

    def _on_joints(self, message: Any) -> None:
        if self._operator.hand_state == "following":
            sample = self._reader.sample(message)
            self._measured.append((int(sample.stamp_ns), sample.pos_rad))

    def trace(self) -> Trace:
        begin = self._measured[0][0]
        return Trace(
            joint_names=self._names,
            commanded_s=np.array([(stamp - begin) * 1e-9 for stamp, _ in self._commanded]),
            commanded_rad=np.array([position for _, position in self._commanded]),
            measured_s=np.array([(stamp - begin) * 1e-9 for stamp, _ in self._measured]),
            measured_rad=np.array([position for _, position in self._measured]),
        )
