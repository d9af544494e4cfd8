"""What registers do to an emulated motor: registers that others leave make it slow, weak or turn the wrong way."""

import numpy as np
import pytest

from dexterity_ros.drivers.dynamixel.control_table import POSITION_UNIT_RAD, VELOCITY_UNIT_RAD_S, load_motor
from dexterity_ros.drivers.dynamixel.protocol import StatusError
from dexterity_ros.drivers.emulated.drive import JointState
from dexterity_ros.drivers.emulated.motor import EmulatedMotor

STEP_S = 0.005
START_RAD = 3.1


class Bench:
    """A motor on a joint without inertia that goes where it is pulled."""

    def __init__(self, model="XC330-M288", mode=5):
        self.motor = EmulatedMotor(load_motor(model), 1, baud_code=6)
        self.pos_rad, self.now_s = START_RAD, 0.0
        self.put(operating_mode=mode)
        self.run(STEP_S)

    def put(self, **values):
        errors = []
        for name, value in values.items():
            register = self.motor.memory.registers[name]
            errors.append(self.motor.write(register.address, register.encode(value)))
        return errors

    def run(self, duration_s):
        """Returns positions over time, one each 5 ms."""
        seen = []
        for _ in range(round(duration_s / STEP_S)):
            self.now_s += STEP_S
            self.motor.heard(self.now_s)
            self.motor.update(JointState(pos_rad=self.pos_rad, vel_rad_s=0.0), self.now_s, STEP_S)
            pull = self.motor.pull_rad()
            self.pos_rad = self.pos_rad if pull is None else pull
            seen.append(self.pos_rad)
        return np.array(seen)

    def turn(self, ticks, duration_s=2.0):
        """Returns how far the joint is from where it started, over time, after a goal so many ticks away."""
        assert self.put(torque_enable=1) == [0]
        assert self.put(goal_position=self.motor.get("present_position") + ticks) == [0]
        return self.run(duration_s) - START_RAD


def test_without_a_profile_a_goal_is_a_step():
    assert Bench().turn(500)[0] == pytest.approx(500 * POSITION_UNIT_RAD, abs=POSITION_UNIT_RAD)


def test_profile_velocity_slows_the_joint_to_it():
    bench = Bench()
    bench.put(profile_velocity=50)
    way = bench.turn(-500)
    speeds = np.diff(way) / STEP_S
    assert speeds[:20] == pytest.approx(-50 * VELOCITY_UNIT_RAD_S)
    assert way[-1] == pytest.approx(-500 * POSITION_UNIT_RAD, abs=POSITION_UNIT_RAD)


def test_the_trajectory_is_shown_while_it_lasts():
    bench = Bench()
    bench.put(profile_velocity=50)
    bench.turn(500, duration_s=0.1)
    assert bench.motor.get("velocity_trajectory") == 50
    assert bench.motor.get("position_trajectory") == pytest.approx(bench.motor.get("present_position"), abs=20)
    assert bench.motor.get("moving_status") == 0x12  # rectangular, ongoing
    bench.run(2.0)
    assert bench.motor.get("velocity_trajectory") == 0 and bench.motor.get("moving_status") == 0x01


def test_profile_acceleration_makes_a_trapezoid_that_arrives_without_overshoot():
    bench = Bench()
    bench.put(profile_velocity=100, profile_acceleration=20)
    way = bench.turn(1000, duration_s=3.0)
    speeds = np.diff(way) / STEP_S
    # 20 * 214.577 rev/min^2 = 7.5 rad/s^2: 2.4 rad/s after 0.32 s.
    assert speeds.max() == pytest.approx(100 * VELOCITY_UNIT_RAD_S, rel=0.02)
    assert speeds[:40] == pytest.approx(7.49 * STEP_S * np.arange(1, 41), rel=0.1, abs=0.05)
    assert way.max() <= 1001 * POSITION_UNIT_RAD and way[-1] == pytest.approx(1000 * POSITION_UNIT_RAD, abs=0.002)


def test_a_profile_in_time_takes_that_time():
    bench = Bench()
    bench.put(drive_mode=4, profile_velocity=1000, profile_acceleration=200)
    way = bench.turn(800)
    arrived = np.flatnonzero(np.abs(way - 800 * POSITION_UNIT_RAD) < 3 * POSITION_UNIT_RAD)[0] * STEP_S
    assert arrived == pytest.approx(1.0, abs=0.05)


