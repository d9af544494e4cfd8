"""A stop is a stop: torque goes in the cycle that learns of it, and only a person's disarm ends it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import NumberedTarget, Phase
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

MS = 1_000_000


class Motors:
    """A hand that notes what is done to its torque; `deaf`: torque off is not confirmed; `found`: a fault."""

    def __init__(self, start):
        self.pos, self.torque, self.deaf, self.found = np.array(start, dtype=float), False, False, None
        self.torque_on_asked = 0

    def read(self, now_ns):
        return self.found or JointSample(stamp_ns=now_ns, pos_rad=self.pos.copy(), vel_rad_s=np.zeros_like(self.pos))

    def health(self):
        return None

    def write(self, target):
        assert self.torque
        self.pos = target.pos_rad.copy()

    def set_torque(self, enabled):
        self.torque_on_asked += enabled
        if not enabled and self.deaf:
            return Fault(code=FaultCode.HAND_WRITE_FAILED, detail="motor 5 (mf_mcp) did not confirm")
        self.torque = enabled
        return None

    def close(self):
        pass


class Bench:
    """A hand that follows a policy, and a supervisor."""

    def __init__(self, leap):
        self.home = np.array(leap.home_pos_rad)
        self.motors = Motors(self.home + 0.05)
        self.control = HandControl(self.motors, leap, gate_limits(leap, None, Tightening()), self.home, shadow=False)
        self.now, self.reset, self.disarms = 1_000 * MS, 0, 0

    def permit(self, **said):
        said = {"armed": True, "disarms": self.disarms, "heartbeat_ns": self.now} | said
        return Permit(**said)

    def tick(self, permit=None, after_ms=10):
        self.now += after_ms * MS
        target = JointTarget(stamp_ns=self.now, pos_rad=self.home + 0.02)
        tick = self.control.tick(NumberedTarget(reset=self.reset, target=target), permit or self.permit(), self.now)
        self.reset = self.reset if tick.new_reset is None else tick.new_reset
        return tick

    def follow(self):
        assert self.control.activate(self.permit(), self.now) is None
        for _ in range(300):
            self.tick()
            if self.control.phase is Phase.FOLLOWING:
                return self
        raise AssertionError(self.control.state)


@pytest.fixture
def bench(leap):
    return Bench(leap).follow()


def alert(code):
    return Fault(code=code, detail="motor 5 (mf_mcp)")


STOPS = {
    "asked for": lambda bench: bench.control.stop("emergency stop"),
    "by the supervisor": lambda bench: bench.tick(bench.permit(armed=False, stopped=True)),
    "a motor's alert": lambda bench: setattr(bench.motors, "found", alert(FaultCode.MOTOR_ALERT)),
    "a motor that restarted": lambda bench: setattr(bench.motors, "found", alert(FaultCode.MOTOR_RESET)),
    "motors that are not armed": lambda bench: setattr(
        bench.motors, "write", lambda _target: alert(FaultCode.HAND_NOT_READY)
    ),
}


@pytest.mark.parametrize("kind", STOPS)
def test_a_stop_takes_the_torque_within_one_cycle_and_stays(bench, kind):
    STOPS[kind](bench)
    bench.tick()
    assert not bench.motors.torque and bench.control.phase is Phase.STOPPED
    bench.motors.found = None
    asked = bench.motors.torque_on_asked
    for _ in range(200):
        tick = bench.tick()
        assert tick.output is None and not bench.motors.torque
    assert bench.control.activate(bench.permit(), bench.now).code is FaultCode.HAND_NOT_READY
    bench.tick(bench.permit(armed=False, disarmed=True))
    assert bench.control.phase is Phase.STOPPED, "a disarm from before the stop does not end it"
    assert bench.motors.torque_on_asked == asked


@pytest.mark.parametrize("kind", STOPS)
def test_only_a_disarm_that_follows_it_ends_a_stop(bench, kind):
    STOPS[kind](bench)
    bench.tick()
    bench.motors.found = None
    bench.disarms += 1
    stale = bench.permit(armed=False, disarmed=True, heartbeat_ns=bench.now - 500 * MS)
    bench.tick(stale)
    assert bench.control.phase is Phase.STOPPED, "a supervisor that has fallen silent ends no stop"
    bench.tick(bench.permit(armed=False, disarmed=True))
    bench.tick(bench.permit(armed=False, disarmed=True))
    assert bench.control.phase is Phase.LIMP


def test_torque_that_a_motor_does_not_confirm_is_taken_again_and_again_and_named(bench):
    bench.motors.deaf = True
    bench.control.stop("emergency stop")
    for k in range(150):
        tick = bench.tick(bench.permit(heartbeat_ns=bench.now))
        assert bench.control.phase is Phase.LETTING_GO and tick.output is None
        assert any(fault.code is FaultCode.TORQUE_REMAINS for fault in tick.faults)
        assert "mf_mcp" in bench.control.state
        assert ("CUT THE POWER" in bench.control.state) == (k > 100), k
    bench.motors.deaf = False
    bench.tick()
    assert not bench.motors.torque and bench.control.state == "stopped: emergency stop"


def test_torque_found_on_a_limp_hand_is_taken(leap):
    bench = Bench(leap)
    bench.motors.torque, bench.motors.found = True, alert(FaultCode.TORQUE_FOUND)
    bench.tick()
    assert not bench.motors.torque
    bench.motors.found = None
    bench.tick()
    assert bench.control.phase is Phase.LIMP


def test_a_process_begins_by_taking_what_torque_there_is(leap):
    bench = Bench(leap)
    bench.motors.torque = True
    bench.control.take_torque()
    assert bench.control.activate(bench.permit(), bench.now).code is FaultCode.HAND_NOT_READY
    bench.tick()
    assert not bench.motors.torque and bench.control.phase is Phase.LIMP


def test_a_motor_that_is_ill_while_the_hand_is_limp_stops_nothing(leap):
    bench = Bench(leap)
    bench.motors.found = alert(FaultCode.MOTOR_ALERT)
    bench.tick()
    assert bench.control.phase is Phase.LIMP


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"armed": False}, FaultCode.NOT_ARMED),
        ({"heartbeat_ns": None}, FaultCode.HEARTBEAT_LOST),
        ({"heartbeat_ns": 0}, FaultCode.HEARTBEAT_LOST),
        ({"heartbeat_ns": 10**15}, FaultCode.HEARTBEAT_LOST),
    ],
)
def test_torque_does_not_come_on_without_a_fresh_permit(leap, said, code):
    bench = Bench(leap)
    assert bench.control.activate(bench.permit(**said), bench.now).code is code
    assert bench.motors.torque_on_asked == 0


def test_torque_does_not_come_on_with_a_joint_one_turn_off(leap):
    bench = Bench(leap)
    bench.motors.pos[3] += 2.0 * np.pi
    fault = bench.control.activate(bench.permit(), bench.now)
    assert fault.code is FaultCode.HAND_NOT_READY and "zero offset" in fault.detail
    assert bench.motors.torque_on_asked == 0


def test_easing_begins_at_the_true_pose_of_a_joint_that_sags_past_its_limit(leap):
    bench = Bench(leap)
    bench.motors.pos[0] = leap.upper_rad[0] + 0.06
    assert bench.control.activate(bench.permit(), bench.now) is None
    assert bench.motors.pos[0] == leap.upper_rad[0] + 0.06
    before = bench.motors.pos[0]
    for _ in range(20):
        bench.tick()
        assert before - 0.03 <= bench.motors.pos[0] <= before
        before = bench.motors.pos[0]


def test_a_disarm_heard_on_the_heartbeat_alone_lets_go_gently(bench):
    bench.disarms += 1
    for _ in range(80):
        bench.tick(bench.permit(armed=False, disarmed=True))
    assert bench.control.phase is Phase.LIMP and not bench.motors.torque


def test_a_cycle_that_comes_late_holds_and_says_that_the_machine_is_busy(bench):
    tick = bench.tick(after_ms=90)
    assert bench.control.phase is Phase.HOLDING and "the machine is busy" in bench.control.state
    assert any(fault.code is FaultCode.LOOP_LATE for fault in tick.faults)
    bench.motors.found = alert(FaultCode.MOTOR_RESET)
    bench.tick()
    assert "90 ms late: the machine is busy" in bench.control.state


WORDS = ("armed", "hold", "stopped", "disarm", "silence", "stop", "alert", "activate", "late")


@settings(max_examples=300, deadline=None)
@given(events=st.lists(st.sampled_from(WORDS), max_size=40))
def test_from_a_stop_no_way_leads_to_torque_but_through_a_disarm(leap, events):
    """Every interleaving of heartbeats, stops, faults, activations and late cycles."""
    bench = Bench(leap).follow()
    stopped_at, heartbeat = None, bench.permit()
    for event in events:
        if event == "stop":
            bench.control.stop("emergency stop")
        elif event == "activate":
            bench.control.activate(heartbeat, bench.now)
        elif event == "disarm":
            bench.disarms += 1
        bench.motors.found = alert(FaultCode.MOTOR_ALERT) if event == "alert" else None
        said = {
            "armed": {}, "hold": {"armed": False}, "stopped": {"armed": False, "stopped": True},
            "disarm": {"armed": False, "disarmed": True},
        }.get(event)  # fmt: skip
        now = bench.now + (90 if event == "late" else 10) * MS
        if said is not None:
            heartbeat = bench.permit(**said, heartbeat_ns=now)
        bench.tick(heartbeat, after_ms=90 if event == "late" else 10)
        if bench.control.phase is Phase.STOPPED:
            stopped_at = bench.disarms if stopped_at is None else stopped_at
        if stopped_at is not None and bench.disarms == stopped_at:
            assert not bench.motors.torque and bench.control.phase is Phase.STOPPED
        elif bench.control.phase is not Phase.STOPPED:
            stopped_at = None
