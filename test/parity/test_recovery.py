"""Recovery is the same in the judge, on the robot's path and in a replay, bit by bit."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.manifest import bundle_id, load_manifest, save_manifest
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import named_resource, shipped
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.replay.offline import repeat
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.wire import TickRecord, pack_tick, unpack_tick

BUNDLE = "models/policies/leap_so3_reinforced"
SOON = RecoverySpec(after_s=0.4, lead_s=0.3, decoy_rad=1.2, gain=0.5, filter_s=0.2)
HANDS = 3


def recovering_pipeline(leap):
    pipeline = load_pipeline(shipped(BUNDLE), leap)
    pipeline.recovery = SOON
    return pipeline


class Spy:
    """Judged like any controller; keeps every tick."""

    def __init__(self, pipeline):
        self._pipeline, self.ticks = pipeline, []

    def start(self, inputs):
        self._pipeline.reset()

    def targets(self, inputs, now_ns):
        self.ticks.append((now_ns, self._pipeline.step(inputs, now_ns)))
        return self.ticks[-1][1].target.pos_rad


@pytest.fixture(scope="module")
def judged(leap):
    """Ticks of three hands in the judge."""
    judge = config.load(JudgeConfig, named_resource("config/eval", "demo"))
    task = replace(load_protocol("dactyl").task, goal_rad=(2.5, 3.0), goal_timeout_s=2.5)
    settings = {"hand": leap, "task": task, "object": "cube70", "goals_per_episode": 1, "seed": 3}
    course = Course(**settings, judge=replace(judge, reset_pool=8, threads=1), episodes=HANDS, control_rate_hz=20.0)
    spy = Spy(recovering_pipeline(leap))
    run_trials(spy, course)
    return spy.ticks


def of_one(inputs, hand):
    joints, pose, goal = inputs[JOINTS], inputs[OBJECT_POSE], inputs[GOAL]
    return ObservationInputs.of(
        joint_states=JointSample(
            stamp_ns=int(joints.stamp_ns[hand]), pos_rad=joints.pos_rad[hand], vel_rad_s=joints.vel_rad_s[hand]
        ),
        object_pose=PoseSample(
            stamp_ns=int(pose.stamp_ns[hand]), pos_m=pose.pos_m[hand], quat_wxyz=pose.quat_wxyz[hand]
        ),
        goal=GoalSample(stamp_ns=int(goal.stamp_ns[hand]), quat_wxyz=goal.quat_wxyz[hand]),
    )


def records(judged, leap, hand):
    """Returns what the robot's path makes of one hand's samples, through the wire."""
    pipeline, result = recovering_pipeline(leap), []
    for now_ns, tick in judged:
        own = pipeline.step(of_one(tick.inputs, hand), now_ns)
        assert own.doing == ("acting: recovering" if own.recovering else "acting")
        record = TickRecord(
            now_ns=now_ns, reset=1, inputs=own.inputs, observation=own.observation, outputs=own.outputs,
            target=own.target, recovering=bool(own.recovering),
        )  # fmt: skip
        result.append(unpack_tick(*pack_tick(record)))
    return result


@pytest.mark.parametrize("hand", range(HANDS))
def test_the_robots_path_recovers_when_and_how_the_judge_did(judged, leap, hand):
    ticks = records(judged, leap, hand)
    assert any(tick.recovering for tick in ticks) and not all(tick.recovering for tick in ticks)
    for record, (_, tick) in zip(ticks, judged, strict=True):
        assert record.recovering == bool(tick.recovering[hand])
        np.testing.assert_array_equal(record.observation, tick.observation[hand])


def test_a_replay_repeats_it_and_one_of_a_run_without_it_does_not_recover(judged, leap):
    ticks = records(judged, leap, 0)
    for tick, again, _ in repeat(ticks, recovering_pipeline(leap)):
        assert bool(again.recovering) == tick.recovering
        np.testing.assert_array_equal(again.target.pos_rad, tick.target.pos_rad)
    silent = [replace(tick, recovering=None) for tick in ticks]
    assert all(again.recovering is None for _, again, _ in repeat(silent, recovering_pipeline(leap)))


def test_an_operators_action_begins_the_watch_anew(judged, leap):
    pipeline = recovering_pipeline(leap)
    for now_ns, tick in judged[:7]:
        inputs = of_one(tick.inputs, 0)
        pipeline.step(inputs, now_ns)
    led = pipeline.step(inputs, now_ns, instead=np.zeros(16, dtype=np.float32))
    assert not led.recovering
    assert not pipeline.step(of_one(judged[8][1].inputs, 0), judged[8][0]).recovering


def test_a_manifest_without_recovery_keeps_its_id_and_one_with_it_has_another(tmp_path):
    manifest = load_manifest(shipped(BUNDLE))
    save_manifest(manifest, tmp_path)
    without = bundle_id(tmp_path)
    assert "recovery" not in (tmp_path / "manifest.yaml").read_text()
    save_manifest(replace(manifest, recovery=SOON), tmp_path)
    assert bundle_id(tmp_path) != without and replace(manifest, recovery=SOON).digest != manifest.digest
    assert config.load(type(manifest), tmp_path / "manifest.yaml").recovery == SOON
