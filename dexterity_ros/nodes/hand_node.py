"""Gates targets and writes them to the hand; publishes what it measures. A lifecycle node: active means torque."""

import threading

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from dexterity_ros import ros
from dexterity_ros.contracts.errors import DexterityError, Fault, FaultCode
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.nodes.hand.figures import HandFigures
from dexterity_ros.nodes.hand.inputs import HandInputs
from dexterity_ros.nodes.hand.ports import connect_problems, make_port, reboot_motors
from dexterity_ros.nodes.hand.setup import HandParameters, hand_setup
from dexterity_ros.nodes.hand.topics import HandTopics
from dexterity_ros.ros.diagnostics import Reporter
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.hand_control import HandControl, Phase
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.safety.health import RebootPolicy


class HandNode(LifecycleNode):  # type: ignore[misc]
    """configure = connect and read; activate = torque on and ease in; deactivate = torque off."""

    def __init__(self) -> None:
        super().__init__("hand_node", automatically_declare_parameters_from_overrides=True)
        self._setup = hand_setup(ros.parameters(self, HandParameters))
        self._control: HandControl | None = None
        self._lock = threading.Lock()
        self._port = make_port(self, self._setup)
        self._must_stop: Fault | None = None
        self._reboots = RebootPolicy(self._setup.max_reboots_per_hour)
        self._figures = HandFigures(self._setup, self._port)
        self._out = HandTopics(self, self._setup.hand)
        self.create_timer(0.02, self._stop_if_needed)
        self._inputs = HandInputs(self, self._setup.hand.joint_names, self._figures.count)
        self.create_service(Trigger, "~/estop", self._on_estop)
        self.create_service(Trigger, "~/reboot", self._on_reboot)
        self.loop = DeadlineLoop(round(1e9 / TOPICS["joint_states"].rate_hz), self._cycle)
        self._reporters = [
            Reporter(self, self._setup.hand.name, "loop", lambda: self._figures.of_loop(self.loop, self._out.state)),
            Reporter(self, self._setup.hand.name, "motors", self._figures.of_motors),
        ]

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Connects to the hand and begins to publish what it measures."""
        problems = connect_problems(self._port)
        for problem in problems:
            self.get_logger().warning(f"not ready, trying again: {problem}", throttle_duration_sec=5.0)
        if problems:
            return TransitionCallbackReturn.FAILURE
        setup = self._setup
        self._control = HandControl(self._port, setup.hand, setup.limits, setup.start_rad, shadow=setup.shadow)
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
        """Lets go gently when disarmed; after a stop, or when nobody supervises, at once."""
        if self._inputs.permit.disarmed:
            with self._lock:
                self._control.ease_out(ros.now_ns(self))  # type: ignore[union-attr]
        else:
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
            self._stop()
        response.success, response.message = True, "torque off"
        return response

    def _stop(self) -> None:
        """Torque off at once, and out of the state active if the node is in it."""
        active = self._control is not None and self._control.phase not in (Phase.LIMP, Phase.EASING_OUT)
        self._torque_off()
        if active:
            self.trigger_deactivate()

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
            self._figures.count(FaultCode.HAND_READ_FAILED)
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
            return
        self._out.publish(tick, state)
        self._figures.add(tick, now)
        for fault in tick.faults:
            if REACTIONS[fault.code] is Reaction.STOP and not self._must_stop:
                self.get_logger().error(str(fault))
                self._must_stop = fault

    def _stop_if_needed(self) -> None:
        """Takes the torque after a fault that asks for it; the supervisor sees that the node is no longer active."""
        fault, self._must_stop = self._must_stop, None
        if fault is None or self._control is None or self._control.phase is Phase.LIMP:
            return
        self._stop()
        if fault.code is FaultCode.MOTOR_ALERT and self._reboots.permit(ros.now_ns(self)):
            with self._lock:
                self.get_logger().warning(f"rebooted by itself: {', '.join(reboot_motors(self._port))}")

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
