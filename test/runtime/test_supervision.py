"""safety_node without ROS: whatever the order of requests and steps, a stop stays a stop."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros import wire
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.runtime.supervision import Supervision
from dexterity_ros.safety.supervisor import Request, State, watch_limits

S = 1_000_000_000
WATCHED = watch_limits(["joint_states", "object_pose", "policy_state"])


class Message:
    """A message with fields as they come."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


def _blank():
    xyz = Message(x=0.0, y=0.0, z=0.0)
    turn = Message(w=1.0, x=0.0, y=0.0, z=0.0)
    stamp = Message(sec=0, nanosec=0)
    return Message(header=Message(stamp=stamp, frame_id=""), pose=Message(position=xyz, orientation=turn))


class Room:
    """A hand at home with the object in it, and the people around."""

    def __init__(self, leap):
        self.supervision, self.hand, self.now = Supervision(leap, WATCHED), leap, S
        self.send()

    def send(self):
        home = np.array(self.hand.home_pos_rad)
        joints = Message(header=Message(stamp=Message(sec=0, nanosec=0), frame_id=""))
        joints = wire.fill_joint_state(joints, self.hand.joint_names, self.now, home, np.zeros_like(home))
        joints.position, joints.velocity = np.array(joints.position), np.array(joints.velocity)
        upright = PoseSample(stamp_ns=self.now, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
        pose = wire.fill_pose(_blank(), upright)
        messages = {"joint_states": joints, "object_pose": pose, "policy_state": Message(data="acting")}
        for key, message in messages.items():
            self.supervision.hear(key, message, self.now)

    def ask(self, request, refused=()):
        return self.supervision.request(request, self.now, "inactive", refused)

    def arm(self):
        assert self.ask(Request.PREPARE)[0], self.ask(Request.PREPARE)
        assert self.ask(Request.ARM) == (True, "armed")
        self.now += S // 5
        self.send()
        assert self.supervision.wanted(self.now) == "active"


@pytest.fixture
def room(leap):
    return Room(leap)


def test_torque_is_asked_for_only_after_hand_node_has_surely_heard_that_it_is_permitted(room):
    room.ask(Request.PREPARE)
    room.ask(Request.ARM)
    assert room.supervision.wanted(room.now) == "inactive"
    assert room.supervision.wanted(room.now + S // 10) == "active"


def test_a_hand_that_stopped_by_itself_stops_the_supervisor_with_its_reason(room):
    room.arm()
    room.supervision.hear_hand("letting_go: motor_alert: motor 5 (mf_mcp): overload")
    assert room.supervision.verdict.state is State.STOPPED and "overload" in room.supervision.verdict.reason
    assert room.supervision.wanted(room.now) == "inactive"


def test_a_hand_that_is_still_stopped_is_not_armed(room):
    room.supervision.hear_hand("stopped: emergency stop")
    granted, why = room.ask(Request.PREPARE)
    assert not granted and "the hand says stopped: emergency stop; disarm first" in why


def test_foreign_messages_forbid_arming_and_are_named(room):
    refused = (Fault(code=FaultCode.TWO_OWNERS, detail="two publishers on goal"),)
    granted, why = room.ask(Request.PREPARE, refused)
    assert not granted and "two publishers on goal" in why


def test_a_hand_begins_to_move_only_while_nothing_holds_it(room):
    room.ask(Request.PREPARE)
    room.ask(Request.ARM)
    room.now += S // 2  # nobody sends
    assert room.supervision.step((), room.now).state is State.HOLD
    assert room.supervision.wanted(room.now) == "inactive"
    for _ in range(50):
        room.now += S // 50
        room.send()
        room.supervision.step((), room.now)
        wanted = room.supervision.wanted(room.now)
    assert room.supervision.verdict.state is State.ARMED and wanted == "active"


def test_a_hand_that_was_not_permitted_to_move_is_asked_again_after_the_hold(room):
    room.arm()
    room.now += S // 2
    room.supervision.step((), room.now)
    room.supervision.refused("hand_node refused to become active")
    assert room.supervision.verdict.state is State.HOLD and room.supervision.wanted(room.now) == "inactive"


def test_a_hand_that_refuses_although_it_may_move_is_stopped(room):
    room.arm()
    room.supervision.refused("hand_node refused to become active")
    assert room.supervision.verdict.state is State.STOPPED


def test_a_moving_hand_stays_active_in_a_hold(room):
    room.arm()
    room.now += S // 2
    assert room.supervision.step((), room.now).state is State.HOLD
    assert room.supervision.wanted(room.now) == "active"


def test_every_disarm_counts(room):
    for n in (1, 2):
        room.ask(Request.DISARM)
        assert room.supervision.disarms == n


EVENTS = ("estop", "prepare", "arm", "disarm", "step", "freeze", "hand stops", "foreign")


@settings(max_examples=300, deadline=None)
@given(events=st.lists(st.sampled_from(EVENTS), max_size=40))
def test_no_order_of_events_leads_from_stopped_to_armed_without_a_disarm(leap, events):
    room, stopped = Room(leap), False
    for event in events:
        if event == "freeze":
            room.now += 3600 * S
        else:
            room.now += S // 50
            room.send()
        if event in ("estop", "prepare", "arm", "disarm"):
            room.ask(Request(event))
        elif event == "hand stops":
            room.supervision.hear_hand("stopped: overload")
            room.supervision.hear_hand("limp")
        faults = (Fault(code=FaultCode.FOREIGN_OWNER, detail="goal"),) if event == "foreign" else ()
        verdict = room.supervision.step(faults, room.now)
        stopped = verdict.state is State.STOPPED or (stopped and event != "disarm")
        assert not (stopped and verdict.torque), events
        assert not (event == "foreign" and verdict.state is State.ARMED)


def test_an_estop_between_two_threads_is_never_lost(room):
    """One thread steps as fast as it can while another one stops, disarms and arms."""
    ended = threading.Event()

    def step():
        while not ended.is_set():
            room.supervision.step((), room.now)

    stepper = threading.Thread(target=step)
    stepper.start()
    try:
        for _ in range(300):
            room.send()
            room.ask(Request.PREPARE)
            room.ask(Request.ARM)
            room.ask(Request.ESTOP)
            for _ in range(5):
                assert room.supervision.verdict.state is State.STOPPED
            room.ask(Request.DISARM)
    finally:
        ended.set()
        stepper.join()
