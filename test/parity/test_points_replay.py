"""A policy of points: what it saw is in the tick, a bag holds it, replay finds every sample and every bit."""

import base64
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rosbags")
pytest.importorskip("mcap")
pytest.importorskip("mujoco")

from dexterity_ros import wire
from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.samples import CloudSample, JointSample
from dexterity_ros.contracts.sources import GOAL_CLOUD, JOINTS, OBJECT_CLOUD, ObservationInputs
from dexterity_ros.evaluation.outcomes import GoalOutcome, Trial
from dexterity_ros.evaluation.simulated import Recorded
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.messages import write_tick
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.replay.compare import compare
from dexterity_ros.replay.offline import _inputs, repeat
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.playback import player
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.sim.synthetic_clouds import CloudNoise, Seen, SyntheticClouds

BEGIN_NS = 1_800_000_000_000_000_000
TICKS = 5
STILL = {"action": np.zeros((1, 16), dtype=np.float32)}


class Looking:
    """Acts on what it sees of object and goal."""

    state_width = 0

    def __call__(self, seen, state):
        apart = (seen["goal_points"] - seen["object_points"]).reshape(len(seen["observation"]), -1)
        return {"action": 10.0 * apart[:, :16].astype(np.float32)}, state


@pytest.fixture
def pipeline(bundle, leap):
    manifest = load_manifest(bundle)
    terms = ("joint_pos", "last_action", "object_points_48", "goal_points_48")
    spec = observation_spec(terms, 16, {"joint_states": 0.1, "object_cloud": 0.2, "goal_cloud": 0.08})
    ranges = {term.name: manifest.training_range[term.name] for term in spec.vectors}
    return PolicyPipeline(replace(manifest, observation=spec, training_range=ranges), Looking(), leap)


@pytest.fixture
def samples(leap):
    """What the sensors of one hand said, tick after tick; points as a message holds them."""
    clouds = SyntheticClouds(leap, (load_catalogue().objects[-1].spec,), CloudNoise(points=48), 1, 0)
    clouds.restart(np.ones(1, dtype=bool))
    joints = np.array(leap.home_pos_rad)

    def at(tick):
        stamp = BEGIN_NS + 50_000_000 * tick
        quat = np.array([[np.cos(0.1 * tick), np.sin(0.1 * tick), 0.0, 0.0]])
        seen = Seen(
            stamp_ns=np.array([stamp]), kind=np.array([0]), pos_m=np.array([leap.grasp_centre_m]), quat_wxyz=quat,
            joints_rad=joints[None],
        )  # fmt: skip
        object_cloud, goal_cloud = clouds.object_cloud(seen), clouds.goal_cloud(seen.stamp_ns, seen.kind, quat)
        return ObservationInputs.of(
            joint_states=JointSample(stamp_ns=stamp, pos_rad=joints, vel_rad_s=np.zeros(16)),
            object_cloud=_as_sent(object_cloud, stamp),
            goal_cloud=_as_sent(goal_cloud, stamp),
        )

    return [at(tick) for tick in range(TICKS)]


def _as_sent(cloud, stamp):
    return CloudSample(stamp_ns=stamp, points_m=cloud.points_m[0].astype(np.float32).astype(np.float64))


@pytest.fixture
def run(pipeline, samples, leap, tmp_path):
    topics = recorded_topics()
    bag = BagWriter(tmp_path / "run", list(topics.values()), {"hand": "leap"})
    for inputs in samples:
        now = inputs[JOINTS].stamp_ns + 1_000_000
        tick = pipeline.step(inputs, now)
        assert isinstance(tick, Tick), tick
        record = wire.TickRecord(
            now_ns=now, reset=0, inputs=inputs, observation=tick.observation, outputs=tick.outputs, target=tick.target
        )
        write_tick(bag, topics, record, leap.joint_names)
    bag.close()
    return RunRecord(Bag(tmp_path / "run"))


def test_the_policy_waits_for_joints_and_both_clouds_and_for_no_pose(pipeline, samples):
    assert pipeline.guard.sources == (JOINTS, OBJECT_CLOUD, GOAL_CLOUD)
    now = samples[0][JOINTS].stamp_ns
    assert pipeline.step(samples[0].only((JOINTS, OBJECT_CLOUD)), now).code is FaultCode.SOURCE_STALE
    assert pipeline.step(samples[0], now + 100_000_000).code is FaultCode.SOURCE_STALE, "goal points are too old"
    lost = samples[0].having(OBJECT_CLOUD, CloudSample(stamp_ns=now, points_m=np.full((4, 3), np.nan)))
    assert pipeline.step(lost, now).code is FaultCode.SOURCE_INVALID


