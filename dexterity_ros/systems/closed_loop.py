"""Runs the simulated system from start to figures: what `dexterity demo` shows."""

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy

from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.pose_judge import PoseJudge
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.safety.supervisor import State
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.probe import Probe
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment
from dexterity_ros.systems.usage import Usage

_START_S = 60.0
_DIAGNOSTICS_S = 1.2  # one round of /diagnostics


def run_closed_loop(settings: ClosedLoop, log: Path, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Returns the figures documented in `dexterity demo --help`. Raises OperatorError when the system fails."""
    manifest = load_manifest(resource(settings.policy))
    hand = load_hand(settings.hand)
    manifest.check_hand(hand)
    environment = ros_environment(domain_id=own_domain())
    os.environ.update(environment)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    judge = TruthJudge(settings.task_spec(manifest), 1.0 / manifest.control_rate_hz, hand.grasp_centre_m)
    pose_judge = PoseJudge(hand.grasp_centre_m)
    operator = Operator(judge, pose_judge)
    probe = Probe(manifest.control_rate_hz)
    try:
        with log.open("w") as output, Processes(settings.starts(manifest), environment, log=output) as processes:
            figures = _Session(operator, judge, processes, log, say).run(settings)
    finally:
        probe_lateness_ms = probe.stop()
        operator.close()
    header = {"policy": manifest.name, "task": settings.task or manifest.task, "goal_rad": list(settings.goal_rad)}
    header["latency_trained_ms"] = [round(1e3 * limit, 1) for limit in manifest.latency_s]
    return header | figures | {"pose_error": pose_judge.figures(), "probe_lateness_ms": probe_lateness_ms}


class _Session:
    def __init__(
        self, operator: Operator, judge: TruthJudge, processes: Processes, log: Path, say: Callable[[str], None]
    ) -> None:
        self._judge = judge
        self._operator, self._processes, self._log, self._say = operator, processes, log, say
        self._usage = Usage(processes.pids())

    def run(self, settings: ClosedLoop) -> dict[str, Any]:
        operator = self._operator
        operator.wait_for(
            "all nodes", lambda: bool(operator.supervisor and operator.policy_state), _START_S, self._alive
        )
        operator.arm(self._alive)
        operator.spin(_DIAGNOSTICS_S)
        faults_before = self._faults()
        self._usage.restart()
        self._trials(settings)
        cpu_percent, pss_mb = self._usage.cpu_percent(), self._usage.pss_mb()
        operator.spin(_DIAGNOSTICS_S)
        return self._figures(faults_before) | {"cpu_percent": cpu_percent, "pss_mb": pss_mb}

    def _trials(self, settings: ClosedLoop) -> None:
        judge = self._judge
        began, said = time.monotonic(), -1
        while judge.attempted < settings.goals:
            elapsed = time.monotonic() - began
            if 0 < settings.minutes <= elapsed / 60.0:
                self._say(f"  {elapsed:5.0f} s  time is up")
                return
            self._alive()
            self._operator.spin(0.1)
            if judge.attempted != said:
                said = judge.attempted
                self._say(f"  {elapsed:5.0f} s  {judge.reached} of {said} goals reached   {self._operator.hand_state}")
            if judge.trial_over and judge.attempted < settings.goals:
                self._operator.restart_trial(self._alive)
                judge.trial_over = False

    def _alive(self) -> None:
        ended = self._processes.ended()
        if ended:
            raise OperatorError(f"ended by themselves: {ended}; {self._log_end()}")
        if self._operator.supervisor.startswith(State.STOPPED.value):
            raise OperatorError(f"the supervisor says {self._operator.supervisor}; {self._log_end()}")

    def _log_end(self) -> str:
        return f"the end of {self._log}:\n" + "\n".join(self._log.read_text().splitlines()[-6:])

    def _faults(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for name in ("policy_node: loop", "hand_node: loop"):
            total.update(self._operator.diagnostics.get(name, {}).get("faults", {}))
        return total

    def _figures(self, faults_before: Counter[str]) -> dict[str, Any]:
        judge = self._judge
        policy = self._operator.diagnostics.get("policy_node: loop", {})
        hand = self._operator.diagnostics.get("hand_node: loop", {})
        return summary(judge.trials) | {
            "rate_by_estimate": round(judge.estimated_reached / max(judge.attempted, 1), 4),
            "reached_only_by_estimate": judge.believed,
            "lateness_ms": policy.get("lateness_ms", {}),
            "observation_age_ms": hand.get("observation_age_ms", {}),
            "hand_cycle_ms": hand.get("duration_ms", {}),
            "hand_overruns": hand.get("overruns"),
            "overruns": policy.get("overruns"),
            "cycles": policy.get("cycles"),
            "realtime": policy.get("realtime"),
            "faults": dict(self._faults() - faults_before),
        }
