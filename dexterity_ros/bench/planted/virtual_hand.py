"""A driven hand in virtual time: HandControl, driver, emulated motors, physics, and what it says of itself."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from dexterity_ros.bench.run_writer import BEGIN_NS, RunWriter
from dexterity_ros.contracts.ports import ActuatedJointsPort
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import JointSample
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.plants import GAIN, Plant, PlantedJoints
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.drivers.open import hand_on_bus
from dexterity_ros.recording.messages import header
from dexterity_ros.recording.types import blank, make
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import HandTick, NumberedTarget
from dexterity_ros.runtime.motor_figures import motor_figures
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import GateLimits
from dexterity_ros.sim.realtime import RealtimeHand

_BUS_TIMEOUT_S = 0.01


class VirtualHand:
    """What hand_node is, on an emulated bus; waiting costs no time."""

    def __init__(
        self, hand: RobotHand, sim: RealtimeHand, limits: GateLimits, start_rad: Any, plant: Plant | None, seed: int
    ) -> None:
        """plant: a mistake in the joints. Raises ConfigError."""
        self._hand, self._sim = hand, sim
        self.bus = EmulatedBus(hand, _joints(hand, sim, plant), WireModel(baud=hand.drive.baud_rate))
        self.port = VirtualPort(self.bus, seed=seed)
        self._driver = hand_on_bus(hand, self._open, current_limit_a=limits.current_limit_a)
        self.control = HandControl(self._driver, hand, limits, start_rad, shadow=False)
        self._driver.connect()
        self._simulated_ns = self.now_ns()
        self._state, self._reset = "", 0
        self._faults: Counter[str] = Counter()
        self._cycles = 0

    def now_ns(self) -> int:
        """Returns the virtual time, as a stamp."""
        return BEGIN_NS + self.port.now_ns()

    @property
    def reset(self) -> int:
        """The number of the newest reset."""
        return self._reset

    def sleep_until(self, stamp_ns: int) -> None:
        """Lets time pass, and the physics with it."""
        self.port.sleep(max(stamp_ns - self.now_ns(), 0) * 1e-9)
        step_ns = round(self._sim.timestep_s * 1e9)
        steps = (self.now_ns() - self._simulated_ns) // step_ns
        self._sim.advance(steps)
        self._simulated_ns += steps * step_ns

    def cycle(self, wanted: NumberedTarget | None, permit: Permit, bag: RunWriter, heard: "Hearing") -> str:
        """Runs one control cycle and publishes it. Returns the hand's state. heard: takes measured joints."""
        now = self.now_ns()
        tick = self.control.tick(wanted, permit, now)
        self._cycles += 1
        self._faults.update(str(fault.code) for fault in tick.faults)
        self._publish(tick, now, bag, heard)
        return self.control.state

    def _publish(self, tick: HandTick, now: int, bag: RunWriter, heard: "Hearing") -> None:
        if tick.new_reset is not None:
            self._reset = tick.new_reset
            bag.text("policy_reset", now, str(tick.new_reset))
        if tick.measured is not None:
            heard(tick.measured)
        if tick.output is not None:
            bag.joints("gated_targets", now, tick.output.pos_rad)
        if self.control.state != self._state:
            self._state = self.control.state
            bag.text("hand_state", now, self._state)
        self._present = tick.faults

    def report(self, bag: RunWriter) -> None:
        """Writes what hand_node says on /diagnostics once a second."""
        health = self._driver.health()
        motors = {} if health is None else motor_figures(self._hand, health)
        said = "; ".join(map(str, self._present)) or "ok"
        loop = {"cycles": self._cycles, "faults": dict(self._faults)}
        for task, message, values in (("motors", said, motors), ("loop", self._state, loop)):
            bag.message(
                "diagnostics", self.now_ns(), _diagnostics(f"hand_node: {task}", message, values, self.now_ns())
            )

    def _open(self) -> NativeBus:
        return NativeBus(self.port, timeout_s=_BUS_TIMEOUT_S)


Hearing = Callable[[JointSample], None]


def _joints(hand: RobotHand, sim: RealtimeHand, plant: Plant | None) -> ActuatedJointsPort:
    if plant is None:
        return sim
    if plant.kind == "gain":
        sim.weaken(plant.joints[0], GAIN)
    return PlantedJoints(sim, hand, plant)


def _diagnostics(name: str, message: str, values: dict[str, Any], now_ns: int) -> Any:
    pairs = [make("diagnostic_msgs/msg/KeyValue", key=key, value=json.dumps(value)) for key, value in values.items()]
    status = blank("diagnostic_msgs/msg/DiagnosticStatus")
    status.name, status.message, status.values = name, message, pairs
    return make("diagnostic_msgs/msg/DiagnosticArray", header=header(now_ns), status=[status])
