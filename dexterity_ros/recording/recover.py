"""Saves what a kill or a full disk left of a bag."""

from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import BagMessage, bag_files, bag_info, salvage
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import RecordedTopic, recorded_topics


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What was saved: messages per topic, and the time from the first to the last."""

    folder: Path
    counts: dict[str, int]
    duration_s: float


def recover(path: Path, out: Path) -> Recovered:
    """Returns what of the bag at `path` was written to a new bag at `out`; the damaged one stays as it is.

    Raises BagError when there is nothing to save.
    """
    messages = [message for file in bag_files(path) for message in salvage(file)]
    if not messages:
        raise BagError(f"{path} holds no whole chunk of messages; nothing can be saved")
    topics = {message.topic: _topic(message) for message in messages}
    writer = BagWriter(out, list(topics.values()), bag_info(bag_files(path)[0]))
    counts = dict.fromkeys(topics, 0)
    for message in messages:
        writer.write(topics[message.topic], message.log_ns, message.publish_ns, message.data)
        counts[message.topic] += 1
    writer.close()
    times = [message.log_ns for message in messages]
    return Recovered(folder=out, counts=counts, duration_s=(max(times) - min(times)) * 1e-9)


def _topic(message: BagMessage) -> RecordedTopic:
    known = {topic.name: topic.qos for topic in recorded_topics().values()}
    return RecordedTopic(name=message.topic, message=message.type, qos=known.get(message.topic, "event"))
