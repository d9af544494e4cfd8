"""Runs the simulated system from start to figures: what `dexterity demo` shows."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import rclpy

from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.object import load_symmetry
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.pose_judge import PoseJudge
from dexterity_ros.evaluation.truth_judge import TruthJudge
from dexterity_ros.ros.diagnostics import counts, number, numbers
from dexterity_ros.runtime.emulated_leader import EmulatedLeader
from dexterity_ros.runtime.ending import INTERRUPTED
from dexterity_ros.systems.leader_watch import LeaderWatch
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.probe import Probe
from dexterity_ros.systems.processes import Processes, own_domain, ros_environment
from dexterity_ros.systems.trained import foreign_object, object_in_hand
from dexterity_ros.systems.trial_watch import TimeUpError, TrialWatch
from dexterity_ros.systems.usage import Usage

_START_S = 60.0
_DIAGNOSTICS_S = 1.2  # one round of /diagnostics
_LOOPS = ("policy_node: loop", "hand_node: loop")


def run_closed_loop(settings: ClosedLoop, log: Path, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Returns the figures listed by `dexterity demo --help-json`, however far it came; `ended` says why it ended early.

    Raises DexterityError when it cannot even begin: a wrong configuration, a system that runs already.
    """
    manifest = load_manifest(resource(settings.policy))
    hand = load_robot_hand(settings.hand, settings.robot)
    manifest.check_hand(hand)
    environment = ros_environment(domain_id=own_domain())
    os.environ.update(environment)
    starts = settings.starts(manifest)
    in_hand = object_in_hand(manifest, settings.object)
    if warning := foreign_object(manifest, in_hand):
        say(warning)
    say(f"starting the nodes of config/systems/{settings.system(manifest)}.yaml; their output is in {log}")
    if settings.viewer_port:
        say(f"look at http://127.0.0.1:{settings.viewer_port}")
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    symmetry = load_symmetry(in_hand)
    judge = TruthJudge(settings.task_spec(manifest), 1.0 / manifest.control_rate_hz, hand.grasp_centre_m, symmetry)
    pose_judge = PoseJudge(hand.grasp_centre_m, symmetry)
    operator = Operator(judge, pose_judge)
    watch = LeaderWatch(operator, hand) if settings.leader else None
    probe = Probe(manifest.control_rate_hz)
    session = _Session(operator, judge, pose_judge, say)
    try:
        with _leader(settings), log.open("w") as output, Processes(starts, environment, log=output) as processes:
            session.run(settings, processes, log)
    except KeyboardInterrupt:
        session.ended = session.ended or INTERRUPTED
    finally:
        probe_lateness_ms = probe.stop()
        operator.close()
    header = {"policy": manifest.name, "task": settings.task or manifest.task, "goal_rad": list(settings.goal_rad)}
    header["latency_trained_ms"] = [round(1e3 * limit, 1) for limit in manifest.latency_s]
    led = {} if watch is None else {"leader": watch.leading.figures()}
    figures = session.figures() | led | {"pose_error": pose_judge.figures(), "probe_lateness_ms": probe_lateness_ms}
    return header | figures


def _leader(settings: ClosedLoop) -> AbstractContextManager[object]:
    """Returns the second emulated hand, where one leads."""
    return EmulatedLeader(settings.hand, Path(settings.leader_port)) if settings.leader else nullcontext()


