"""The hand on its bus: whole readings or faults, an acknowledged arming sequence, and no way to jump."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.drivers.dynamixel.hand import DynamixelHand
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.dynamixel.torque import WATCHDOG_S
from dexterity_ros.drivers.emulated.bus import EmulatedBus, WireModel
from dexterity_ros.drivers.emulated.motor import WATCHDOG_TRIPPED
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

TICK_RAD = 2 * np.pi / 4096


class Rig:
    """A hand on an emulated bus in virtual time."""

    def __init__(self, leap, emulated):
        self.leap, self.emulated = leap, emulated
        self.port = VirtualPort(emulated)
        self.hand = DynamixelHand(leap, lambda: NativeBus(self.port, timeout_s=0.01), current_limit_a=0.35)

    def read(self):
        return self.hand.read(self.port.now_ns())

    def gated(self, offset):
        """A gated target `offset` away from home."""
        now = self.port.now_ns()
        gate = Gate(gate_limits(self.leap, None, Tightening()), np.array(self.leap.home_pos_rad), now)
        target = JointTarget(stamp_ns=now, pos_rad=np.array(self.leap.home_pos_rad) + offset)
        return gate.step(target, Permit(armed=True, heartbeat_ns=now), now).output


@pytest.fixture
def rig(leap, emulated):
    made = Rig(leap, emulated)
    assert made.hand.connect() == []
    return made


def test_reads_the_joints_in_policy_order(rig, leap):
    sample = rig.read()
    assert isinstance(sample, JointSample), sample
    np.testing.assert_allclose(sample.pos_rad, leap.home_pos_rad, atol=TICK_RAD)


def test_a_hand_says_what_it_is_and_which_one(rig, leap, joints, individual):
    assert rig.hand.describe() == "16 x XC330-M288 at 4000000 baud; no robot.yaml: nominal signs and zeros"
    one = Rig(individual(leap), EmulatedBus(individual(leap), joints, WireModel()))
    assert one.hand.describe().endswith("one: wiring 2026-11-21, zeros 2026-11-21")


def test_signs_and_zeros_are_applied_both_ways(leap, joints, individual):
    hand = individual(leap, signs={"if_pip": -1}, zeros_rad={"if_pip": 2.5})
    rig = Rig(hand, EmulatedBus(hand, joints, WireModel()))
    motor = rig.emulated.motors[2]
    assert rig.hand.connect() == []
    np.testing.assert_allclose(rig.read().pos_rad, leap.home_pos_rad, atol=TICK_RAD)
    assert rig.hand.set_torque(True) is None
    rig.hand.write(rig.gated(0.2))
    np.testing.assert_allclose(rig.read().pos_rad, np.array(leap.home_pos_rad) + 0.2, atol=TICK_RAD)
    assert abs(motor.get("goal_position") * TICK_RAD - (2.5 - leap.home_pos_rad[2] - 0.2)) <= TICK_RAD


def test_without_its_robot_yaml_a_mirrored_joint_is_refused_and_read_the_wrong_way(leap, joints, individual):
    emulated = EmulatedBus(individual(leap, signs={"if_pip": -1}), joints, WireModel())
    rig = Rig(leap, emulated)
    (problem,) = rig.hand.connect()
    assert problem.startswith("motor 2 (if_pip): max_position_limit is 2410")
    np.testing.assert_allclose(rig.read().pos_rad[2], -leap.home_pos_rad[2], atol=TICK_RAD)


def test_exchanged_motors_are_driven_by_the_ids_of_this_individual(leap, joints, individual):
    ids = {"if_mcp": leap.motor_ids[1], "if_rot": leap.motor_ids[0]}
    hand = individual(leap, motor_ids=ids)
    rig = Rig(hand, EmulatedBus(hand, joints, WireModel()))
    assert [motor.id for motor in rig.emulated.motors[:2]] == [0, 1]
    assert rig.hand.connect() == [] and rig.hand.set_torque(True) is None
    np.testing.assert_allclose(rig.read().pos_rad, leap.home_pos_rad, atol=TICK_RAD)


def test_arming_leaves_every_motor_as_it_should_be_and_moves_nothing(rig, leap, joints):
    before = joints.measure()[0]
    assert rig.hand.set_torque(True) is None
    for motor, wanted in zip(rig.emulated.motors, leap.motors, strict=True):
        assert motor.torque and motor.get("operating_mode") == 5
        assert motor.get("position_p_gain") == wanted.gains.p
        assert motor.get("goal_current") == 350
        assert motor.get("bus_watchdog") == round(WATCHDOG_S / 0.020)
    np.testing.assert_allclose(joints.measure()[0], before, atol=TICK_RAD)


def test_nothing_is_written_to_motors_that_are_not_armed(rig):
    writes = rig.emulated.writes
    assert rig.hand.write(rig.gated(0.1)).code == FaultCode.HAND_NOT_READY
    assert rig.emulated.writes == writes


def test_targets_move_the_joints(rig, leap, joints):
    assert rig.hand.set_torque(True) is None
    assert rig.hand.write(rig.gated(0.2)) is None
    np.testing.assert_allclose(joints.measure()[0], np.array(leap.home_pos_rad) + 0.2, atol=TICK_RAD)


def test_a_silent_motor_is_a_fault_that_names_it_and_its_return_is_a_reading(rig):
    rig.emulated.motors[4].set("id", 200)
    fault = rig.read()
    assert isinstance(fault, Fault) and fault.code == FaultCode.HAND_READ_FAILED
    assert "motor 5 (mf_mcp)" in fault.detail
    rig.emulated.motors[4].set("id", 5)
    assert isinstance(rig.read(), JointSample)


def test_an_alert_is_explained(rig):
    rig.emulated.motors[0].latch(1 << 5)
    fault = rig.read()
    assert fault.code == FaultCode.MOTOR_ALERT
    assert "motor 1 (if_mcp): overload" in fault.detail


def test_a_motor_that_restarts_by_itself_is_noticed_within_one_round(rig):
    assert rig.hand.set_torque(True) is None
    rig.emulated.motors[7].reboot()
    seen = [rig.read() for _ in range(16)]
    faults = [s for s in seen if isinstance(s, Fault)]
    assert [f.code for f in faults] == [FaultCode.MOTOR_RESET] and "mf_dip" in faults[0].detail


def test_a_motor_of_another_model_and_a_missing_one_are_named(leap, emulated):
    emulated.motors[3].set("model_number", 1020)
    emulated.motors[9].set("id", 99)
    problems = Rig(leap, emulated).hand.connect()
    assert problems[0] == "motor 3 (if_dip) is model 1020, expected 1240 (XC330-M288)"
    assert "motor 8 (rf_rot) does not answer at 4000000 baud" in problems[1]


def test_a_refused_write_stops_the_arming_and_leaves_no_torque(rig):
    rig.emulated.motors[6].latch(1 << 5)
    fault = rig.hand.set_torque(True)
    assert fault is not None and not any(motor.torque for motor in rig.emulated.motors)


def test_a_motor_that_does_not_confirm_torque_off_keeps_its_watchdog(rig):
    assert rig.hand.set_torque(True) is None
    deaf = rig.emulated.motors[4]
    deaf.set("id", 200)
    fault = rig.hand.set_torque(False)
    assert fault is not None and "motor 5 (mf_mcp)" in fault.detail
    assert [motor.torque for motor in rig.emulated.motors] == [motor is deaf for motor in rig.emulated.motors]
    assert deaf.get("bus_watchdog") > 0
    rig.port.sleep(WATCHDOG_S + 0.05)
    rig.emulated.update(rig.port.now_ns() * 1e-9)
    assert deaf.get("bus_watchdog") == WATCHDOG_TRIPPED


def test_silence_stops_the_motors_and_arming_again_clears_it(rig):
    assert rig.hand.set_torque(True) is None
    rig.port.sleep(WATCHDOG_S + 0.05)
    rig.emulated.update(rig.port.now_ns() * 1e-9)
    assert all(motor.get("bus_watchdog") == WATCHDOG_TRIPPED for motor in rig.emulated.motors)
    assert rig.hand.set_torque(True) is None
    assert rig.hand.write(rig.gated(0.1)) is None


def test_a_late_answer_is_refused_and_a_late_caller_is_not(rig):
    assert isinstance(rig.read(), JointSample)
    late = rig.port.now_ns()
    rig.port.sleep(0.5)
    assert isinstance(rig.hand.read(late), JointSample)
    for _ in range(3):
        assert isinstance(rig.read(), JointSample)
    rig.port.disturb = lambda delay_s, data: [(delay_s + 0.03, data)]
    seen = []
    for _ in range(40):
        rig.port.sleep(0.01)
        seen.append(rig.read())
    assert all(isinstance(sample, Fault) for sample in seen)
    rig.port.disturb = lambda delay_s, data: [(delay_s, data)]
    rig.port.sleep(0.1)
    assert isinstance(rig.read(), JointSample)


def test_a_lost_bus_is_a_fault_then_a_reading_but_never_motion_without_arming(rig):
    assert rig.hand.set_torque(True) is None
    rig.port.unplugged = True
    assert rig.read().code == FaultCode.HAND_READ_FAILED
    assert rig.hand.write(rig.gated(0.1)).code == FaultCode.HAND_NOT_READY
    rig.port.unplugged = False
    rig.port.sleep(0.6)
    assert rig.read().code == FaultCode.TORQUE_FOUND
    assert isinstance(rig.read(), JointSample)
    assert rig.hand.write(rig.gated(0.1)).code == FaultCode.HAND_NOT_READY
    assert rig.hand.set_torque(True) is None


def test_corrupted_answers_are_never_shown_as_measurements(rig):
    rng = np.random.default_rng(0)
    truth = rig.read().pos_rad
    good = 0
    for _ in range(2000):
        rig.port.flip_probability = 0.002
        sample = rig.read()
        if isinstance(sample, JointSample):
            good += 1
            np.testing.assert_allclose(sample.pos_rad, truth, atol=TICK_RAD)
        rig.port.sleep(float(rng.uniform(0, 0.01)))
    assert 0 < good < 2000


@pytest.mark.parametrize(
    "register, value, said",
    [
        ("firmware_version", 30, "has firmware 30, expected 38"),
        ("drive_mode", 1, "drive_mode is 1, expected 0"),
        ("homing_offset", 100, "homing_offset is 100, expected 0"),
        ("current_limit", 200, "current_limit is 200, expected at least 350"),
    ],
)
def test_a_motor_with_other_settings_is_named_before_anything_moves(leap, emulated, register, value, said):
    emulated.motors[5].set(register, value)
    (problem,) = Rig(leap, emulated).hand.connect()
    assert problem.startswith("motor 4 (mf_rot)") and said in problem
