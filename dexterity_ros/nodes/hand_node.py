"""Gates targets and writes them to the hand; publishes what it measures. A lifecycle node: active means torque."""

import threading
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.drivers.deadline_loop import DeadlineLoop, Histogram
from dexterity_ros.nodes import ros
from dexterity_ros.nodes.diagnostics import Reporter, loop_values
from dexterity_ros.nodes.hand_inputs import HandInputs
from dexterity_ros.nodes.hand_ports import connect_problems, make_port, reboot_motors
from dexterity_ros.nodes.hand_setup import HandParameters, hand_setup
from dexterity_ros.nodes.hand_topics import HandTopics
from dexterity_ros.pipeline.hand_control import HandControl, Phase
from dexterity_ros.safety.faults import REACTIONS, Reaction


class HandNode(LifecycleNode):  # type: ignore[misc]
    """configure = connect and read; activate = torque on and ease in; deactivate = torque off."""

    def __init__(self) -> None:
        super().__init__("hand_node", automatically_declare_parameters_from_overrides=True)
        self._setup = hand_setup(ros.parameters(self, HandParameters))
        self._control: HandControl | None = None
        self._lock = threading.Lock()
        self._ages = Histogram()
        self._faults: dict[str, int] = {}
        self._port = make_port(self, self._setup)
        self._must_stop = False
        self._out = HandTopics(self, self._setup.hand.joint_names)
        self.create_timer(0.02, self._stop_if_needed)
        self._inputs = HandInputs(self, self._setup.hand.joint_names, self._count)
        self.create_service(Trigger, "~/estop", self._on_estop)
        self.create_service(Trigger, "~/reboot", self._on_reboot)
        self.loop = DeadlineLoop(round(1e9 / TOPICS["joint_states"].rate_hz), self._cycle)
        self._reporter = Reporter(self, self._setup.hand.name, "loop", self._report)

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Connects to the hand and begins to publish what it measures."""
        problems = connect_problems(self._port)
        for problem in problems:
            self.get_logger().error(problem, throttle_duration_sec=5.0)
        if problems:
            return TransitionCallbackReturn.FAILURE
        self._control = HandControl(self._port, self._setup.limits, self._setup.start_rad, shadow=self._setup.shadow)
        self.loop.start("hand")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Switches torque on where the hand stands."""
        assert self._control is not None
        with self._lock:
            fault = self._control.activate(ros.now_ns(self))
        if fault is not None:
            self.get_logger().error(f"cannot activate: {fault}")
            return TransitionCallbackReturn.FAILURE
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Switches torque off."""
        self._torque_off()
        return super().on_deactivate(state)

    def _torque_off(self) -> None:
        assert self._control is not None
        with self._lock:
            fault = self._control.deactivate()
        if fault is not None:
            self.get_logger().error(f"torque off failed: {fault}")

    def _on_estop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._control is not None:
            self._torque_off()
            self.trigger_deactivate()
        response.success, response.message = True, "torque off"
        return response

    def _on_reboot(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Restarts motors with a latched error; only while the hand is limp."""
        limp = self._control is None or self._control.phase is Phase.LIMP
        with self._lock:
            names = reboot_motors(self._port) if limp else []
        response.success = limp
        response.message = f"rebooted: {', '.join(names) or 'none needed it'}" if limp else "disarm first"
        return response

    def _cycle(self) -> None:
        assert self._control is not None
        try:
            with self._lock:
                now = ros.now_ns(self)  # after the lock: arming may have held it for a while
                tick = self._control.tick(self._inputs.wanted, self._inputs.permit, now)
                state = self._control.state
        except DexterityError as error:
            self._count("hand_read_failed")
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return
        self._out.publish(tick, state)
        for fault in tick.faults:
            self._count(fault.code)
            if REACTIONS[fault.code] is Reaction.STOP and not self._must_stop:
                self.get_logger().error(str(fault))
                self._must_stop = True
        if tick.written_target is not None:
            self._ages.add((now - int(tick.written_target.stamp_ns)) * 1e-9)

    def _stop_if_needed(self) -> None:
        """Takes the torque after a fault that asks for it; the supervisor sees that the node is no longer active."""
        if self._must_stop and self._control is not None and self._control.phase is not Phase.LIMP:
            self._torque_off()
            self.trigger_deactivate()
        self._must_stop = False

    def _count(self, code: str) -> None:
        self._faults[code] = self._faults.get(code, 0) + 1

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        values = loop_values(self.loop) | {"observation_age_ms": self._ages.milliseconds(), "faults": self._faults}
        values |= {"nominal": self._setup.nominal, "shadow": self._setup.shadow}
        return "ok", self._out.state or "not configured", values

    def shut(self) -> None:
        """Torque off and loop stopped, once."""
        if self._control is not None:
            self._torque_off()
        self.loop.stop()
        self._port.close()


def main() -> None:
    """Entry point."""
    ros.run(HandNode, lambda node: node.shut())


if __name__ == "__main__":
    main()