def test_a_homing_offset_moves_the_zero_and_not_the_joint():
    bench = Bench()
    before = bench.motor.get("present_position")
    bench.put(homing_offset=100)
    bench.run(STEP_S)
    assert bench.motor.get("present_position") == before + 100
    assert bench.turn(50)[-1] == pytest.approx(50 * POSITION_UNIT_RAD, abs=POSITION_UNIT_RAD)


def test_a_large_homing_offset_is_ignored_in_position_mode():
    bench = Bench(mode=3)
    before = bench.motor.get("present_position")
    bench.put(homing_offset=1025)
    bench.run(STEP_S)
    assert bench.motor.get("present_position") == before


def test_in_reverse_mode_the_joint_turns_the_other_way():
    bench = Bench()
    bench.put(drive_mode=1)
    bench.run(STEP_S)
    assert 0 <= bench.motor.get("present_position") < 4096
    assert bench.turn(200)[-1] == pytest.approx(-200 * POSITION_UNIT_RAD, abs=POSITION_UNIT_RAD)


@pytest.mark.parametrize("register", ["goal_pwm", "goal_current", "position_p_gain"])
def test_little_pwm_current_or_gain_weakens_the_joint_and_none_leaves_it_limp(register):
    weak, limp = Bench(), Bench()
    weak.put(**{register: 40})
    limp.put(**{register: 0})
    assert 0.0 < weak.turn(500)[0] < 0.1 * 500 * POSITION_UNIT_RAD
    assert np.abs(limp.turn(500)).max() == 0.0


def test_a_pwm_limit_holds_whatever_the_goal_pwm():
    bench = Bench()
    bench.put(pwm_limit=40)
    bench.motor.set("goal_pwm", 885)
    assert bench.turn(500)[0] < 0.1 * 500 * POSITION_UNIT_RAD


def test_gains_and_currents_of_policies_pull_as_hard_as_the_simulated_joint():
    bench = Bench()
    bench.put(position_p_gain=600, goal_current=350)
    assert bench.turn(500)[0] == pytest.approx(500 * POSITION_UNIT_RAD, abs=POSITION_UNIT_RAD)


def test_feed_forward_pushes_the_joint_ahead_of_its_trajectory():
    plain, ahead = Bench(), Bench()
    for bench in (plain, ahead):
        bench.put(profile_velocity=50)
    ahead.put(feedforward_1st_gain=2000)
    assert (ahead.turn(500)[:20] > plain.turn(500)[:20] + 0.001).all()


@pytest.mark.parametrize("mode", [0, 1, 16])
def test_a_mode_that_is_not_emulated_is_refused(mode):
    bench = Bench()
    assert bench.put(operating_mode=mode) == [StatusError.DATA_RANGE] and bench.motor.get("operating_mode") == 5


def test_a_new_mode_resets_gains_profile_and_goals():
    bench = Bench()
    bench.put(position_p_gain=5, feedforward_1st_gain=5, profile_velocity=5, goal_pwm=5, goal_current=5)
    bench.put(operating_mode=3)
    reset = ("position_p_gain", "feedforward_1st_gain", "profile_velocity", "goal_pwm", "goal_current")
    assert [bench.motor.get(name) for name in reset] == [1100, 0, 0, 885, 2352]


def test_torque_on_by_goal_update_takes_a_goal_as_an_order():
    bench = Bench()
    bench.put(drive_mode=8)
    assert bench.put(goal_position=2200) == [0] and bench.motor.torque


def test_the_clock_of_a_motor_starts_again_with_it():
    bench = Bench()
    bench.run(1.0)
    assert bench.motor.get("realtime_tick") == pytest.approx(1005, abs=2)
    bench.motor.reboot()
    bench.run(0.1)
    assert bench.motor.get("realtime_tick") == pytest.approx(100, abs=2)


def test_what_was_done_to_a_motor_is_counted():
    bench = Bench()
    bench.put(torque_enable=1, goal_position=2100)
    bench.put(torque_enable=1, goal_position=2100)
    bench.put(goal_position=2101, torque_enable=0)
    assert (bench.motor.torque_on_writes, bench.motor.moved_goals) == (2, 2)