def test_a_bag_holds_the_clouds_and_replay_finds_every_sample_and_every_bit(run, pipeline, samples):
    assert [tick.inputs.sources for tick in run.ticks] == [(JOINTS, OBJECT_CLOUD, GOAL_CLOUD)] * TICKS
    for tick, before in zip(run.ticks, samples, strict=True):
        for source in (OBJECT_CLOUD, GOAL_CLOUD):
            np.testing.assert_array_equal(tick.inputs[source].points_m, before[source].points_m)
    stages = [(s.stage, s.compared, s.differing) for s in _inputs(run)]
    assert stages == [(name, TICKS, 0) for name in ("joint_states", "object_cloud", "goal_cloud")]
    pipeline.reset()
    for tick, again, _ in repeat(run.ticks, pipeline):
        np.testing.assert_array_equal(again.outputs["action"], tick.outputs["action"])
        np.testing.assert_array_equal(again.target.pos_rad, tick.target.pos_rad)


def test_what_a_judge_records_is_repeated_bit_by_bit(pipeline, samples):
    controller = Recorded(pipeline)
    controller.start(samples[0])
    for inputs in samples:
        both = {s.name: _of_two_hands(inputs[s]) for s in inputs.sources}
        controller.targets(ObservationInputs(both), int(inputs[JOINTS].stamp_ns))
    reached = Trial(goals=[GoalOutcome(reached=True, time_s=0.05 * TICKS, angle_rad=1.0)])
    ticks = controller.records([reached, reached], period_s=0.05, begin_ns=BEGIN_NS)
    assert len(ticks) == 2 * TICKS
    for tick in ticks:
        points = tick.inputs[OBJECT_CLOUD].points_m
        np.testing.assert_array_equal(points, points.astype(np.float32))
    pipeline.reset()
    for tick, again, _ in repeat(ticks, pipeline):
        np.testing.assert_array_equal(again.outputs["action"], tick.outputs["action"])


def _of_two_hands(sample):
    """The same sample twice; points as a simulator has them, finer than a message carries."""
    values = {name: None if value is None else np.stack([value, value]) for name, value in vars(sample).items()}
    if isinstance(sample, CloudSample):
        values["points_m"] = values["points_m"] + 1e-12
    return type(sample)(**values)


def test_a_comparison_says_that_nobody_followed_the_object(run, pipeline):
    found = compare(run, replace(pipeline.manifest, object="family:train"))
    assert found.diagnosis is None and "no object_pose was recorded" in found.skipped


def test_a_report_shows_what_the_policy_saw_of_object_and_goal(run, samples):
    shown = player(run, []).content
    assert len(shown["clouds"]) == len(shown["goal_clouds"]) == TICKS, "every goal of these samples is another"
    raw = np.frombuffer(base64.b64decode(shown["goal_clouds"][2]["points"]), dtype="<i2").reshape(-1, 3)
    known = samples[2][GOAL_CLOUD].points_m
    away = np.linalg.norm(1e-4 * raw[:, None] - known[None], axis=-1).min(axis=1)
    assert away.max() < 1e-4


def test_a_dataset_holds_the_clouds(run, tmp_path, leap):
    pytest.importorskip("pyarrow")
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot

    to_lerobot(run.bag, tmp_path / "set", joint_names=leap.joint_names, task="points", rate_hz=20.0)
    from_lerobot(tmp_path / "set", tmp_path / "back", joint_names=leap.joint_names)
    for before, after in zip(run.ticks, RunRecord(Bag(tmp_path / "back")).ticks, strict=True):
        np.testing.assert_array_equal(after.inputs[OBJECT_CLOUD].points_m, before.inputs[OBJECT_CLOUD].points_m)


def test_fewer_points_than_a_network_takes_are_repeated_and_more_are_left_out(pipeline, samples, monkeypatch):
    few = samples[0][OBJECT_CLOUD].points_m[:30]
    now = samples[0][JOINTS].stamp_ns
    seen = {}
    monkeypatch.setattr(Looking, "__call__", lambda _, ports, state: (seen.update(ports) or STILL, state))
    for points, expected in (
        (few, np.concatenate([few, few[:18]])),
        (np.concatenate([few] * 3), np.concatenate([few, few[:18]])),
    ):
        pipeline.step(samples[0].having(OBJECT_CLOUD, CloudSample(stamp_ns=now, points_m=points)), now)
        np.testing.assert_array_equal(seen["object_points"][0], expected.astype(np.float32))
