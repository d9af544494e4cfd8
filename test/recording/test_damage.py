"""Damage to a bag costs the chunk that it hits, is named in one line, and never ends in a traceback."""

import shutil
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("rosbags")
pytest.importorskip("mcap")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.mcap_chunk import records
from dexterity_ros.recording.mcap_records import CHUNK, DATA_END, FOOTER, HEAD_BYTES, MAGIC, MESSAGE_INDEX, METADATA
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.recording.recover import recover
from dexterity_ros.recording.types import encode, make

SHORT_RUN = Path(__file__).parents[1] / "data" / "short_run"


@pytest.fixture
def short_run(tmp_path):
    """A copy of the committed run: (folder, its one file)."""
    return shutil.copytree(SHORT_RUN, tmp_path / "short_run"), tmp_path / "short_run" / "short_run_0.mcap"


@pytest.fixture
def recorded(tmp_path):
    """A bag of our own writer, 300 states in many chunks: (folder, file)."""
    topics = recorded_topics()
    writer = BagWriter(tmp_path / "b", list(topics.values()), {"policy": "p", "hand": "leap"})
    rng = np.random.default_rng(0)
    for i in range(300):
        text = make("std_msgs/msg/String", data=f"state {i} {rng.bytes(400).hex()}")
        writer.write(topics["hand_state"], 10**18 + i * 10**7, 10**18 + i * 10**7, encode(text, "std_msgs/msg/String"))
    writer.close()
    return tmp_path / "b", tmp_path / "b" / "b_0.mcap"


def content(bag):
    return Counter((m.topic, m.type, m.log_ns, m.publish_ns, m.data) for m in bag.messages())


def places(file, kind):
    """(begin, end) of every record of a kind, its head included."""
    found, at = [], len(MAGIC)
    for opcode, record in records(file.read_bytes()[len(MAGIC) : -len(MAGIC)]):
        if opcode == kind:
            found.append((at, at + HEAD_BYTES + len(record)))
        at += HEAD_BYTES + len(record)
    return found


def change(file, at, data):
    whole = file.read_bytes()
    file.write_bytes(whole[:at] + data + whole[at + len(data) :])


def flip(file, at, bit=0):
    change(file, at, bytes([file.read_bytes()[at] ^ 1 << bit]))


def middle(place):
    return (place[0] + place[1]) // 2


def test_a_bad_chunk_costs_that_chunk_alone_and_recover_says_what_was_lost(short_run, tmp_path):
    folder, file = short_run
    chunk = places(file, CHUNK)[20]
    flip(file, middle(chunk))
    damaged, whole = Bag(folder), content(Bag(SHORT_RUN))
    lost = whole - content(damaged)
    assert content(damaged) <= whole and 0 < lost.total() < 100
    assert f"1 chunk lost with {lost.total()} messages (" in damaged.damage and " between 2." in damaged.damage
    saved = recover(folder, tmp_path / "saved")
    again = Bag(tmp_path / "saved")
    assert content(again) == content(damaged) and again.damage == ""
    assert saved.damage == damaged.damage and damaged.damage in again.info["recovered"]


def test_no_truncation_ends_in_a_traceback_and_what_was_written_before_is_saved(recorded, tmp_path):
    folder, file = recorded
    whole, data, chunks = content(Bag(folder)), file.read_bytes(), places(file, CHUNK)
    for k, length in enumerate(np.random.default_rng(0).integers(1, len(data), size=150).tolist()):
        file.write_bytes(data[:length])
        before = sum(end <= length for _, end in chunks)
        try:
            saved = recover(folder, tmp_path / str(k))
        except BagError as error:
            assert before == 0 and "\n" not in str(error)
            continue
        assert content(Bag(tmp_path / str(k))) <= whole
        assert "it was cut off" in saved.damage and before > 0
        kept = Bag(folder, unfinished=True)
        assert sum(len(file.blocks) for file in kept._files) == before


