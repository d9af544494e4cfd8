"""Runs the exercise system from start to figures: what `dexterity demo --policy none` shows."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy

from dexterity_ros import ros, wire
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.robot import NO_ROBOT
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.evaluation.tracking import Trace, tracking
from dexterity_ros.ros.diagnostics import counts, numbers
from dexterity_ros.runtime.ending import INTERRUPTED
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment
from dexterity_ros.systems.spec import load_system, resolve
from dexterity_ros.systems.trial_watch import TrialWatch

_START_S = 60.0
_ENOUGH_S = 1.0  # a shorter recording says nothing about tracking


def run_exercise(
    hand_name: str,
    hardware: str,
    seed: int,
    log: Path,
    *,
    say: Callable[[str], None],
    minutes: float = 0.0,
    robot: str = NO_ROBOT,
) -> tuple[dict[str, Any], Trace | None]:
    """Returns figures and the recorded motion of one round of all joints.

    The figures are {hand, hardware, joints, faults, hand_cycle_ms, stops, ended}, of as far as it came; `ended` says
    why when it was not far enough, and the motion is None when there was hardly any. minutes: at most; 0 = no limit.
    robot: robot.yaml of the individual that is emulated and driven.
    """
    hand = load_robot_hand(hand_name, robot)
    port = f"{tempfile.gettempdir()}/dexterity_bus_{os.getpid()}"
    arguments = {"hand": hand_name, "robot": robot, "hardware": hardware, "seed": seed, "port": port}
    starts = resolve(load_system("exercise"), arguments, {})
    environment = ros_environment(domain_id=own_domain())
    os.environ.update(environment)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator()
    recorder, stops, ended = _Recorder(operator, hand), [], ""
    try:
        with log.open("w") as output, Processes(starts, environment, log=output) as processes:
            emulated = hardware == "dynamixel"
            watch = TrialWatch(operator, processes, log, say, minutes=minutes, goes_on=emulated)
            stops = watch.stops
            _exercise(operator, watch, recorder, say)
    except OperatorError as error:
        ended = str(error)
    except KeyboardInterrupt:
        ended = INTERRUPTED
    finally:
        operator.close()
    loop, trace = operator.diagnostics.get("hand_node: loop", {}), recorder.trace()
    figures = {
        "hand": hand_name,
        "hardware": hardware,
        "joints": {} if trace is None else tracking(trace),
        "faults": dict(counts(loop, "faults")),
        "hand_cycle_ms": numbers(loop, "duration_ms"),
        "stops": stops,
        "ended": ended,
    }
    return figures, trace


def _exercise(operator: Operator, watch: TrialWatch, recorder: "_Recorder", say: Callable[[str], None]) -> None:
    operator.wait_for("all nodes", lambda: bool(operator.supervisor and operator.policy_state), _START_S, watch.alive)
    say("arming: the hand eases to its home pose, then moves joint by joint")
    watch.arm()
    watch.going_on(lambda: _one_round(operator, watch))
    recorder.done = True
    say("disarming: its current fades, then the torque goes")
    operator.let_go(watch.alive)
    operator.spin(1.2)  # one round of /diagnostics


def _one_round(operator: Operator, watch: TrialWatch) -> None:
    operator.wait_for("following", lambda: operator.hand_state == "following", 20.0, watch.alive)
    operator.wait_for("one round", lambda: operator.policy_state.endswith("round 2"), 120.0, watch.alive)


class _Recorder:
    """Keeps gated targets and measurements while the hand follows; those since the last time that it eased in."""

    def __init__(self, operator: Operator, hand: HandSpec) -> None:
        self._operator, self._names = operator, hand.joint_names
        self._reader = wire.JointReader(hand.joint_names)
        self._commanded: list[tuple[int, Any]] = []
        self._measured: list[tuple[int, Any]] = []
        self.done = False
        ros.observe(operator.node, "gated_targets", self._on_target)
        ros.observe(operator.node, "joint_states", self._on_joints)
        ros.observe(operator.node, "hand_state", self._on_state)

    def _on_state(self, message: Any) -> None:
        if message.data == "easing":
            self._commanded, self._measured = [], []

    def _on_target(self, message: Any) -> None:
        if self._operator.hand_state == "following" and not self.done:
            target = self._reader.target(message)
            self._commanded.append((int(target.stamp_ns), target.pos_rad))

    def _on_joints(self, message: Any) -> None:
        if self._operator.hand_state == "following" and not self.done:
            sample = self._reader.sample(message)
            self._measured.append((int(sample.stamp_ns), sample.pos_rad))

    def trace(self) -> Trace | None:
        """Returns what was recorded; None when that is too short to say anything."""
        if not self._commanded or not self._measured:
            return None
        begin, end = self._measured[0][0], min(self._measured[-1][0], self._commanded[-1][0])
        if (end - begin) * 1e-9 < _ENOUGH_S:
            return None
        return Trace(
            joint_names=self._names,
            commanded_s=np.array([(stamp - begin) * 1e-9 for stamp, _ in self._commanded]),
            commanded_rad=np.array([position for _, position in self._commanded]),
            measured_s=np.array([(stamp - begin) * 1e-9 for stamp, _ in self._measured]),
            measured_rad=np.array([position for _, position in self._measured]),
        )
