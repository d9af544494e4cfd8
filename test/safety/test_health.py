"""Heat, current, supply and stalls climb their tiers one by one, name the motor, and let go only with a margin."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.samples import JointSample, MotorHealth
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.safety.health import LADDERS, REBOOT_PAUSE_S, HealthMonitor, RebootPolicy

LIMIT_A = 0.35
STEP_NS = 10_000_000


class Hand:
    """A hand whose health can be set, and its monitor."""

    def __init__(self, leap):
        n = len(leap.joints)
        self.monitor, self.now = HealthMonitor(leap, LIMIT_A), 0
        self.current, self.temperature, self.supply = np.zeros(n), np.full(n, 40.0), np.full(n, 5.0)
        self.velocity, self.seen, self.round_trip = np.zeros(n), None, 0.002

    def run(self, duration_s):
        """Returns the faults after a while."""
        for _ in range(round(duration_s * 1e9 / STEP_NS)):
            self.now += STEP_NS
            seen = np.full(len(self.current), self.now if self.seen is None else self.seen)
            health = MotorHealth(
                current_a=self.current,
                temperature_c=self.temperature,
                supply_v=self.supply,
                seen_ns=seen,
                round_trip_s=self.round_trip,
            )
            joints = JointSample(stamp_ns=self.now, pos_rad=np.zeros_like(self.current), vel_rad_s=self.velocity)
            faults = self.monitor.step(health, joints, self.now)
        return faults

    def codes(self, duration_s=0.02):
        return [fault.code for fault in self.run(duration_s)]


@pytest.fixture
def hand(leap):
    return Hand(leap)


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
def test_every_ladder_goes_from_warn_upwards_by_the_one_table(ladder):
    reactions = [REACTIONS[code] for _, code in ladder.tiers]
    assert reactions == [Reaction.WARN, Reaction.HOLD, Reaction.STOP][: len(reactions)]
    assert [level for level, _ in ladder.tiers] == sorted(level for level, _ in ladder.tiers)


def test_a_healthy_hand_has_no_faults(hand):
    assert hand.codes(1.0) == []


def test_heat_climbs_the_tiers_and_names_the_motor(hand):
    for celsius, code in ((58, FaultCode.MOTOR_WARM), (66, FaultCode.MOTOR_HOT), (70, FaultCode.MOTOR_OVERHEATED)):
        hand.temperature[4] = celsius
        (fault,) = hand.run(0.02)
        assert fault.code == code and f"motor 5 (mf_mcp): {celsius} C" in fault.detail


def test_a_tier_is_left_only_with_a_margin(hand):
    hand.temperature[2] = 65.5
    assert hand.codes() == [FaultCode.MOTOR_HOT]
    hand.temperature[2] = 63.0
    assert hand.codes() == [FaultCode.MOTOR_HOT]
    hand.temperature[2] = 61.5
    assert hand.codes() == [FaultCode.MOTOR_WARM]
    hand.temperature[2] = 50.0
    assert hand.codes() == []


def test_more_current_than_the_hand_allows_stops_and_a_spike_does_not(hand, leap):
    hand.velocity[:] = 1.0
    hand.current[3] = 3.0 * leap.max_current_a
    assert hand.codes(0.01) == []
    assert hand.codes(0.5) == [FaultCode.OVERCURRENT]


def test_a_motor_that_pushes_and_does_not_move_stalls_sooner_or_later(hand):
    hand.current[7] = -LIMIT_A
    assert hand.codes(1.5) == []
    assert hand.codes(1.0) == [FaultCode.STALLING]
    assert hand.codes(8.0) == [FaultCode.STALLED]
    assert hand.codes(20.0) == [FaultCode.STALLED_LONG]
    hand.velocity[7] = 0.5
    assert hand.codes(16.0) == []


@pytest.mark.parametrize("volts, code", [(4.4, "supply_deviates"), (6.1, "supply_poor"), (3.4, "supply_failed")])
def test_supply_is_judged_both_ways(hand, volts, code):
    hand.supply[0] = volts
    assert hand.codes() == [FaultCode(code)]


def test_health_that_is_no_longer_read_holds(hand):
    hand.run(1.0)
    hand.seen = hand.now
    assert hand.codes(0.3) == []
    assert hand.codes(0.5) == [FaultCode.HEALTH_LATE]
    assert hand.codes(2.0) == [FaultCode.HEALTH_UNKNOWN]


def test_a_slow_bus_is_named_with_where_to_look(hand):
    hand.round_trip = 0.017
    (fault,) = hand.run(0.02)
    assert fault.code == FaultCode.BUS_SLOW and "17 ms" in fault.detail and "doctor" in fault.detail


def test_a_value_never_read_neither_alarms_nor_clears(hand):
    hand.temperature[1] = 66.0
    hand.run(0.1)
    hand.temperature[1] = np.nan
    assert hand.codes() == [FaultCode.MOTOR_HOT]


def test_reboots_are_opt_in_and_rare():
    assert not RebootPolicy(0).permit(0)
    policy, pause = RebootPolicy(2), round(REBOOT_PAUSE_S * 1e9)
    assert policy.permit(0)
    assert not policy.permit(pause - 1)
    assert policy.permit(pause)
    assert not policy.permit(10 * pause)
    assert policy.permit(pause + 3_600_000_000_000)
