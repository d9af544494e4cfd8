"""What was identified is scored against the hidden truth under the gains that the walk set."""

from dataclasses import replace

import pytest

from dexterity_ros.bench.bringup import identified
from dexterity_ros.bench.bringup.errors import Errors
from dexterity_ros.contracts.drive import MotorGains
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Dynamics, Estimate, Gains, JointDynamics
from dexterity_ros.sim.hidden import draw_hidden


@pytest.fixture
def hidden():
    return draw_hidden(load_hand("leap"), None, 3)


def with_joint(robot, **estimates):
    joints = {"if_mcp": JointDynamics(**estimates)}
    return replace(robot, dynamics=Dynamics(measured="2026-11-22", residual_rad=0.001, joints=joints))


def test_the_truth_has_no_error(hidden):
    for errors_of in (identified.stiffness, identified.damping, identified.friction, identified.delay):
        assert max(errors_of(hidden, hidden).errors) == pytest.approx(0.0, abs=1e-9)


def test_a_stiffness_counts_under_the_gains_that_were_set(hidden):
    true = hidden.dynamics.joints["if_mcp"].stiffness_nm_rad.nominal
    motors = {name: MotorGains(p=1600, i=0, d=200) for name in load_hand("leap").joint_names}
    gains = Gains(measured="2026-11-22", residual_share=0.0, motors=motors)
    found = Estimate(nominal=2.2 * true, low=2.1 * true, high=2.3 * true)
    errors = identified.stiffness(hidden, replace(with_joint(hidden, stiffness_nm_rad=found), gains=gains))
    assert errors.errors == pytest.approx((10.0,))
    assert errors.covered == (False,)


def test_what_was_not_identified_is_missing(hidden):
    assert identified.friction(hidden, with_joint(hidden)) == Errors(missing=16)
    assert identified.friction(hidden, replace(hidden, dynamics=None)) == Errors(missing=16)
    assert identified.delay(hidden, replace(hidden, latency=None)) == Errors(missing=1)
