"""Gates targets and writes them to the hand; publishes what it measures. A lifecycle node: active means torque."""

import threading

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from dexterity_ros import ros
from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.nodes.hand.figures import HandFigures
from dexterity_ros.nodes.hand.guardian import Guardian, fork_guardian
from dexterity_ros.nodes.hand.inputs import HandInputs
from dexterity_ros.nodes.hand.ports import make_port
from dexterity_ros.nodes.hand.setup import HandParameters, hand_setup, new_control
from dexterity_ros.nodes.hand.stopping import emergency_stop, last_torque_off
from dexterity_ros.nodes.hand.topics import HandTopics
from dexterity_ros.ros.diagnostics import Reporter
from dexterity_ros.runtime.deadline_loop import DeadlineLoop
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import Phase
from dexterity_ros.safety.health import RebootPolicy

_PERIOD_NS = round(1e9 / TOPICS["joint_states"].rate_hz)


class HandNode(LifecycleNode):  # type: ignore[misc]
    """configure = connect, switch torque off, read; activate = torque on, ease in; deactivate = torque off.

    The control loop alone switches torque off; everything else asks it to.
    """

    def __init__(self, guardian: Guardian) -> None:
        super().__init__("hand_node", automatically_declare_parameters_from_overrides=True)
        self._wanted, self._guardian = ros.parameters(self, HandParameters), guardian
        self._setup = hand_setup(self._wanted)
        if self._setup.port is not None:
            ros.refuse_sim_time(self, "motors do not wait for a clock that can be set")
        self._control: HandControl | None = None
        self._lock = threading.Lock()
        self._stamps = ros.Stamps(self)
        self._port = make_port(self, self._setup)
        self._active = self._alert = False
        self._reboots = RebootPolicy(self._setup.max_reboots_per_hour)
        self._figures = HandFigures(self._setup, self._port)
        self._out = HandTopics(self, self._setup.hand, self._stamps)
        self._inputs = HandInputs(self, self._setup.hand.joint_names, self._stamps, self._figures.count)
        self.create_timer(0.02, self._follow_phase)
        self.create_service(Trigger, "~/estop", self._on_estop)
        self.create_service(Trigger, "~/reboot", self._on_reboot)
        self.loop = DeadlineLoop(_PERIOD_NS, self._cycle, on_death=ros.end_process)
        self._reporters = [
            Reporter(self, self._setup.hand.name, "loop", lambda: self._figures.of_loop(self.loop, self._out.state)),
            Reporter(self, self._setup.hand.name, "motors", self._figures.of_motors),
        ]

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Connects to the hand, switches off torque that it may still have, and begins to publish what it measures."""
        if problems := self._port.connect():
            self.get_logger().warning(f"not ready, trying again: {'; '.join(problems)}", throttle_duration_sec=5.0)
            return TransitionCallbackReturn.FAILURE
        self._guardian.guard(self._wanted)  # not before the port is ours: a stranger's motors are not to be taken
        self._control = new_control(self._port, self._setup)
        self._control.take_torque()
        self.loop = DeadlineLoop(_PERIOD_NS, self._cycle, on_death=ros.end_process)
        self.loop.start("hand")
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Switches torque on where the hand stands, if the supervisor permits it at this moment."""
        assert self._control is not None
        with self._lock:
            fault = self._control.activate(self._inputs.permit, ros.steady_ns(self))
        if fault is not None:
            self.get_logger().error(f"cannot activate: {fault}")
            return TransitionCallbackReturn.FAILURE
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Leaves a disarmed hand to let go gently; in every other case the torque goes at once."""
        self._active = False
        if not self._inputs.permit.disarmed:
            self._stop("deactivated while it was not disarmed")
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Torque off, loop ended, port closed; configure begins anew."""
        self.shut()
        self._control = None
        return TransitionCallbackReturn.SUCCESS

    def _stop(self, reason: str) -> None:
        if self._control is not None and self._control.powered:
            self._control.stop(reason)

    def _on_estop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = emergency_stop(self._control)
        return response

    def _on_reboot(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Restarts motors with a latched error; only while no motor has torque."""
        response.success = limp = self._control is None or not self._control.powered
        with self._lock:
            names = self._port.reboot() if limp else []
        response.message = f"rebooted: {', '.join(names) or 'none needed it'}" if limp else "disarm first"
        return response

    def _cycle(self) -> None:
        assert self._control is not None
        with self._lock:
            self._stamps.look()
            wanted, permit, refused = self._inputs.wanted, self._inputs.permit, ros.refused(self)
            now = ros.steady_ns(self)  # after all that was heard, and after the lock: arming may have held it
            before = self._control.powered
            tick = self._control.tick(wanted, permit, now, refused)
            state, stopped = self._control.state, before and self._control.phase in (Phase.LETTING_GO, Phase.STOPPED)
        self._out.publish(tick, state)
        self._figures.add(tick, now)
        self._alert |= stopped and any(fault.code is FaultCode.MOTOR_ALERT for fault in tick.faults)

    def _follow_phase(self) -> None:
        """Leaves the state active after the loop has stopped the hand; reboots motors where that is permitted."""
        if self._control is None:
            return
        if self._active and self._control.phase in (Phase.LETTING_GO, Phase.STOPPED):
            self.get_logger().error(self._control.state)
            self.trigger_deactivate()
        if self._alert and self._control.phase is Phase.STOPPED:
            self._alert = False
            if self._reboots.permit(ros.steady_ns(self)):
                with self._lock:
                    self.get_logger().warning(f"rebooted by itself: {', '.join(self._port.reboot())}")

    def shut(self) -> None:
        """Loop stopped, torque off until every motor confirms it, port closed."""
        self.loop.stop()
        remains = last_torque_off(self._control, self._port, lambda: ros.steady_ns(self))
        self._port.close()
        self._guardian.relieve(remains)


def main() -> None:
    """Entry point."""
    guardian = fork_guardian()
    ros.run(lambda: HandNode(guardian), lambda node: node.shut())


if __name__ == "__main__":
    main()
