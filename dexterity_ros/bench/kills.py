"""Kills nodes while the hand moves and measures how long the gate's output still changes."""

import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.drivers.emulated.motor_watch import MotorWatch
from dexterity_ros.runtime.hand_tick import Phase
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.systems.operator import Operator
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment

KILLED = ("policy_node", "goal_node", "safety_node", "hand_node")
_WATCH_S = 0.6
_MOVING_S = 0.4


class GateWatch:
    """Follows gated_targets: when they last changed, and whether they ever left the limits."""

    def __init__(self, operator: Operator, hand: HandSpec) -> None:
        self._hand, self._reader = hand, wire.JointReader(hand.joint_names)
        self._last: NDArray[np.float64] | None = None
        self._last_ns = 0
        self.changed_ns = 0
        self.messages = 0
        self.violations: list[str] = []
        ros.observe(operator.node, "gated_targets", self._on_target)
        ros.observe(operator.node, "hand_state", self._on_state)

    def _on_state(self, message: Any) -> None:
        if message.data == Phase.LIMP.value:  # the next activation starts from wherever the hand has sagged to
            self._last = None

    def _on_target(self, message: Any) -> None:
        target = self._reader.target(message)
        position = target.pos_rad
        self.messages += 1
        if (position < self._hand.lower_rad).any() or (position > self._hand.upper_rad).any():
            self.violations.append(f"outside position limits: {position}")
        if self._last is not None:
            step = float(np.abs(position - self._last).max())
            elapsed_s = (int(target.stamp_ns) - self._last_ns) * 1e-9
            if step > self._allowed_rad(elapsed_s) + 1e-9:
                self.violations.append(f"{step:.3f} rad in {elapsed_s * 1e3:.0f} ms")
            if step > 0.0:
                self.changed_ns = int(target.stamp_ns)
        self._last, self._last_ns = position, int(target.stamp_ns)

    def _allowed_rad(self, elapsed_s: float) -> float:
        """Returns how far the gate may have moved between two outputs; some in between may not have been received."""
        if elapsed_s < 1.5 / TOPICS["gated_targets"].rate_hz:
            return self._hand.max_step_rad
        return self._hand.max_step_rad + self._hand.max_velocity_rad_s * elapsed_s


def run_kills(policy: str, repeats: int, log: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Kills each node of KILLED `repeats` times while the hand moves.

    Returns {node: milliseconds from each kill to the last change of the gate's output}, "violations" of the gate's
    limits, and "messages", how many outputs were checked. For hand_node, whose gate dies with it: milliseconds until
    the last motor had lost its torque to the guardian.
    """
    loop = ClosedLoop(
        goals=0,
        minutes=0.0,
        policy=policy,
        task=None,
        goal_rad=(0.8, 3.0),
        hand="leap",
        seed=0,
        shadow=False,
        hardware="dynamixel",
    )
    manifest = load_manifest(resource(policy))
    environment = ros_environment(domain_id=own_domain())
    os.environ.update(environment)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator()
    watch = GateWatch(operator, load_hand(loop.hand))
    results: dict[str, Any] = {name: [] for name in KILLED}
    try:
        starts = loop.starts(manifest)
        port = next(str(start.parameters["port"]) for start in starts if start.executable == "hand_node")
        with log.open("w") as output, Processes(starts, environment, log=output) as processes:
            operator.wait_for("nodes", lambda: bool(operator.supervisor and operator.policy_state), 60.0, _nothing)
            operator.arm(_nothing)
            motors = MotorWatch(port)
            for _ in range(repeats):
                for name in KILLED:
                    results[name].append(_kill_once(name, operator, watch, motors, processes))
                    say(f"  {name}: constant after {results[name][-1]:.0f} ms")
    finally:
        operator.close()
    return results | {"violations": watch.violations, "messages": watch.messages}


def _kill_once(name: str, operator: Operator, watch: GateWatch, motors: MotorWatch, processes: Processes) -> float:
    """Returns the time in ms from the kill to the last change of the gate's output, or to the last torque off."""
    _get_moving(operator, watch)
    process = processes.running[name]
    killed_ns, killed_steady_ns = time.time_ns(), time.monotonic_ns()
    process.send_signal(signal.SIGKILL)
    process.wait()
    operator.spin(_WATCH_S)
    constant_after_ms = max(watch.changed_ns - killed_ns, 0) * 1e-6
    if name == "hand_node":
        constant_after_ms = _torque_off_ms(motors, killed_steady_ns)
        operator.hand_state = ""
    operator.supervisor = operator.policy_state = ""
    processes.start(name)
    return constant_after_ms


def _torque_off_ms(motors: MotorWatch, since_ns: int) -> float:
    """Returns when the last motor lost its torque; infinite while one has it."""
    seen = motors.read().motors
    if any(motor.torque for motor in seen):
        return math.inf
    return max(motor.torque_since_ns - since_ns for motor in seen) * 1e-6


def _get_moving(operator: Operator, watch: GateWatch) -> None:
    """Waits until the hand follows the policy, starting a new trial where the last one is over."""
    operator.wait_for("nodes", lambda: bool(operator.supervisor and operator.policy_state), 30.0, _nothing)
    for _ in range(5):
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            operator.spin(_MOVING_S)
            moving = (time.time_ns() - watch.changed_ns) * 1e-9 < 0.1
            if moving and operator.hand_state == "following":
                return
        operator.restart_trial(_nothing)
    operator.wait_for("motion", lambda: False, 0.0, _nothing)


def _nothing() -> None:
    """Nodes are expected to end here."""
