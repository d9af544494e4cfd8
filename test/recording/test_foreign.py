"""Recordings that others made: types, channels and compressions that ours do not have."""

import csv
from collections import Counter

import cv2
import numpy as np
import pytest

pytest.importorskip("rosbags")
pytest.importorskip("mcap")

from mcap.writer import CompressionType, IndexType

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic, recorded_topics
from dexterity_ros.recording.recover import recover
from dexterity_ros.recording.tables import export_tables
from dexterity_ros.recording.types import encode, make

IDL = b"""================================================================================
IDL: lab_msgs/msg/Grip
module lab_msgs { module msg { struct Grip { string label; }; }; };
"""


def rows_of(path):
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    "schema", [("lab_msgs/msg/Grip", "ros2msg", b"string label\n"), ("lab_msgs/msg/Grip", "ros2idl", IDL)]
)
def test_a_type_that_nobody_here_knows_is_decoded_from_its_definition_in_the_file(write_texts, tmp_path, schema):
    export_tables(Bag(write_texts(schema=schema)), tmp_path / "t", "csv")
    assert [row["label"] for row in rows_of(tmp_path / "t" / "text.csv")] == [f"text {i}" for i in range(40)]


@pytest.mark.parametrize(
    "schema, why",
    [
        (("lab_msgs/msg/Grip", "", b""), "its definition is not in the file"),
        (("lab_msgs/msg/Grip", "ros2msg", b"no such thing here"), "cannot be read"),
        (("lab_msgs/msg/Grip", "ros2msg", b"lab_msgs/Hidden inside\n"), "cannot be read"),
        (("Grip", "jsonschema", b"{}"), "known are ros2msg and ros2idl"),
        (None, "the file has no schema for it"),
    ],
)
def test_what_cannot_be_decoded_is_left_out_by_name_and_carried_by_recover(write_texts, tmp_path, capsys, schema, why):
    path = write_texts(schema=schema)
    assert dispatch(["bag", "export", str(path), str(tmp_path / "t")]) == 0
    assert "left out: /text: 40 messages: messages of" in (said := capsys.readouterr().out) and why in said
    assert why in (tmp_path / "t" / "README.md").read_text()
    recover(path, tmp_path / "saved")
    before, after = (list(bag.messages()) for bag in (Bag(path), Bag(tmp_path / "saved")))
    assert [(m.channel, m.log_ns, m.publish_ns, m.data) for m in before] == [
        (m.channel, m.log_ns, m.publish_ns, m.data) for m in after
    ]


@pytest.mark.parametrize(
    "how",
    [
        {"compression": CompressionType.LZ4},
        {"compression": CompressionType.ZSTD},
        {"use_chunking": False},
        {"use_statistics": False},
        {"index_types": IndexType.NONE},
        {"repeat_channels": False, "repeat_schemas": False},
        {"use_statistics": False, "use_summary_offsets": False, "repeat_channels": False, "repeat_schemas": False}
        | {"index_types": IndexType.NONE},
        {"topics": ("/text", "/text", "/text")},
    ],
)
def test_files_with_less_than_ours_are_read_in_full(write_texts, how):
    bag = Bag(write_texts(**how))
    assert bag.damage == "" and bag.counts == {"/text": 40}
    assert [m.value.data for m in bag.messages()] == [f"text {i}" for i in range(40)]


def test_a_topic_of_ours_with_another_type_is_refused_by_name(write_texts):
    bag = Bag(write_texts(topics=("/joint_states",)))
    with pytest.raises(BagError, match="/joint_states holds std_msgs/msg/String, expected sensor_msgs/msg/JointState"):
        bag.values("joint_states")


def test_bags_in_sqlite_and_compressed_ones_are_refused_in_one_line(write_texts, tmp_path):
    (tmp_path / "a.db3").write_bytes(b"SQLite format 3\0")
    with pytest.raises(BagError, match="is an sqlite3 bag; convert it"):
        Bag(tmp_path / "a.db3")
    write_texts()
    needed = "{version: 5, storage_identifier: mcap, duration: {}, starting_time: {}, message_count: 40, "
    told = needed + "relative_file_paths: [a.mcap], compression_mode: MESSAGE, compression_format: zstd}"
    (tmp_path / "metadata.yaml").write_text(f"rosbag2_bagfile_information: {told}")
    with pytest.raises(BagError, match=r"is compressed \(MESSAGE: zstd\)"):
        Bag(tmp_path)


def image(pixels, code, big=0):
    time = make("builtin_interfaces/msg/Time", sec=1, nanosec=5)
    header = make("std_msgs/msg/Header", stamp=time, frame_id="camera")
    return make(
        "sensor_msgs/msg/Image", header=header, height=pixels.shape[0], width=pixels.shape[1], encoding=code,
        is_bigendian=big, step=pixels.strides[0], data=np.frombuffer(pixels.tobytes(), np.uint8),
    )  # fmt: skip