def test_no_flipped_bit_goes_unnoticed(recorded):
    folder, file = recorded
    whole, data = Bag(folder), file.read_bytes()
    expected, size = content(whole), len(data)
    for at in np.random.default_rng(1).integers(8 * size, size=150).tolist():
        file.write_bytes(data)
        flip(file, at // 8, at % 8)
        try:
            bag = Bag(folder)
        except BagError as error:
            assert "\n" not in str(error)
            continue
        assert bag.damage and content(bag) <= expected and bag.info.items() <= whole.info.items()


def test_a_wrong_length_does_not_take_the_chunks_that_follow_with_it(recorded):
    folder, file = recorded
    whole, data = content(Bag(folder)), file.read_bytes()
    index, chunk = places(file, MESSAGE_INDEX)[3], places(file, CHUNK)[3]
    for at, bit, lost in ((index[0] + 2, 6, 0), (index[0] + 6, 0, 0), (chunk[0] + 2, 6, 0), (chunk[0] + 6, 0, 1)):
        file.write_bytes(data)
        flip(file, at, bit)  # some KB too long, or 2 to the power of 40
        bag = Bag(folder)
        assert bag.damage and len(bag._files[0].blocks) == len(places_of(data)) - lost
        assert content(bag) <= whole


def places_of(data):
    return [1 for kind, _ in records(data[len(MAGIC) : -len(MAGIC)]) if kind == CHUNK]


def test_a_length_of_a_terabyte_is_neither_allocated_nor_waited_for(recorded):
    folder, file = recorded
    begin = places(file, CHUNK)[2][0]
    for at in (begin + 6, begin + HEAD_BYTES + 16 + 5, begin + HEAD_BYTES + 40 + 4 + 5 - 8):
        data = file.read_bytes()
        flip(file, at)
        tracemalloc.start()
        began = time.perf_counter()
        assert "1 chunk lost" in Bag(folder).damage
        assert time.perf_counter() - began < 5.0 and tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()
        file.write_bytes(data)


def test_a_chunk_that_unpacks_to_more_than_it_says_is_not_unpacked(recorded):
    import zstandard

    from dexterity_ros.recording.mcap_chunk import chunk_content
    from dexterity_ros.recording.mcap_records import ChunkRecord, TornError

    packed = zstandard.compress(bytes(300_000_000))
    tracemalloc.start()
    with pytest.raises(TornError, match="does not match"):
        chunk_content(ChunkRecord(0, 0, 1000, 1, "zstd", packed))
    with pytest.raises(TornError, match="more than"):
        chunk_content(ChunkRecord(0, 0, 2**40, 0, "zstd", packed))
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_chunks_that_are_there_twice_or_in_another_order_give_each_message_once(recorded):
    folder, file = recorded
    whole, data = content(Bag(folder)), file.read_bytes()
    (a, b), (c, d) = places(file, CHUNK)[2], places(file, CHUNK)[5]
    for spoilt in (data[:b] + data[a:b] + data[b:], data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]):
        file.write_bytes(spoilt)
        bag = Bag(folder)
        assert bag.damage and content(bag) == whole


def test_a_damaged_beginning_end_or_summary_costs_no_message(recorded):
    folder, file = recorded
    whole, data = content(Bag(folder)), file.read_bytes()
    footer, end = places(file, FOOTER)[0], places(file, DATA_END)[0]
    said = {
        3: "first bytes",
        footer[0] + 12: "summary is damaged",
        end[0] + 10: "CRC of its data",
        len(data) - 2: "last",
    }
    for at, expected in said.items():
        file.write_bytes(data)
        flip(file, at)
        bag = Bag(folder)
        assert expected in bag.damage and content(bag) == whole


def test_what_ran_is_taken_from_metadata_when_the_file_has_lost_it(recorded):
    folder, file = recorded
    flip(file, places(file, METADATA)[0][1] - 80)  # in a value of it
    bag = Bag(folder)
    assert bag.info == {"policy": "p", "hand": "leap"}
    assert "what ran is damaged in the file; it is taken from metadata.yaml" in bag.damage
    (folder / "metadata.yaml").unlink()
    assert "what ran is damaged" in Bag(folder).damage


