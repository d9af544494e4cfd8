"""Unknown means hold; torque comes only by arming; a stop stays until a person ends it."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode
from dexterity_ros.contracts.samples import JointSample, PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.safety.preflight import PreflightInputs, failures
from dexterity_ros.safety.supervisor import CLEAR_AFTER_S, READY_S, Request, State, Supervisor, watch_limits

WATCHED = watch_limits(["joint_states", "object_pose", "policy_state", "deadman"])
FRESH = dict.fromkeys(WATCHED, 0.01)
S = 1_000_000_000


def armed_supervisor():
    supervisor = Supervisor(WATCHED)
    assert supervisor.request(Request.PREPARE, 0)[0]
    assert supervisor.request(Request.ARM, 0) == (True, "armed")
    return supervisor


def test_every_fault_has_a_reaction():
    assert set(REACTIONS) == set(FaultCode)


def test_starts_disarmed_and_stays_so_whatever_arrives():
    supervisor = Supervisor(WATCHED)
    assert supervisor.step(FRESH, (), 0).state is State.DISARMED
    assert not supervisor.verdict.torque


def test_failed_preflight_refuses_to_arm_and_says_why():
    supervisor = Supervisor(WATCHED)
    granted, why = supervisor.request(Request.PREPARE, 0, ("joint if_mcp is at 9 rad",))
    assert not granted and "if_mcp is at 9 rad" in why
    assert supervisor.verdict.state is State.DISARMED


@pytest.mark.parametrize("key", sorted(WATCHED))
def test_a_watched_topic_that_falls_silent_makes_it_hold_and_its_return_lets_it_go_on(key):
    supervisor = armed_supervisor()
    held = supervisor.step(FRESH | {key: WATCHED[key] + 0.001}, (), S)
    assert held.state is State.HOLD and held.torque
    assert supervisor.step(FRESH, (), S + 1).state is State.HOLD
    later = S + round(CLEAR_AFTER_S * 1e9)
    assert supervisor.step(FRESH, (), later).state is State.ARMED


def test_a_topic_that_never_came_counts_as_silent():
    verdict = armed_supervisor().step({}, (), S)
    assert verdict.state is State.HOLD and "never arrived" in str(verdict)


def test_a_stop_fault_takes_the_torque_and_needs_disarm_before_arm():
    supervisor = armed_supervisor()
    stop = Fault(code=FaultCode.ESTOP, detail="pressed")
    assert REACTIONS[stop.code] is Reaction.STOP
    assert supervisor.step(FRESH, (stop,), S).state is State.STOPPED
    assert supervisor.step(FRESH, (), 2 * S).state is State.STOPPED
    granted, why = supervisor.request(Request.PREPARE, 2 * S)
    assert not granted and "disarm first" in why
    supervisor.request(Request.DISARM, 2 * S)
    assert supervisor.request(Request.PREPARE, 2 * S)[0]


def test_estop_works_in_every_state():
    for supervisor in (Supervisor(WATCHED), armed_supervisor()):
        assert supervisor.request(Request.ESTOP, 0)[0]
        assert supervisor.verdict.state is State.STOPPED and not supervisor.verdict.torque


def test_a_warning_does_not_hold():
    warning = Fault(code=FaultCode.OVERRUN, detail="1")
    assert armed_supervisor().step(FRESH, (warning,), S).state is State.ARMED


def test_arming_twice_is_harmless():
    assert armed_supervisor().request(Request.ARM, 0) == (True, "already armed")


def test_arming_needs_preparing_first_and_soon():
    supervisor = Supervisor(WATCHED)
    assert supervisor.request(Request.ARM, 0) == (False, "prepare first")
    assert supervisor.request(Request.PREPARE, 0)[0]
    assert supervisor.verdict.state is State.READY and not supervisor.verdict.torque
    late = round((READY_S + 0.1) * 1e9)
    assert supervisor.request(Request.ARM, late) == (False, "prepare first")
    assert supervisor.request(Request.PREPARE, late)[0]
    granted, why = supervisor.request(Request.ARM, late, ("joint_states is old",))
    assert not granted and "joint_states is old" in why


def test_ready_ends_by_itself():
    supervisor = Supervisor(WATCHED)
    supervisor.request(Request.PREPARE, 0)
    assert supervisor.step(FRESH, (), S).state is State.READY
    assert supervisor.step(FRESH, (), round((READY_S + 1) * 1e9)).state is State.DISARMED


def test_a_released_deadman_holds():
    verdict = armed_supervisor().step(FRESH | {"deadman": None}, (), S)
    assert verdict.state is State.HOLD and "deadman_released" in verdict.reason


def test_a_person_may_have_it_stand_still_and_nothing_but_that_person_lets_it_go_on():
    supervisor = armed_supervisor()
    assert supervisor.request(Request.HOLD, S) == (True, "stands still until resume")
    assert supervisor.verdict.state is State.HOLD and supervisor.verdict.torque
    for k in range(2, 60):
        held = supervisor.step(FRESH, (), k * S)
        assert held.state is State.HOLD and held.reason.startswith("held_by_person")
    assert supervisor.request(Request.RESUME, 60 * S) == (True, "goes on")
    assert supervisor.step(FRESH, (), 60 * S).state is State.HOLD
    assert supervisor.step(FRESH, (), 60 * S + round(CLEAR_AFTER_S * 1e9)).state is State.ARMED


def test_a_hand_that_was_asked_to_stand_still_is_still_stopped_and_disarmed():
    for request, state in ((Request.ESTOP, State.STOPPED), (Request.DISARM, State.DISARMED)):
        supervisor = armed_supervisor()
        supervisor.request(Request.HOLD, S)
        supervisor.request(request, S)
        assert supervisor.verdict.state is state
        assert not supervisor.request(Request.RESUME, S)[0] and not supervisor.request(Request.HOLD, S)[0]
        assert supervisor.step(FRESH, (), 2 * S).state is state


def test_who_arms_again_need_not_resume_what_was_asked_before():
    supervisor = armed_supervisor()
    supervisor.request(Request.HOLD, S)
    supervisor.request(Request.DISARM, S)
    supervisor.request(Request.PREPARE, S)
    supervisor.request(Request.ARM, S)
    assert supervisor.step(FRESH, (), 2 * S).state is State.ARMED


def test_only_topics_with_a_deadline_can_be_watched():
    with pytest.raises(ConfigError, match="hand_state"):
        watch_limits(["joint_states", "hand_state"])


def preflight(leap, samples=None, **change):
    """samples: in place of those of a hand and an object as they should be."""
    joints = JointSample(stamp_ns=0, pos_rad=np.array(leap.home_pos_rad), vel_rad_s=np.zeros(16))
    pose = PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0, 0, 0]))
    seen = {
        "ages_s": FRESH,
        "watched": WATCHED,
        "samples": ObservationInputs({"joint_states": joints, "object_pose": pose} | (samples or {})),
        "hand_state": "inactive",
    } | change
    return failures(leap, PreflightInputs(**seen))


def test_preflight_passes_when_all_is_well(leap):
    assert preflight(leap) == ()


def test_preflight_names_a_joint_outside_its_limits(leap):
    position = np.array(leap.home_pos_rad)
    position[5] = -1.9
    outside = JointSample(stamp_ns=0, pos_rad=position, vel_rad_s=np.zeros(16))
    (problem,) = preflight(leap, {"joint_states": outside})
    assert "mf_rot is at -1.900 rad" in problem and "sign" in problem


def test_preflight_names_silent_topics_an_unconfigured_hand_and_a_pose_that_is_not_one(leap):
    nan = PoseSample(stamp_ns=0, pos_m=np.full(3, np.nan), quat_wxyz=np.array([1.0, 0, 0, 0]))
    nothing = PreflightInputs(ages_s={}, watched=WATCHED, samples=ObservationInputs({}), hand_state="inactive")
    assert any("joint_states never arrived" in problem for problem in failures(leap, nothing))
    assert any("not there" in p for p in preflight(leap, hand_state=None))
    assert any("nan" in p for p in preflight(leap, {"object_pose": nan}))


def test_preflight_asks_for_a_limp_hand_and_repeats_what_was_refused(leap):
    assert preflight(leap, hand_says="limp") == ()
    assert preflight(leap, hand_says="tracking") == ("the hand says tracking; disarm first",)
    refused = Fault(code=FaultCode.MESSAGE_REFUSED, detail="goal has 3 numbers")
    assert preflight(leap, refused=(refused,)) == ("message_refused: goal has 3 numbers",)
