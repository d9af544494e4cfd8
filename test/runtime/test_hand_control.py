"""The hand eases in, follows only a policy that started afresh, and holds when anything is unknown."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import JointSample, JointTarget, MotorHealth
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import NumberedTarget, Phase
from dexterity_ros.safety.gate import Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

STEP_NS = 10_000_000


class FakeHand:
    """Follows what is written at once; can be told to fail."""

    def __init__(self, start):
        self.pos, self.torque, self.written, self.broken = np.array(start, dtype=float), False, [], False
        self.written_current = []
        self.state = None

    def read(self, now_ns):
        if self.broken:
            return Fault(code=FaultCode.HAND_READ_FAILED, detail="unplugged")
        return JointSample(stamp_ns=now_ns, pos_rad=self.pos.copy(), vel_rad_s=np.zeros_like(self.pos))

    def health(self):
        return self.state

    def write(self, target):
        self.written.append(target.pos_rad)
        self.written_current.append(target.current_limit_a)
        self.pos = target.pos_rad.copy()

    def set_torque(self, enabled):
        self.torque = enabled

    def close(self):
        pass


class Bench:
    """A hand, its control and a clock."""

    def __init__(self, leap, *, shadow=False, start=None):
        self.home = np.array(leap.home_pos_rad)
        self.hand = FakeHand(self.home + 0.3 if start is None else start)
        self.control = HandControl(self.hand, leap, gate_limits(leap, None, Tightening()), self.home, shadow=shadow)
        self.now, self.resets = 0, []

    def permit(self, armed=True):
        return Permit(armed=armed, heartbeat_ns=self.now)

    def tick(self, wanted=None, armed=True, heartbeat=True, disarmed=False, disarms=0, stopped=False):
        self.now += STEP_NS
        permit = Permit(
            armed=armed and not disarmed and not stopped,
            disarmed=disarmed,
            stopped=stopped,
            disarms=disarms,
            heartbeat_ns=self.now if heartbeat else 0,
        )
        tick = self.control.tick(wanted, permit, self.now)
        if tick.new_reset is not None:
            self.resets.append(tick.new_reset)
        return tick

    def ease_in(self):
        assert self.control.activate(self.permit(), self.now) is None
        for _ in range(500):
            self.tick()
            if self.control.phase is Phase.HOLDING:
                return
        raise AssertionError("easing never ended")

    def target(self, offset, reset=None):
        number = self.resets[-1] if reset is None else reset
        return NumberedTarget(reset=number, target=JointTarget(stamp_ns=self.now + STEP_NS, pos_rad=self.home + offset))


@pytest.fixture
def bench(leap):
    return Bench(leap)


def test_nothing_is_written_before_activation(bench):
    for _ in range(5):
        assert bench.tick().output is None
    assert bench.hand.written == [] and not bench.hand.torque


def test_easing_starts_at_the_measured_pose_and_never_jumps(bench):
    start = bench.hand.pos.copy()
    bench.ease_in()
    path = np.array(bench.hand.written)
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_allclose(path[-1], bench.home, atol=1e-6)
    assert np.abs(np.diff(path, axis=0)).max() < 0.02


def test_after_easing_it_waits_for_a_policy_that_obeyed_the_reset(bench):
    bench.ease_in()
    assert bench.resets == [1]
    bench.tick(bench.target(0.1, reset=0))
    np.testing.assert_allclose(bench.hand.pos, bench.home, atol=1e-6)
    assert bench.control.phase is Phase.HOLDING
    bench.tick(bench.target(0.1))
    np.testing.assert_allclose(bench.hand.pos, bench.home + 0.1)
    assert bench.control.phase is Phase.FOLLOWING


def test_losing_the_supervisor_holds_and_asks_for_a_new_start(bench):
    bench.ease_in()
    bench.tick(bench.target(0.1))
    before = bench.hand.pos.copy()
    for _ in range(20):
        bench.tick(bench.target(0.2), heartbeat=False)
    assert bench.control.phase is Phase.HOLDING and "heartbeat_lost" in bench.control.state
    np.testing.assert_array_equal(bench.hand.pos, bench.hand.written[-1])
    assert bench.resets == [1, 2]
    held = bench.hand.pos.copy()
    bench.tick(bench.target(0.3, reset=1))
    np.testing.assert_array_equal(bench.hand.pos, held)
    assert np.abs(held - before).max() <= 0.11


def test_a_hold_says_why_it_lasts_not_only_why_it_began(leap):
    bench = Bench(leap)
    bench.ease_in()
    bench.tick(bench.target(0.1))
    foreign, second, stale = (
        Fault(code=code, detail=code.value)
        for code in (FaultCode.FOREIGN_OWNER, FaultCode.TWO_OWNERS, FaultCode.TARGET_STALE)
    )
    for refused, said in ((foreign, "foreign_owner"), (second, "two_owners"), (stale, "two_owners")):
        bench.now += STEP_NS
        bench.control.tick(None, bench.permit(), bench.now, (refused,))
        assert bench.control.phase is Phase.HOLDING and said in bench.control.state


def test_a_failed_read_is_tolerated_once_and_then_holds(bench):
    bench.ease_in()
    bench.tick(bench.target(0.05))
    bench.hand.broken = True
    tick = bench.tick(bench.target(0.1))
    assert tick.measured is None and bench.control.phase is Phase.FOLLOWING
    for _ in range(6):
        tick = bench.tick(bench.target(0.15))
    assert bench.control.phase is Phase.HOLDING
    assert FaultCode.HAND_READ_FAILED in [fault.code for fault in tick.faults]


def test_a_hand_that_cannot_be_read_is_not_activated(bench):
    bench.hand.broken = True
    assert bench.control.activate(bench.permit(), 0).code == FaultCode.HAND_READ_FAILED
    assert not bench.hand.torque and bench.hand.written == []


def test_deactivation_takes_the_torque(bench):
    bench.ease_in()
    bench.control.deactivate()
    assert not bench.hand.torque and bench.control.phase is Phase.STOPPED
    assert bench.tick(bench.target(0.1)).output is None


def test_shadow_mode_gates_everything_and_writes_nothing(leap):
    bench = Bench(leap, shadow=True)
    bench.ease_in()
    tick = bench.tick(bench.target(0.1))
    np.testing.assert_allclose(tick.output.pos_rad, bench.home + 0.1)
    assert bench.hand.written == [] and not bench.hand.torque


def test_disarming_while_easing_stops_and_begins_again_from_there(bench):
    bench.control.activate(bench.permit(), 0)
    for _ in range(10):
        bench.tick()
    for _ in range(30):
        bench.tick(armed=False)
    stood = bench.hand.pos.copy()
    bench.tick()
    assert np.abs(bench.hand.pos - stood).max() < 0.02


def test_each_target_is_counted_once(bench):
    bench.ease_in()
    wanted = bench.target(0.1)
    assert bench.tick(wanted).written_target is wanted.target
    assert bench.tick(wanted).written_target is None


def hot(leap, celsius, now):
    n = len(leap.joints)
    return MotorHealth(
        current_a=np.zeros(n),
        temperature_c=np.full(n, celsius),
        supply_v=np.full(n, 5.0),
        seen_ns=np.full(n, now),
        round_trip_s=0.0,
    )


def test_a_hot_motor_holds_and_a_cool_one_goes_on(bench, leap):
    bench.ease_in()
    bench.hand.state = hot(leap, 66.0, bench.now)
    before = bench.hand.pos.copy()
    tick = bench.tick(bench.target(0.1))
    assert FaultCode.MOTOR_HOT in [fault.code for fault in tick.faults]
    np.testing.assert_array_equal(bench.hand.pos, before)
    bench.hand.state = hot(leap, 50.0, bench.now)
    bench.tick(bench.target(0.1))
    assert bench.control.phase is Phase.FOLLOWING


def test_a_motor_that_stalls_too_long_is_relieved_and_then_goes_on(bench, leap):
    bench.ease_in()
    limit_a = bench.hand.written_current[-1]
    pushing = np.zeros(16)
    currents = []
    for _ in range(1800):  # 18 s of pushing with all the current that is allowed
        pushing[7] = bench.hand.written_current[-1]
        bench.hand.state = replace(hot(leap, 40.0, bench.now), current_a=pushing.copy())
        bench.tick(bench.target(0.0))
        currents.append(bench.hand.written_current[-1])
    share = np.array(currents) / limit_a
    held = np.flatnonzero(share < 0.9)
    assert 900 < held[0] < 1100 and np.allclose(share[held], 0.5)  # after ten seconds
    first = held[held < held[0] + 200]  # it pushes again, and is relieved again
    assert 50 < len(first) < 100 and np.isclose(share[held[0] + 150], 1.0) and len(held) > 2 * len(first)


def test_a_hot_hand_is_not_activated(bench, leap):
    bench.hand.state = hot(leap, 66.0, 0)
    assert bench.control.activate(bench.permit(), 0).code == FaultCode.MOTOR_HOT
    assert not bench.hand.torque


def test_easing_out_stands_still_while_the_current_fades_and_then_lets_go(bench):
    bench.ease_in()
    bench.tick(bench.target(0.1))
    held = bench.hand.pos.copy()
    bench.control.ease_out(bench.now)
    limits = [bench.tick(bench.target(0.2), disarmed=True).output.current_limit_a for _ in range(50)]
    assert limits == sorted(limits, reverse=True) and limits[-1] < 0.25 * limits[0]
    np.testing.assert_array_equal(bench.hand.pos, held)
    assert bench.hand.torque and bench.control.phase is Phase.EASING_OUT
    for _ in range(20):
        bench.tick(disarmed=True)
    assert bench.control.phase is Phase.LIMP and not bench.hand.torque


def test_easing_out_ends_on_time_when_the_hand_cannot_be_read(bench):
    bench.ease_in()
    bench.control.ease_out(bench.now)
    bench.hand.broken = True
    for _ in range(70):
        bench.tick(disarmed=True)
    assert not bench.hand.torque


def test_a_stop_while_easing_out_takes_the_torque_at_once(bench):
    bench.ease_in()
    bench.control.ease_out(bench.now)
    bench.tick(disarmed=True)
    assert bench.hand.torque
    bench.tick(armed=False)
    assert not bench.hand.torque


def test_a_limp_hand_has_nothing_to_ease_out_of(bench):
    bench.control.ease_out(0)
    assert bench.control.phase is Phase.LIMP


def test_a_torque_off_that_is_not_confirmed_is_not_called_limp_and_is_tried_again(bench):
    bench.ease_in()
    bench.control.ease_out(bench.now)
    refused = Fault(code=FaultCode.HAND_WRITE_FAILED, detail="motor 5 (mf_mcp) was not acknowledged")
    bench.hand.set_torque = lambda enabled: refused
    for _ in range(70):
        tick = bench.tick(disarmed=True)
    assert bench.control.phase is Phase.LETTING_GO and "mf_mcp" in bench.control.state
    assert [fault.detail for fault in tick.faults] == [refused.detail] and tick.output is None
    del bench.hand.set_torque
    bench.tick(disarmed=True)
    assert bench.control.phase is Phase.LIMP and not bench.hand.torque
