"""A sensor that is a row in each table goes through every stage: simulator, term, policy, bag, replay, LeRobot."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

pytest.importorskip("rosbags")
pytest.importorskip("mcap")

from dexterity_ros import wire
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.manifest import TermRange, load_manifest
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.sources import GOAL, JOINTS, SOURCES, ObservationInputs, Source, finite
from dexterity_ros.contracts.topic import Topic
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.observation.builder import _TERMS, _Term, observation_spec
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.messages import write_tick
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.replay.offline import _inputs, repeat
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.timing import run_timing
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.sim.realtime import RealtimeHand
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sensors import NO_NOISE
from dexterity_ros.sim.sources import SIMULATED
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.wire.sources import CODECS, Codec

BEGIN_NS = 1_800_000_000_000_000_000
FINGERS = ("index", "middle", "ring", "thumb")


@dataclass(frozen=True, kw_only=True)
class TouchSample:
    """force_n: (..., 4)."""

    stamp_ns: object
    force_n: np.ndarray


TOUCH = Source(
    name="touch",
    short="touch",
    sample=TouchSample,
    fields={"force_n": FINGERS},
    problem=lambda touch: None if finite(touch, "force_n") else f"forces {touch.force_n} are not finite",
    topic=Topic(
        name="fingers/touch", message="sensor_msgs/msg/JointState", qos="sensor", rate_hz=100.0, max_age_s=0.1,
        recorded=True, publisher="your driver", about="forces at the fingertips, N", owner="system",
    ),
)  # fmt: skip


def fill(message, sample, names):
    wire.fill_stamp(message.header, sample.stamp_ns)
    message.name, message.effort = list(FINGERS), sample.force_n.tolist()
    return message


def read(message):
    return TouchSample(stamp_ns=wire.stamp_ns(message.header), force_n=np.array(message.effort, dtype=np.float64))


def press(bodies, rng):
    off_m = np.sqrt(((bodies.tips_m - bodies.object_pos_m[..., None, :]) ** 2).sum(axis=-1))
    return TouchSample(stamp_ns=bodies.stamp_ns, force_n=np.exp(-20.0 * off_m))


@pytest.fixture
def touch(monkeypatch):
    term = _Term(compute=lambda i, m: i[TOUCH].force_n, width=4, frame="finger", unit="N", source=TOUCH)
    for table, key, row in (
        (SOURCES, "touch", TOUCH),
        (TOPICS, "touch", TOUCH.topic),
        (CODECS, "touch", Codec(reader=lambda _: read, fill=fill)),
        (SIMULATED, TOUCH, press),
        (_TERMS, "touch", term),
    ):
        monkeypatch.setitem(table, key, row)
    return observation_spec(("joint_pos", "touch", "last_action"), 16, {"joint_states": 0.1, "touch": 0.1})


class Leaning:
    state_width = 0

    def __call__(self, seen, state):
        return {"action": 0.1 * np.tile(seen["observation"][:, 16:20], 4).astype(np.float32)}, state


@pytest.fixture
def pipeline(touch, bundle, leap):
    manifest = load_manifest(bundle)
    known = manifest.training_range | {"touch": TermRange(low=(0.0,) * 4, high=(1.0,) * 4)}
    ranges = {term.name: known[term.name] for term in touch.terms}
    return PolicyPipeline(replace(manifest, observation=touch, training_range=ranges), Leaning(), leap)


@pytest.fixture
def env(touch, pipeline, leap):
    made = ReorientEnv(
        hand=leap,
        task=config.load(TaskSpec, named_resource("config/tasks", "yaw")),
        observation=touch,
        action=pipeline.manifest.action,
        config=EnvConfig(
            num_envs=2, physics=PhysicsConfig(timestep_s=0.05 / 3, substeps=3), object="cube70", episode_s=1e3,
            noise=NO_NOISE, randomisation=None, reset_pool=4, threads=1,
        ),
        seed=0,
    )  # fmt: skip
    yield made
    made.close()


def of_one(inputs):
    """Returns the first hand's samples, at a time of day."""
    samples = {}
    for source in inputs.sources:
        sample = inputs[source]
        fields = {name: np.array(getattr(sample, name)[0]) for name in source.fields}
        samples[source.name] = source.sample(stamp_ns=BEGIN_NS + int(sample.stamp_ns[0]), **fields)
    return ObservationInputs(samples)


