"""A policy that sees what it was not trained on says so, holds, or eases to its start; replay need not know."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE
from dexterity_ros.replay.offline import repeat
from dexterity_ros.runtime.guard import Workspace
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.runtime.unfamiliar import Unfamiliar

PERIOD_NS = 50_000_000
BEGIN_NS = 1_000_000_000_000
HELD_NS = 200_000_000  # hand_node counts a reset when no target has come for so long


class Gentle:
    """A network that moves the joints a little, to near a pose."""

    state_width = 1

    def __init__(self, pose_rad):
        self._pose_rad = np.asarray(pose_rad, np.float32) + np.float32(0.03)

    def __call__(self, seen, state):
        return {"action": 0.3 * np.tanh(self._pose_rad - seen["observation"][:, :16])}, state + 1


class Hand:
    """policy_node and the hand behind it, tick by tick; `fast`: a joint is measured at a speed that no training saw."""

    def __init__(self, pipeline, reaction, inputs_at):
        self.pipeline, self.watch = pipeline, Unfamiliar(pipeline, reaction)
        self._inputs_at, self.now_ns = inputs_at, BEGIN_NS
        self.fast, self.counts_resets = False, True
        self.reset, self._last_target_ns = 1, BEGIN_NS
        self.pose_lost, self.follows = False, True
        self.ticks, self.pos_rad = [], None

    def inputs(self):
        inputs = self._inputs_at(self.now_ns - (HELD_NS * 5 if self.pose_lost else 0))
        joints = inputs[JOINTS]
        self.pos_rad = joints.pos_rad if self.pos_rad is None else self.pos_rad
        speed = joints.vel_rad_s + (50.0 * (np.arange(16) == 3) if self.fast else 0.0)
        return inputs.having(JOINTS, replace(joints, pos_rad=self.pos_rad, vel_rad_s=speed))

    def cycle(self, led=None):
        """Does what policy_node does once per period; returns what came of it."""
        self.now_ns += PERIOD_NS
        if self.counts_resets and self.now_ns - self._last_target_ns == HELD_NS:
            self.reset += 1
            self.pipeline.reset()
        result = self._step(self.inputs(), led)
        if not isinstance(result, Fault):
            self._last_target_ns = self.now_ns
        if isinstance(result, Tick):
            self.ticks.append(result.record(self.reset))
            self.pos_rad = result.target.pos_rad if self.follows else self.pos_rad
        return result

    def _step(self, inputs, led):
        if self.watch.holds:
            held = self.watch.held(inputs, self.reset, self.now_ns, led=led is not None)
            if held is not None:
                return held
        tick = self.pipeline.step(inputs, self.now_ns, instead=led)
        return tick if isinstance(tick, Fault) else self.watch.step(tick, self.reset) or tick

    def run(self, seconds, **how):
        return [self.cycle(**how) for _ in range(round(seconds * 1e9 / PERIOD_NS))]


@pytest.fixture
def hand_of(bundle, leap, inputs_at):
    def make(reaction):
        workspace = Workspace(centre_m=leap.grasp_centre_m, radius_m=0.09)
        return Hand(
            PolicyPipeline(load_manifest(bundle), Gentle(leap.home_pos_rad), leap, workspace=workspace),
            reaction,
            inputs_at,
        )

    return make


def codes(results):
    return {result.code for result in results if isinstance(result, Fault)}


def all_act(results):
    return all(isinstance(result, Tick) for result in results)


def test_a_warning_names_the_joint_and_keeps_acting(hand_of):
    hand = hand_of("warn")
    assert all_act(hand.run(3.0)) and hand.watch.fault is None
    hand.fast = True
    assert all_act(hand.run(3.0)) and not hand.watch.holds
    assert hand.watch.fault.code is FaultCode.OUTSIDE_TRAINING
    assert "joint_vel of " in hand.watch.fault.detail and "in 100 % of the last 2 s" in hand.watch.fault.detail
    assert hand.watch.figures()["outside_training"]["joint_vel"]["share"] == 1.0
    hand.fast = False
    assert all_act(hand.run(3.0)) and hand.watch.fault is None
    assert hand.watch.figures() == {"outside_training": {}}


def test_a_hold_lasts_until_the_policy_sees_again_what_it_knows_and_has_begun_anew(hand_of):
    hand = hand_of("hold")
    hand.run(3.0)
    hand.fast = True
    assert codes(hand.run(3.0)) == {FaultCode.HELD_OUTSIDE_TRAINING} and isinstance(hand.cycle(), Fault)
    hand.fast = False
    waiting = hand.run(0.3)
    assert not any(isinstance(result, Tick) for result in waiting)
    assert all_act(hand.run(3.0)) and hand.watch.fault is None


def test_a_short_hold_that_the_hand_did_not_notice_is_waited_out(hand_of):
    hand = hand_of("hold")
    hand.counts_resets, hand.fast = False, True
    hand.run(3.0)
    hand.fast = False
    assert codes(hand.run(2.0)) == {FaultCode.HELD_OUTSIDE_TRAINING} and isinstance(hand.cycle(), Fault)
    hand.reset += 1
    hand.pipeline.reset()
    assert all_act(hand.run(1.0)[10:])


def test_a_pose_that_is_lost_meanwhile_is_not_what_the_policy_knows(hand_of):
    hand = hand_of("hold")
    hand.fast = True
    hand.run(3.0)
    hand.fast, hand.pose_lost = False, True
    assert not any(isinstance(result, Tick) for result in hand.run(2.0))


def test_easing_leads_to_the_start_pose_slowly_and_then_holds(hand_of, leap):
    hand = hand_of("ease")
    hand.pos_rad = np.clip(np.array(leap.home_pos_rad) + 0.4, leap.lower_rad, leap.upper_rad)
    hand.fast, hand.follows = True, False
    results = hand.run(8.0)
    eased = [result.pos_rad for result in results if isinstance(result, JointTarget)]
    path = np.array([hand.pos_rad, *eased])
    assert np.abs(np.diff(path, axis=0)).max() <= 0.25 * leap.max_velocity_rad_s * PERIOD_NS * 1e-9 + 1e-9
    assert path[-1] == pytest.approx(hand.pipeline.manifest.start_pos, abs=1e-9)
    assert results[-1].code is FaultCode.HELD_OUTSIDE_TRAINING
    hand.pos_rad, hand.fast, hand.follows = path[-1], False, True
    assert all_act(hand.run(2.0)[10:])


def test_easing_begins_again_from_where_a_hand_stands_that_was_held_meanwhile(hand_of, leap):
    hand = hand_of("ease")
    hand.pos_rad = np.clip(np.array(leap.home_pos_rad) + 0.4, leap.lower_rad, leap.upper_rad)
    hand.fast, hand.follows = True, False
    results = hand.run(1.0)
    while not isinstance(results[-1], JointTarget):
        results += hand.run(0.05)
    hand.run(0.3)
    hand.reset += 1
    assert hand.cycle().pos_rad == pytest.approx(hand.pos_rad, abs=1e-6)


def test_an_operator_may_lead_out_of_it(hand_of):
    hand = hand_of("hold")
    hand.fast = True
    hand.run(3.0)
    assert all_act(hand.run(1.0, led=np.zeros(16, np.float32)))


def test_what_was_strange_before_an_operator_led_does_not_count_with_what_comes_after(hand_of):
    hand = hand_of("hold")
    hand.fast = True
    hand.run(0.9)
    hand.run(0.5, led=np.zeros(16, np.float32))
    assert all_act(hand.run(0.9)) and hand.watch.fault is None
    assert codes(hand.run(0.5)) == {FaultCode.HELD_OUTSIDE_TRAINING}


def test_what_was_strange_before_a_reset_does_not_count_with_what_comes_after(hand_of):
    hand = hand_of("hold")
    hand.fast = True
    hand.run(0.9)
    hand.reset += 1
    hand.pipeline.reset()
    assert all_act(hand.run(0.9)) and hand.watch.fault is None


def test_what_was_held_and_eased_replays_bit_by_bit(hand_of, bundle, leap):
    for reaction in ("hold", "ease", "warn"):
        hand = hand_of(reaction)
        for fast in (False, True, False, True, False):
            hand.fast = fast
            hand.run(2.5)
        assert len({tick.reset for tick in hand.ticks}) == (1 if reaction == "warn" else 3)
        pipeline = PolicyPipeline(load_manifest(bundle), Gentle(leap.home_pos_rad), leap)
        repeated = repeat(hand.ticks, pipeline)
        assert all(known for _, _, known in repeated)
        for recorded, result, _ in repeated:
            assert np.array_equal(recorded.observation, result.observation)
            assert np.array_equal(recorded.target.pos_rad, result.target.pos_rad)


def test_a_look_is_what_a_step_begins_with_and_leaves_no_trace(hand_of):
    hand = hand_of("warn")
    hand.run(1.0)
    hand.now_ns += PERIOD_NS
    inputs = hand.inputs()
    looked = [hand.pipeline.look(inputs) for _ in range(2)]
    tick = hand.pipeline.step(inputs, hand.now_ns)
    assert np.array_equal(looked[0], looked[1]) and np.array_equal(looked[0], tick.observation)
    assert inputs[OBJECT_POSE].stamp_ns == hand.now_ns