def test_damage_to_metadata_and_missing_files_are_named(recorded):
    folder, _ = recorded
    path = folder / "metadata.yaml"
    told = yaml.safe_load(path.read_text())
    for spoilt, said in (
        (b"\xff\xfe not a text", "metadata.yaml cannot be read"),
        (b"[" * 100_000, "metadata.yaml cannot be read"),
        (b"other: 1", "no rosbag2_bagfile_information"),
        (path.read_bytes()[:300], "metadata.yaml"),
        (path.read_bytes().replace(b"message_count: 300\n", b"message_count: 301\n"), "counts 301 messages"),
        (path.read_bytes().replace(b"policy: p", b"policy: q"), "tells otherwise what ran"),
    ):
        path.write_bytes(spoilt)
        assert said in Bag(folder).damage
    told["rosbag2_bagfile_information"]["relative_file_paths"].append("b_1.mcap")
    path.write_text(yaml.safe_dump(told))
    assert "b_1.mcap is missing" in Bag(folder).damage


def test_commands_that_read_round_damage_say_so_in_one_line_and_do_not_end_well(short_run, tmp_path, capsys):
    folder, file = short_run
    flip(file, middle(places(file, CHUNK)[-1]))
    for action in (["bag", "info"], ["bag", "recover"], ["bag", "export"], ["bag", "to-lerobot"], ["replay"]):
        out = [str(tmp_path / action[-1])] if action[-1] in ("recover", "export", "to-lerobot") else []
        assert dispatch([*action, str(folder), *out]) == 1
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("damaged: ")]
        assert len(said) == 1 and "1 chunk lost with" in said[0]
    assert "1 chunk lost with" in (tmp_path / "export" / "README.md").read_text()
    with pytest.raises(BagError, match="is damaged.*dexterity bag recover saves"):
        Bag(folder).whole()


def test_replay_and_compare_never_call_a_damaged_bag_identical_or_sound(short_run, leap):
    from dexterity_ros.contracts.resources import resource
    from dexterity_ros.replay.compare import compare
    from dexterity_ros.replay.offline import replay
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.runtime.policy_pipeline import load_pipeline
    from dexterity_ros.safety.limits import Tightening, gate_limits

    folder, file = short_run
    flip(file, middle(places(file, CHUNK)[-1]))
    run = RunRecord(Bag(folder))
    pipeline = load_pipeline(resource("models/policies/leap_yaw"), leap)
    result = replay(run, pipeline, gate_limits(leap, pipeline.manifest, Tightening()))
    assert result.differing == 0 and not result.identical and not result.as_dict()["identical"]
    run.__dict__["hand_states"] = []  # no diagnosis, which takes seconds
    assert compare(run, pipeline.manifest).findings[0].kind == "damage"


def test_a_file_without_checksums_says_that_damage_cannot_be_excluded(write_texts, recorded):
    assert "damage cannot be excluded: 40 of 40 messages have no" in Bag(write_texts(enable_crcs=False)).doubts
    assert Bag(write_texts()).doubts == "" and Bag(recorded[0]).doubts == ""


def test_everything_that_we_write_is_covered_by_a_checksum(recorded):
    from mcap.reader import NonSeekingReader

    folder, file = recorded
    for kind in (DATA_END, FOOTER):
        (_, end), data = places(file, kind)[0], file.read_bytes()
        assert data[end - 4 : end] != bytes(4)
    for begin, _ in places(file, CHUNK):
        assert file.read_bytes()[begin + HEAD_BYTES + 24 :][:4] != bytes(4)
    with file.open("rb") as stream:
        assert sum(1 for _ in NonSeekingReader(stream, validate_crcs=True).iter_messages()) == 300
    assert (
        len(yaml.safe_load((folder / "metadata.yaml").read_text())["rosbag2_bagfile_information"]["custom_data"]) == 3
    )
