"""Bytes too many, too few or lost anywhere cost the chunk that they hit: all messages of the others are saved."""

import pytest

pytest.importorskip("mcap")

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.mcap_chunk import records
from dexterity_ros.recording.mcap_records import CHUNK, CHUNK_FIXED_BYTES, HEAD_BYTES, MAGIC, MESSAGE_INDEX


def chunks(data):
    """(begin, end, end with the indexes that follow) of every chunk."""
    found, at = [], len(MAGIC)
    for kind, record in records(data[len(MAGIC) : -len(MAGIC)]):
        end = at + HEAD_BYTES + len(record)
        if kind == CHUNK:
            found.append((at, end, end))
        elif kind == MESSAGE_INDEX and found:
            found[-1] = (*found[-1][:2], end)
        at = end
    return found


def texts(bag):
    return [(message.topic, message.log_ns, message.data) for message in bag.messages()]


def inserted(data, begin, end, _):
    return data[: end - 20] + b"seven!!" + data[end - 20 :]


def removed(data, begin, end, with_indexes):
    return data[:begin] + data[with_indexes:]


def shortened(data, begin, end, _):
    return data[: end - 20] + data[end - 15 :]


def flipped(data, begin, end, _):
    at = begin + HEAD_BYTES + CHUNK_FIXED_BYTES + 30
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


@pytest.mark.parametrize("spoil", [inserted, removed, shortened, flipped])
def test_every_message_of_the_other_chunks_is_saved_whichever_is_hit(write_texts, spoil):
    file = write_texts(40, topics=("/a", "/b"))
    whole, data = texts(Bag(file)), file.read_bytes()
    places = chunks(data)
    assert len(places) > 5
    for place in places:
        file.write_bytes(spoil(data, *place))
        bag = Bag(file)
        lost = [row for row in whole if row not in texts(bag)]
        assert set(texts(bag)) <= set(whole) and bag.damage
        assert 0 < len(lost) <= 6, (place, bag.damage)  # of one chunk
        assert f"with {len(lost)} messages" in bag.damage


def test_a_moved_summary_is_named_and_not_believed_when_it_is_damaged_too(write_texts):
    file = write_texts(40)
    data = file.read_bytes()
    begin, _, end = chunks(data)[0]  # the only one that describes the channel
    moved = data[:begin] + data[end:]
    file.write_bytes(moved)
    assert "its summary is not where its footer says" in Bag(file).damage
    at = moved.rindex(b"/text")
    file.write_bytes(moved[:at] + b"/next" + moved[at + 5 :])
    with pytest.raises(BagError, match="described nowhere"):
        Bag(file)


@pytest.mark.parametrize("log_ns", [2**63, 2**64 - 1])
def test_a_time_that_no_clock_shows_is_named_and_never_handed_on(write_texts, log_ns):
    file = write_texts(40, enable_crcs=False)
    data = file.read_bytes()
    at = data.index((1_390_000_000).to_bytes(8, "little"), chunks(data)[-1][0] + HEAD_BYTES + CHUNK_FIXED_BYTES)
    file.write_bytes(data[:at] + log_ns.to_bytes(8, "little") + data[at + 8 :])
    bag = Bag(file)
    assert f"a message of {log_ns} ns" in bag.damage or "1 chunk lost" in bag.damage
    assert bag.end_ns < 2_000_000_000 and len(texts(bag)) > 30