class _Session:
    """One demo. ended: why it did not go on until the goals were done or the time was up; empty otherwise."""

    def __init__(
        self, operator: Operator, judge: TruthJudge, pose_judge: PoseJudge, say: Callable[[str], None]
    ) -> None:
        self._operator, self._judge, self._pose_judge, self._say = operator, judge, pose_judge, say
        self._watch: TrialWatch | None = None
        self._faults_before: Counter[str] = Counter()
        self._pace_before = (0.0, 0.0)
        self._usage: dict[str, float | None] = {"cpu_percent": None, "pss_mb": None}
        self.ended = ""

    def run(self, settings: ClosedLoop, processes: Processes, log: Path) -> None:
        """Runs until the goals are done or the time is up, or until it cannot go on; what there was is kept."""
        emulated = settings.hardware == "dynamixel"
        self._watch = watch = TrialWatch(
            self._operator, processes, log, self._say, minutes=settings.minutes, goes_on=emulated
        )
        usage = Usage(processes.pids())
        armed = False
        try:
            self._arm(watch)
            armed = True
            usage.restart()
            self._trials(settings, watch)
        except TimeUpError:
            self._say(f"  {watch.elapsed_s:5.0f} s  time is up")
            self.ended = "" if armed else "time was up before the hand was armed"
        except OperatorError as error:
            self.ended = str(error)
        except KeyboardInterrupt:
            self.ended = INTERRUPTED
        self._usage = {"cpu_percent": usage.cpu_percent(), "pss_mb": usage.pss_mb()}
        self._operator.spin(_DIAGNOSTICS_S)

    def _arm(self, watch: TrialWatch) -> None:
        operator = self._operator
        operator.wait_for(
            "all nodes", lambda: bool(operator.supervisor and operator.policy_state), _START_S, watch.alive
        )
        watch.arm()
        operator.spin(_DIAGNOSTICS_S)
        self._faults_before, self._pace_before = self._faults(), self._pace()

    def _trials(self, settings: ClosedLoop, watch: TrialWatch) -> None:
        judge, said = self._judge, -1
        while judge.attempted < settings.goals:
            stops = len(watch.stops)
            watch.going_on(lambda: self._go_on(settings.goals, watch))
            if len(watch.stops) > stops:
                self._pose_judge.event({"event": "stopped"})
            if judge.attempted != said:
                said = judge.attempted
                reached = f"{judge.reached} of {said} goals reached"
                self._say(f"  {watch.elapsed_s:5.0f} s  {reached}   {self._operator.hand_state}")

    def _go_on(self, goals: int, watch: TrialWatch) -> None:
        watch.alive()
        self._operator.spin(0.1)
        if self._judge.trial_over and self._judge.attempted < goals:
            self._operator.restart_trial(watch.alive)
            self._judge.trial_over = False

    def _faults(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for name in _LOOPS:
            total.update(counts(self._operator.diagnostics.get(name, {}), "faults"))
        return total

    def _pace(self) -> tuple[float, float]:
        """Returns simulated and elapsed time of sim_node, s."""
        values = self._operator.diagnostics.get("sim_node: loop", {})
        return number(values, "simulated_s") or 0.0, number(values, "elapsed_s") or 0.0

    def _realtime_factor(self) -> float | None:
        (simulated_s, elapsed_s), (simulated_before_s, before_s) = self._pace(), self._pace_before
        return round((simulated_s - simulated_before_s) / (elapsed_s - before_s), 3) if elapsed_s > before_s else None

    def figures(self) -> dict[str, Any]:
        """Returns what was reached, and what the nodes' loops said last."""
        judge = self._judge
        policy, hand = (self._operator.diagnostics.get(name, {}) for name in _LOOPS)
        return summary(judge.trials) | {
            "ended": self.ended,
            "stops": [] if self._watch is None else self._watch.stops,
            "realtime_factor": self._realtime_factor(),
            "rate_by_estimate": round(judge.estimated_reached / max(judge.attempted, 1), 4),
            "reached_only_by_estimate": judge.believed,
            "lateness_ms": numbers(policy, "lateness_ms"),
            "observation_age_ms": numbers(hand, "observation_age_ms"),
            "hand_cycle_ms": numbers(hand, "duration_ms"),
            "hand_overruns": number(hand, "overruns"),
            "overruns": number(policy, "overruns"),
            "cycles": number(policy, "cycles"),
            "realtime": policy.get("realtime"),
            "faults": dict(self._faults() - self._faults_before),
        } | self._usage  # fmt: skip