@pytest.fixture
def run(env, pipeline, leap, tmp_path):
    """A bag of what the policy did in the simulator: what it was given, said, and commanded."""
    topics = recorded_topics()
    bag = BagWriter(tmp_path / "run", list(topics.values()), {"hand": "leap"})
    env.reset()
    for _ in range(5):
        inputs = of_one(env.inputs).only(pipeline.guard.sources)
        now = inputs[JOINTS].stamp_ns + 1_000_000
        tick = pipeline.step(inputs, now)
        assert isinstance(tick, Tick), tick
        record = wire.TickRecord(
            now_ns=now, reset=0, inputs=inputs, observation=tick.observation, outputs=tick.outputs, target=tick.target
        )
        write_tick(bag, topics, record, leap.joint_names)
        env.step(np.zeros((2, 16), np.float32))
    bag.close()
    return RunRecord(Bag(tmp_path / "run"))


def test_the_simulator_lets_the_policy_feel_what_the_sensor_would(env, touch):
    observation, _ = env.reset()
    forces = observation[:, touch.slices["touch"]]
    assert (forces > 0.0).all() and (forces < 1.0).all() and np.ptp(forces) > 0.0
    np.testing.assert_array_equal(env.true_inputs()[TOUCH].force_n, env.inputs[TOUCH].force_n)


def test_in_real_time_it_says_what_it_says_in_training(touch, leap):
    sim = RealtimeHand(leap, "cube70", PhysicsConfig(timestep_s=0.01, substeps=1), pool=2, seed=0)
    assert sim.further(7)[TOUCH].stamp_ns == 7 and sim.further(7)[TOUCH].force_n.shape == (4,)


def test_the_policy_waits_for_it_and_for_nothing_that_it_does_not_use(pipeline, env):
    assert pipeline.guard.sources == (JOINTS, TOUCH)
    inputs = of_one(env.inputs)
    now = inputs[JOINTS].stamp_ns
    assert isinstance(pipeline.step(inputs.only((JOINTS, TOUCH)), now), Tick)
    assert pipeline.step(inputs.only((JOINTS, GOAL)), now).code is FaultCode.SOURCE_STALE
    wrong = replace(inputs[TOUCH], force_n=np.full(4, np.nan))
    assert pipeline.step(inputs.having(TOUCH, wrong), now).code is FaultCode.SOURCE_INVALID


def test_a_bag_holds_it_and_replay_finds_every_sample_and_every_bit(run, pipeline):
    assert [tick.inputs.sources for tick in run.ticks] == [(JOINTS, TOUCH)] * 5
    assert [(s.stage, s.compared, s.differing) for s in _inputs(run)] == [("joint_states", 5, 0), ("touch", 5, 0)]
    pipeline.reset()
    for tick, again, _ in repeat(run.ticks, pipeline):
        np.testing.assert_array_equal(again.observation, tick.observation)
        np.testing.assert_array_equal(again.target.pos_rad, tick.target.pos_rad)
    assert run_timing(run)["touch_age_ms"]["max"] == 1.0


def test_the_page_of_a_run_shows_what_it_said(run):
    pytest.importorskip("matplotlib")
    from dexterity_ros.reporting.source_sections import source_sections

    (section,) = source_sections(run)
    assert section.title == "Touch"
    (figure,) = section.figures
    np.testing.assert_allclose(figure.columns["force_n.ring"], run.samples(TOUCH).values[:, 2], atol=1e-6)


def test_a_dataset_holds_it_with_the_names_of_its_numbers(run, tmp_path, leap):
    pytest.importorskip("pyarrow")
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot

    to_lerobot(run.bag, tmp_path / "set", joint_names=leap.joint_names, task="touch", rate_hz=20.0)
    features = json.loads((tmp_path / "set/meta/info.json").read_text())["features"]
    assert features["observation.touch"]["names"] == list(FINGERS) and "observation.object_pose" not in features
    from_lerobot(tmp_path / "set", tmp_path / "back", joint_names=leap.joint_names)
    for before, after in zip(run.ticks, RunRecord(Bag(tmp_path / "back")).ticks, strict=True):
        assert after.inputs[TOUCH].stamp_ns == before.inputs[TOUCH].stamp_ns
        np.testing.assert_array_equal(after.inputs[TOUCH].force_n, before.inputs[TOUCH].force_n)
        np.testing.assert_array_equal(after.raw_action, before.raw_action)
