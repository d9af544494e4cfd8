"""Bags hold what was put in, say what is wrong with them, and give back what a kill left."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("rosbags")
pytest.importorskip("mcap")

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import METADATA_FILE, recorded_topics
from dexterity_ros.recording.queued_writer import QueuedWriter
from dexterity_ros.recording.recover import recover
from dexterity_ros.recording.tables import export_tables
from dexterity_ros.recording.types import encode, make

MS = 1_000_000
SHORT_RUN = Path(__file__).parents[1] / "data" / "short_run"


def text(value):
    return encode(make("std_msgs/msg/String", data=value), "std_msgs/msg/String")


def write(folder, count, *, begin_ns=1_800_000_000_000_000_000, finish=True, size=0, **options):
    """Writes `count` states, one per 10 ms, then finishes the bag or leaves it as a kill would."""
    topics = recorded_topics()
    bag = BagWriter(folder, list(topics.values()), {"policy": "p", "hand": "leap"}, **options)
    for i in range(count):
        stamp = begin_ns + i * 10 * MS
        bag.write(topics["hand_state"], stamp, stamp - MS, text(f"state {i} " + "x" * size))
    if finish:
        bag.close()
    return bag


def test_what_was_written_is_read_with_its_times_and_what_ran(tmp_path):
    write(tmp_path / "b", 20)
    bag = Bag(tmp_path / "b")
    rows = bag.values("hand/state")
    assert [value.data.split()[1] for _, value in rows] == [str(i) for i in range(20)]
    assert [m.log_ns - m.publish_ns for m, _ in rows] == [MS] * 20
    assert bag.info == {"policy": "p", "hand": "leap"}
    assert bag.duration_s == pytest.approx(0.19)


def test_every_recorded_topic_of_the_table_has_its_place_and_no_other(tmp_path):
    write(tmp_path / "b", 1)
    expected = {t.name if t.name.startswith("/") else f"/{t.name}" for t in TOPICS.values() if t.recorded}
    assert set(Bag(tmp_path / "b").types) == expected


def test_metadata_has_what_rosbag2_reads(tmp_path):
    # Fields of rosbag2_storage's BagMetadata, version 9.
    write(tmp_path / "b", 5)
    told = yaml.safe_load((tmp_path / "b" / METADATA_FILE).read_text())["rosbag2_bagfile_information"]
    assert set(told) == {
        *("version", "storage_identifier", "duration", "starting_time", "message_count", "compression_format"),
        *("topics_with_message_count", "compression_mode", "relative_file_paths", "files", "custom_data", "ros_distro"),
    }
    assert (told["version"], told["storage_identifier"], told["message_count"]) == (9, "mcap", 5)
    assert told["duration"] == {"nanoseconds": 40 * MS}
    (state,) = [t for t in told["topics_with_message_count"] if t["topic_metadata"]["name"] == "/hand/state"]
    assert state["message_count"] == 5
    topic = state["topic_metadata"]
    assert set(topic) == {"name", "type", "serialization_format", "offered_qos_profiles", "type_description_hash"}
    assert topic["type_description_hash"].startswith("RIHS01_")
    (qos,) = topic["offered_qos_profiles"]
    assert (qos["reliability"], qos["durability"], qos["history"]) == ("reliable", "transient_local", "keep_last")


def test_rosbags_reads_what_we_write(tmp_path):
    from rosbags.rosbag2 import Reader

    write(tmp_path / "b", 7)
    with Reader(tmp_path / "b") as reader:
        assert sum(1 for _ in reader.messages()) == 7


def test_a_bag_is_split_by_size_and_read_as_one(tmp_path):
    write(tmp_path / "b", 300, size=2000, max_file_bytes=4_000)
    bag = Bag(tmp_path / "b")
    assert len(bag.files) > 2
    assert [value.data.split()[1] for _, value in bag.values("hand/state")] == [str(i) for i in range(300)]


def test_a_recording_never_overwrites_one(tmp_path):
    write(tmp_path / "b", 1)
    with pytest.raises(BagError, match="exists already"):
        write(tmp_path / "b", 1)


def test_a_bag_whose_recorder_was_killed_is_named_and_recovered(tmp_path):
    write(tmp_path / "b", 2000, size=500, finish=False)
    with pytest.raises(BagError, match=r"was cut off.*dexterity bag recover"):
        Bag(tmp_path / "b")
    saved = recover(tmp_path / "b", tmp_path / "saved")
    bag = Bag(tmp_path / "saved")
    assert saved.counts == {"/hand/state": bag.counts["/hand/state"]} and bag.info["policy"] == "p"
    assert bag.counts["/hand/state"] > 1900  # all but the chunk that was being filled


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda file: file.write_bytes(b""), "is empty"),
        (lambda file: file.write_bytes(b"hello there, I am text"), "is not an MCAP file"),
        (lambda file: file.write_bytes(file.read_bytes()[:-200]), "was cut off"),
        (lambda file: file.unlink(), r"no \.mcap file"),
    ],
)
def test_a_bag_that_cannot_be_read_says_why(tmp_path, spoil, said):
    write(tmp_path / "b", 10)
    spoil(tmp_path / "b" / "b_0.mcap")
    with pytest.raises(BagError, match=said):
        Bag(tmp_path / "b")


def test_other_things_that_are_no_bags_are_named(tmp_path):
    with pytest.raises(BagError, match="does not exist"):
        Bag(tmp_path / "nowhere")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "old_0.db3").touch()
    with pytest.raises(BagError, match="ros2 bag convert"):
        Bag(tmp_path / "old")
    write(tmp_path / "none", 0)
    with pytest.raises(BagError, match="holds no message"):
        Bag(tmp_path / "none")
    write(tmp_path / "other", 3)
    with pytest.raises(BagError, match=r"no messages on policy/tick; it has \['/hand/state'\]"):
        Bag(tmp_path / "other").need("policy/tick")


def test_a_queued_writer_writes_everything_that_fits(tmp_path):
    topics = recorded_topics()
    queue = QueuedWriter(BagWriter(tmp_path / "b", list(topics.values()), {}))
    for i in range(500):
        queue.put(topics["hand_state"], i, i, text(str(i)))
    queue.close()
    assert queue.dropped == 0 and Bag(tmp_path / "b").counts["/hand/state"] == 500


def test_tables_name_joints_and_keep_stamps(tmp_path):
    written = export_tables(Bag(SHORT_RUN), tmp_path / "t", "csv")
    with (tmp_path / "t" / "joint_states.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == written.files["joint_states.csv"]
    bag = Bag(SHORT_RUN)
    _, value = bag.values("joint_states")[3]
    assert int(rows[3]["stamp_ns"]) == value.header.stamp.sec * 10**9 + value.header.stamp.nanosec
    assert float(rows[3]["position.th_ipl"]) == value.position[value.name.index("th_ipl")]
    with pytest.raises(BagError, match="exists already"):
        export_tables(bag, tmp_path / "t", "csv")


def test_a_run_goes_to_lerobot_and_back_without_a_changed_bit(tmp_path, leap):
    pq = pytest.importorskip("pyarrow.parquet")
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot
    from dexterity_ros.replay.run_record import RunRecord

    data, back = tmp_path / "data", tmp_path / "back"
    to_lerobot(Bag(SHORT_RUN), data, joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    schema = pq.read_schema(data / "data/chunk-000/file-000.parquet")
    assert str(schema.field("stamp_ns").type) == "int64"
    from_lerobot(data, back, joint_names=leap.joint_names)
    before, after = RunRecord(Bag(SHORT_RUN)).ticks, RunRecord(Bag(back)).ticks
    assert len(before) == len(after) > 100
    for a, b in zip(before, after, strict=True):
        assert (a.now_ns, a.reset) == (b.now_ns, b.reset)
        assert a.inputs[JOINTS].stamp_ns == b.inputs[JOINTS].stamp_ns
        assert a.inputs[OBJECT_POSE].stamp_ns == b.inputs[OBJECT_POSE].stamp_ns
        np.testing.assert_array_equal(a.inputs[JOINTS].pos_rad, b.inputs[JOINTS].pos_rad)
        np.testing.assert_array_equal(a.inputs[OBJECT_POSE].quat_wxyz, b.inputs[OBJECT_POSE].quat_wxyz)
        np.testing.assert_array_equal(a.observation, b.observation)
        np.testing.assert_array_equal(a.target.pos_rad, b.target.pos_rad)


def test_an_output_of_its_own_and_one_from_before_they_had_names_come_back_alike(tmp_path, leap):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    from dexterity_ros.recording.lerobot import DIGESTS_KEY, INFO_FILE, to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot
    from dexterity_ros.recording.messages import write_tick
    from dexterity_ros.replay.run_record import RunRecord

    topics, source = recorded_topics(), Bag(SHORT_RUN)
    writer = BagWriter(tmp_path / "bag", list(topics.values()), dict(source.info))
    for tick in RunRecord(source).ticks[:3]:
        sure = replace(tick, outputs={**tick.outputs, "reached": np.float32([0.75])})
        write_tick(writer, topics, sure, leap.joint_names)
    writer.close()
    to_lerobot(Bag(tmp_path / "bag"), tmp_path / "new", joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    from_lerobot(tmp_path / "new", tmp_path / "again", joint_names=leap.joint_names)

    file = "data/chunk-000/file-000.parquet"
    table = pq.read_table(tmp_path / "new" / file)
    both = [a + b for a, b in zip(*(table[f"policy.{n}"].to_pylist() for n in ("raw_action", "reached")), strict=True)]
    old = table.drop_columns(["policy.reached", "policy.raw_action"]).append_column("policy.raw_action", [both])
    pq.write_table(old, tmp_path / "new" / file)
    info = json.loads((tmp_path / "new" / INFO_FILE).read_text())
    (tmp_path / "new" / INFO_FILE).write_text(json.dumps({k: v for k, v in info.items() if k != DIGESTS_KEY}))
    from_lerobot(tmp_path / "new", tmp_path / "old", joint_names=leap.joint_names)
    for folder in ("again", "old"):
        for tick in RunRecord(Bag(tmp_path / folder)).ticks:
            assert tick.raw_action.shape == (16,) and tick.outputs["reached"].tolist() == [0.75]


def test_a_dataset_without_what_a_tick_needs_is_refused_with_the_names(tmp_path, leap):
    pytest.importorskip("pyarrow")
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot

    with pytest.raises(BagError, match="not a LeRobot dataset"):
        from_lerobot(tmp_path, tmp_path / "b", joint_names=leap.joint_names)
    to_lerobot(Bag(SHORT_RUN), tmp_path / "d", joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    with pytest.raises(BagError, match="has 16 joints, the hand has 3"):
        from_lerobot(tmp_path / "d", tmp_path / "b", joint_names=("a", "b", "c"))
    shutil.rmtree(tmp_path / "d" / "data")
    with pytest.raises(BagError, match=r"is damaged: data/chunk-000/file-000.parquet is missing"):
        from_lerobot(tmp_path / "d", tmp_path / "b", joint_names=leap.joint_names)


def test_images_go_into_a_lerobot_dataset_as_they_were(tmp_path, leap):
    pq = pytest.importorskip("pyarrow.parquet")
    cv2 = pytest.importorskip("cv2")
    from dexterity_ros.recording.lerobot import to_lerobot

    source = Bag(SHORT_RUN)
    topics, rng = recorded_topics(), np.random.default_rng(0)
    depth = rng.integers(0, 60_000, size=(12, 16), dtype=np.uint16)
    colour = rng.integers(0, 255, size=(12, 16, 3), dtype=np.uint8)
    writer = BagWriter(tmp_path / "bag", list(topics.values()), dict(source.info))
    for message in source.messages([source.topic("policy/tick")]):
        writer.write(topics["policy_tick"], message.log_ns, message.publish_ns, message.data)
    for key, pixels, code in (("depth", depth, "16UC1"), ("colour", colour, "rgb8")):
        time = make("builtin_interfaces/msg/Time", sec=1, nanosec=5)
        header = make("std_msgs/msg/Header", stamp=time, frame_id="camera")
        image = make(
            "sensor_msgs/msg/Image", header=header, height=12, width=16, encoding=code, is_bigendian=0,
            step=pixels.strides[0], data=np.frombuffer(pixels.tobytes(), np.uint8),
        )  # fmt: skip
        writer.write(topics[key], source.start_ns, source.start_ns, encode(image, "sensor_msgs/msg/Image"))
    writer.close()
    to_lerobot(Bag(tmp_path / "bag"), tmp_path / "set", joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    rows = pq.read_table(tmp_path / "set/data/chunk-000/file-000.parquet").to_pydict()
    found = cv2.imdecode(np.frombuffer(rows["observation.images.depth"][3]["bytes"], np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(found, depth)
    seen = cv2.imdecode(np.frombuffer(rows["observation.images.colour"][0]["bytes"], np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(seen[:, :, ::-1], colour)
    assert rows["depth_stamp_ns"][0] == 1_000_000_005
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    assert info["features"]["observation.images.depth"] == {
        "dtype": "image", "shape": [12, 16, 1], "names": ["height", "width", "channels"],
    }  # fmt: skip
