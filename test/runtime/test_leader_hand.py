"""A second hand without torque leads, whatever happens to its cable and its motors."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.shown_joints import ShownJoints
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.drivers.open import hand_on_bus
from dexterity_ros.runtime.leader_hand import LeaderHand


class Bench:
    """An emulated leader in virtual time."""

    def __init__(self, hand, joints=None):
        self.joints = joints or StillJoints(hand.joint_names, np.array(hand.home_pos_rad))
        self.bus = EmulatedBus(hand, self.joints, WireModel())
        self.port, self.there = VirtualPort(self.bus), True
        self.leader = LeaderHand(hand_on_bus(hand, self._open, current_limit_a=0.0), hand)

    def _open(self):
        if not self.there:
            raise BusLostError("no such port")
        self.port.unplugged = False
        return NativeBus(self.port, timeout_s=0.01)

    def pull(self):
        self.there, self.port.unplugged = False, True

    def step(self, pause_s=0.02):
        self.port.sleep(pause_s)
        return self.leader.step(self.port.now_ns())

    def until_led(self, seconds=5.0):
        for _ in range(round(seconds / 0.02)):
            if not isinstance(wanted := self.step(), Fault):
                return wanted
        raise AssertionError(wanted)

    def torques(self):
        return sum(motor.torque for motor in self.bus.motors)


def test_its_joints_are_what_is_wanted_inside_the_followers_limits(leap):
    bench = Bench(leap)
    bench.joints._pos = np.array(leap.home_pos_rad) + 0.1
    np.testing.assert_allclose(bench.until_led(), np.array(leap.home_pos_rad) + 0.1, atol=0.002)
    bench.joints._pos = leap.upper_rad + 0.3
    np.testing.assert_array_equal(bench.step(), leap.upper_rad)


def test_zeros_and_signs_are_those_of_the_leader(leap, individual):
    other = individual(leap, signs={"if_mcp": -1}, zeros_rad={"th_ipl": 2.0})
    bench = Bench(other)
    bench.joints._pos = np.array(leap.home_pos_rad) + 0.1
    np.testing.assert_allclose(bench.until_led(), np.array(leap.home_pos_rad) + 0.1, atol=0.002)


def test_torque_that_its_motors_hold_is_taken_before_it_leads(leap):
    bench = Bench(leap)
    for motor in bench.bus.motors:
        motor.apply({"torque_enable": 1})
    bench.until_led()
    assert bench.torques() == 0


def test_torque_that_somebody_switches_on_is_noticed_and_taken(leap):
    bench = Bench(leap)
    bench.until_led()
    bench.bus.motors[5].apply({"torque_enable": 1})
    said = [bench.step() for _ in range(40)]
    faults = [one for one in said if isinstance(one, Fault)]
    assert [fault.code for fault in faults] == [FaultCode.TORQUE_FOUND]
    assert bench.torques() == 0 and not isinstance(said[-1], Fault)


def test_nothing_but_torque_off_is_ever_written(leap):
    bench = Bench(leap, ShownJoints(leap))
    for _ in range(100):
        bench.step()
    assert bench.torques() == 0 and not any(motor.torque_on_writes or motor.moved_goals for motor in bench.bus.motors)


def test_a_pulled_cable_is_a_fault_until_it_is_back(leap):
    bench = Bench(leap)
    bench.until_led()
    bench.pull()
    assert all(isinstance(bench.step(), Fault) for _ in range(50))
    bench.there = True
    bench.joints._pos = np.array(leap.home_pos_rad) - 0.1
    np.testing.assert_allclose(bench.until_led(2.0), np.array(leap.home_pos_rad) - 0.1, atol=0.002)


def test_a_leader_that_is_plugged_in_late_is_named_until_then(leap):
    bench = Bench(leap)
    bench.there = False
    first = bench.step()
    assert first.code is FaultCode.HAND_NOT_READY and "no such port" in first.detail
    assert bench.step().code is FaultCode.HAND_NOT_READY
    bench.there = True
    bench.until_led(2.0)


def test_a_hand_of_another_model_never_leads(leap):
    bench = Bench(leap)
    bench.bus.motors[3].memory.put("model_number", 1020)
    said = [bench.step() for _ in range(60)]
    assert all(isinstance(one, Fault) for one in said)
    assert any("model" in one.detail for one in said), said[0]


@pytest.mark.parametrize("elapsed_s", [0.0, 0.5, 1.0, 7.3, 1000.0])
def test_a_person_moves_the_joints_slowly_inside_the_limits(leap, elapsed_s):
    clock = [100.0]
    joints = ShownJoints(leap, lambda: clock[0])
    clock[0] += elapsed_s
    before, velocity = joints.measure()
    clock[0] += 0.01
    after, _ = joints.measure()
    assert (before >= leap.lower_rad).all() and (before <= leap.upper_rad).all()
    assert np.abs((after - before) / 0.01 - velocity).max() < 0.1 and np.abs(velocity).max() < 0.5


def test_fingers_whose_motors_have_torque_are_moved_by_nobody(leap):
    clock = [0.0]
    joints = ShownJoints(leap, lambda: clock[0])
    clock[0] = 3.0
    stood, _ = joints.measure()
    joints.set_torque(True)
    clock[0] = 5.0
    np.testing.assert_array_equal(joints.measure()[0], stood)
    joints.set_torque(False)
    assert np.abs(joints.measure()[0] - stood).max() > 0.05
