"""Saves what a kill, a full disk or a failing one left of a bag."""

from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.contracts.files import printable
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.mcap_records import Channel
from dexterity_ros.recording.metadata import RecordedTopic, recorded_topics

RECOVERED_KEY = "recovered"  # in what the new bag tells: what was lost of the old one


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What was saved: messages per topic, and the time from the first to the last.

    damage, doubts: of the old bag. attachments: of the old bag; they are left behind.
    """

    folder: Path
    counts: dict[str, int]
    duration_s: float
    damage: str
    doubts: str
    attachments: int


def recover(path: Path, out: Path) -> Recovered:
    """Returns what of the bag at `path` was written to a new bag at `out`; the damaged one stays as it is.

    Messages are carried as bytes, of types that nobody here knows too. Raises BagError when there is nothing to save.
    """
    bag = Bag(path, unfinished=True)
    topics = {channel: _topic(channel) for channel in bag.channels}
    info = bag.info | ({RECOVERED_KEY: printable(f"{path.name}: {bag.damage}")} if bag.damage else {})
    writer = BagWriter(out, list(topics.values()), info)
    counts = dict.fromkeys((channel.topic for channel in topics), 0)
    for message in bag.messages():
        writer.write(topics[message.channel], message.log_ns, message.publish_ns, message.data)
        counts[message.topic] += 1
    writer.close()
    return Recovered(
        folder=out,
        counts=counts,
        duration_s=bag.duration_s,
        damage=bag.damage,
        doubts=bag.doubts,
        attachments=bag.attachments,
    )


def _topic(channel: Channel) -> RecordedTopic:
    known = {topic.name: topic.qos for topic in recorded_topics().values()}
    message = channel.schema.name if channel.schema else ""
    return RecordedTopic(name=channel.topic, message=message, qos=known.get(channel.topic, "event"), carried=channel)
