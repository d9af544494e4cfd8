"""A started system on which trials are run: its processes, what is heard of it, and its recorder."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rclpy

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.evaluation.trials.plan import TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended
from dexterity_ros.ros.diagnostics import number
from dexterity_ros.runtime.object_sight import ObjectSight
from dexterity_ros.systems.goal_events import goal_event
from dexterity_ros.systems.operator import Operator, OperatorError
from dexterity_ros.systems.processes import Processes
from dexterity_ros.systems.spec import NodeStart
from dexterity_ros.systems.trials.runner import TrialRunner

RECORDER = "recorder_node"
_START_S = 60.0
_RECORDS_S = 15.0
_LOOK_S = 0.05
_RECORDING = f"{RECORDER}: recording"


class TrialSession:
    """One system with one policy, from start to end; a context manager that leaves no process behind."""

    def __init__(
        self, starts: list[NodeStart], environment: dict[str, str], log: Path, centre_m: tuple[float, float, float]
    ) -> None:
        """starts: the recorder among them, which is started for every trial. centre_m: the grasp centre."""
        self._starts = [start for start in starts if start.executable != RECORDER]
        self._recorder = next(start for start in starts if start.executable == RECORDER)
        goals = next(start for start in starts if start.executable == "goal_node").parameters
        self._seen_by = str(goals.get("sight", OBJECT_POSE.name))
        self._sight = ObjectSight(self._seen_by, load_hand(goals["hand"]))
        self._environment, self._log, self._centre_m = environment, log, centre_m
        self._leaving = contextlib.ExitStack()
        self._truth: PoseSample | None = None

    def __enter__(self) -> "TrialSession":
        """Starts the nodes and waits for them. Raises DexterityError; nothing runs then."""
        os.environ.update(self._environment)
        with contextlib.ExitStack() as entered:
            # Without arguments: those of --arg are no remappings of topics.
            rclpy.init(args=[], signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
            self.operator = Operator()
            entered.callback(self.operator.close)
            self.runner = TrialRunner(self.operator, self._centre_m, self.alive)
            node = self.operator.node
            ros.observe(node, self._seen_by, self._on_object)
            ros.observe(node, "goal_event", self._on_event)
            ros.observe(node, "sim_object_pose", self._on_truth)
            output = entered.enter_context(self._log.open("a"))
            self._output = output
            self._processes = entered.enter_context(Processes(self._starts, self._environment, log=output))
            self.operator.wait_for("all nodes", self._heard, _START_S, self.alive)
            self._leaving = entered.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.close()

    @property
    def limp(self) -> bool:
        """Whether the hand let go after the last trial; where it did not, ending the session switches torque off."""
        return self.runner.limp

    def _heard(self) -> bool:
        return bool(self.operator.supervisor and self.operator.policy_state)

    def _on_object(self, message: Any) -> None:
        with contextlib.suppress(WireError):
            pose = self._sight.pose(message, 0.0, ros.now_ns(self.operator.node))
            if pose is not None:
                self.runner.see(pose)

    def _on_event(self, message: Any) -> None:
        with contextlib.suppress(WireError):
            self.runner.event(goal_event(message.data))

    def _on_truth(self, message: Any) -> None:
        with contextlib.suppress(WireError):
            self._truth = wire.pose_sample(message)

    def alive(self) -> None:
        """Raises OperatorError when a node has ended by itself."""
        if ended := self._processes.ended():
            last = " | ".join(self._log.read_text(errors="replace").splitlines()[-3:])
            raise OperatorError(f"ended by themselves: {ended}; the end of {self._log}: {last}")

    def truly_in_hand(self, radius_m: float) -> bool:
        """Returns whether the simulator's object lies this near the grasp centre, for who sits beside such a hand."""
        self.operator.spin(_LOOK_S)
        if self._truth is None:
            raise OperatorError("the simulator does not say where the object is")
        return bool(np.linalg.norm(self._truth.pos_m - np.array(self._centre_m)) <= radius_m)

    def put_back(self) -> None:
        """Has the simulator put the object into the hand, which is limp."""
        self.operator.call("sim/reset", alive=self.alive)

    def trial(self, plan: TrialPlan, bag: Path, dropped: Callable[[], bool], say: Callable[[str], None]) -> Ended:
        """Records what `TrialRunner.trial` does; returns what came of it. Raises OperatorError."""
        with self._recording(bag):
            return self.runner.trial(plan, dropped, say)

    @contextlib.contextmanager
    def _recording(self, bag: Path) -> Iterator[None]:
        """Records everything from here on. Raises OperatorError when the recorder does not come up."""
        start = replace(self._recorder, parameters=self._recorder.parameters | {"folder": str(bag.absolute())})
        self.operator.diagnostics.pop(_RECORDING, None)
        with Processes([start], self._environment, log=self._output) as recorder:
            self._wait_for_recorder(lambda: _there(recorder))
            yield

    def _wait_for_recorder(self, there: Callable[[], None]) -> None:
        """Waits until the recorder hears every node: what a node says before is lost.

        Where a busy machine takes long, that it hears some must do.
        """
        with contextlib.suppress(OperatorError):
            self.operator.wait_for("all heard", lambda: not self._unheard(), _RECORDS_S, self.alive)
        self.operator.wait_for("the recorder", lambda: bool(number(self._recorded(), "messages")), _RECORDS_S, there)

    def _unheard(self) -> set[str]:
        """Returns the essential nodes that the recorder has not heard: each reports under the name of its program."""
        nodes = self._recorded().get("nodes")
        heard = nodes if isinstance(nodes, list) else []
        return {start.executable for start in self._starts if start.essential} - {str(name) for name in heard}

    def _recorded(self) -> dict[str, Any]:
        return self.operator.diagnostics.get(_RECORDING, {})


def _there(recorder: Processes) -> None:
    if recorder.ended():
        raise OperatorError("the recorder ended by itself")