@pytest.fixture
def pictures(tmp_path):
    """Writes images to a bag, one topic each."""

    def write(*images):
        topics = [
            RecordedTopic(name=f"/image_{i}", message="sensor_msgs/msg/Image", qos="sensor") for i in range(len(images))
        ]
        writer = BagWriter(tmp_path / "bag", topics, {})
        for topic, message in zip(topics, images, strict=True):
            writer.write(topic, 7, 7, encode(message, "sensor_msgs/msg/Image"))
        writer.close()
        return Bag(tmp_path / "bag")

    return write


def test_images_are_exported_as_png_with_every_bit(pictures, tmp_path):
    rng = np.random.default_rng(0)
    depth, colour = rng.integers(0, 60_000, (20, 30), np.uint16), rng.integers(0, 255, (20, 30, 3), np.uint8)
    done = export_tables(
        pictures(image(depth, "16UC1"), image(depth.byteswap(), "mono16", big=1), image(colour, "rgb8")),
        tmp_path / "t",
        "csv",
    )
    assert done.images == 3 and done.left_out == {}
    for i, expected in enumerate((depth, depth, colour[:, :, ::-1])):
        (row,) = rows_of(tmp_path / "t" / f"image_{i}.csv")
        assert set(row) == {
            *(
                "log_ns",
                "publish_ns",
                "stamp_ns",
                "frame_id",
                "height",
                "width",
                "encoding",
                "is_bigendian",
                "step",
                "file",
            )
        }
        np.testing.assert_array_equal(cv2.imread(str(tmp_path / "t" / row["file"]), cv2.IMREAD_UNCHANGED), expected)


def test_images_that_png_cannot_hold_are_left_out_by_name(pictures, tmp_path):
    metres, short = np.ones((20, 30), np.float32), image(np.ones((20, 30), np.uint8), "mono8")
    short.height = 21
    done = export_tables(pictures(image(metres, "32FC1"), short), tmp_path / "t", "csv")
    assert done.images == 0 and "encoding '32FC1'" in done.left_out["/image_0"]
    assert "does not add up" in done.left_out["/image_1"]
    assert len(rows_of(tmp_path / "t" / "image_0.csv")[0]) < 12  # and no column per byte


def test_two_topics_never_share_a_file_and_names_stay_names(write_texts, tmp_path):
    topics = ("/a/b", "/a.b", "/../../up", "/" + "x" * 300, "/nul\0")
    done = export_tables(Bag(write_texts(topics=topics)), tmp_path / "t", "csv")
    assert Counter(done.files.values()) == {8: 5}
    assert {path.parent for path in (tmp_path / "t").rglob("*.csv")} == {tmp_path / "t"}


def test_a_dataset_says_on_its_card_which_topics_are_not_in_it(tmp_path, leap):
    pytest.importorskip("pyarrow")
    from pathlib import Path

    from dexterity_ros.recording.lerobot import to_lerobot

    run = Bag(Path(__file__).parents[1] / "data" / "short_run")
    done = to_lerobot(run, tmp_path / "set", joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    card = (tmp_path / "set" / "README.md").read_text()
    assert "/diagnostics" in done.left_out and "/diagnostics" in card and "/joint_states" not in done.left_out
    assert card.startswith("---\n") and "observation.state" in card


@pytest.mark.parametrize("name", ["data/chunk-000/file-000.parquet", "meta/info.json"])
def test_a_damaged_dataset_is_refused_in_one_line(tmp_path, leap, name):
    pytest.importorskip("pyarrow")
    from pathlib import Path

    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import from_lerobot

    run = Bag(Path(__file__).parents[1] / "data" / "short_run")
    to_lerobot(run, tmp_path / "set", joint_names=leap.joint_names, task="yaw", rate_hz=20.0)
    data = (tmp_path / "set" / name).read_bytes()
    at = data.index(b"leap_yaw") if name.endswith("json") else len(data) // 2
    for spoilt in (data[: len(data) // 2], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], b"", b"\xff" * 50):
        (tmp_path / "set" / name).write_bytes(spoilt)
        with pytest.raises(BagError, match=r"is damaged: .*") as refused:
            from_lerobot(tmp_path / "set", tmp_path / "back", joint_names=leap.joint_names)
        assert "\n" not in str(refused.value) and not (tmp_path / "back").exists()


def test_rosbags_reads_what_recover_carries(write_texts, tmp_path):
    from rosbags.rosbag2 import Reader

    recover(write_texts(schema=("lab_msgs/msg/Grip", "ros2msg", b"string label\n")), tmp_path / "saved")
    with Reader(tmp_path / "saved") as reader:
        assert [c.msgtype for c in reader.connections] == ["lab_msgs/msg/Grip"]
        assert sum(1 for _ in reader.messages()) == 40


def test_recorded_topics_keep_their_place_in_a_recovered_bag(write_texts, tmp_path):
    recover(write_texts(topics=("/hand/state",)), tmp_path / "saved")
    assert set(Bag(tmp_path / "saved").types) == {"/hand/state"} <= {t.name for t in recorded_topics().values()}
