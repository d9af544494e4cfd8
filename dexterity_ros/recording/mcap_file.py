"""One MCAP file: its whole chunks, its channels, and what of it is damaged."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.mcap_records import MAGIC, Channel, ChannelRecord, Schema
from dexterity_ros.recording.mcap_source import Ending, Source, moved_ending, read_ending
from dexterity_ros.recording.mcap_walk import Block, Walked, walk

_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What a file has lost. chunks: as far as they can be counted. messages: per topic; None: nobody counted them.

    spans_ns: (first, last) log time of the lost chunks that are known. flaws: what else is not as it was written.
    """

    chunks: int
    messages: dict[str, int] | None
    spans_ns: tuple[tuple[int, int], ...]
    flaws: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.chunks or self.messages or self.flaws)


@dataclass(frozen=True, kw_only=True)
class McapFile:
    """A file as it was read. finished: its writer closed it. sealed: a CRC covers everything before the summary.

    unchecked: messages that no CRC covers. orphans: messages on channels that are described nowhere.
    """

    path: Path
    size: int
    finished: bool
    sealed: bool
    unchecked: int
    attachments: int
    channels: dict[int, Channel]
    blocks: tuple[Block, ...]
    metadata: dict[str, dict[str, str]]
    loss: Loss


def read_file(path: Path) -> McapFile:
    """Returns what is whole in a file, and what is not. Raises BagError when it is no MCAP file."""
    with Source(path) as source:
        begin = source.at(0, min(len(MAGIC), source.size))
        if not begin:
            raise BagError(f"{path} is empty")
        ending = read_ending(source)
        if begin != MAGIC and not ending.sound:
            raise BagError(f"{path} is not an MCAP file: it begins with {begin!r}")
        found = walk(source, ending)
        if ending.finished and not ending.sound and found.data_end:
            ending = moved_ending(source, found.data_end) or ending
        if begin != MAGIC:
            found.flaws.insert(0, "its first bytes are not those of an MCAP file")
        return _judged(source, ending, found)


def _judged(source: Source, ending: Ending, found: Walked) -> McapFile:
    found.flaws += [ending.flaw] if ending.flaw and ending.finished else []
    channels = _channels(ending, found)
    blocks = _without_repeated(found, ending)
    orphans = sum(count for block in blocks for number, count in block.counts.items() if number not in channels)
    if orphans:
        found.flaws.append(f"{orphans} messages are on channels that are described nowhere")
    return McapFile(
        path=source.path,
        size=source.size,
        finished=ending.finished,
        sealed=found.sealed,
        unchecked=0 if found.sealed else found.unchecked,
        attachments=found.attachments,
        channels=channels,
        blocks=tuple(blocks),
        metadata=found.metadata,
        loss=_loss(ending, found, blocks, channels),
    )


def _channels(ending: Ending, found: Walked) -> dict[int, Channel]:
    schemas = ending.schemas | found.schemas
    records = ending.channels | found.channels
    _name_differences(found, ending)
    return {number: _channel(record, schemas, found.flaws) for number, record in records.items()}


def _name_differences(found: Walked, ending: Ending) -> None:
    for number, channel in found.channels.items():
        if ending.channels.get(number, channel) != channel:
            found.flaws.append(f"channel {number} is another in the summary")
    for number, schema in found.schemas.items():
        if ending.schemas.get(number, schema) != schema:
            found.flaws.append(f"schema {number} is another in the summary")


def _channel(record: ChannelRecord, schemas: dict[int, Schema], flaws: list[str]) -> Channel:
    if record.schema and record.schema not in schemas:
        flaws.append(f"the schema of {record.topic} is described nowhere")
    return Channel(
        topic=record.topic,
        encoding=record.encoding,
        schema=schemas.get(record.schema),
        metadata=record.metadata,
    )


def _without_repeated(found: Walked, ending: Ending) -> list[Block]:
    """Drops chunks that are there twice, where the file as a whole is not what its writer sealed or counted."""
    counted = None if ending.statistics is None else ending.statistics.messages
    there = sum(block.counts.total() for block in found.blocks)
    if found.sealed or counted == there:
        return found.blocks
    kept: dict[tuple[int, int, int, int], Block] = {}
    for block in found.blocks:
        kept.setdefault((block.content_crc, block.begin_ns, block.end_ns, block.counts.total()), block)
    if len(kept) < len(found.blocks):
        found.flaws.append(f"{len(found.blocks) - len(kept)} chunks are there twice")
    return list(kept.values())


def _loss(ending: Ending, found: Walked, blocks: list[Block], channels: dict[int, Channel]) -> Loss:
    missing = Counter(ending.spans)
    missing.subtract(Counter((block.begin_ns, block.end_ns) for block in blocks))
    spans = sorted(span for span, count in missing.items() if count > 0 and span != (0, 0))
    if not ending.spans:
        spans = [span for span in found.damaged_spans_ns if _believable(span, blocks)]
    return Loss(
        chunks=max(found.damaged_chunks, len(spans)),
        messages=_lost_messages(ending, blocks, channels),
        spans_ns=tuple(spans),
        flaws=tuple(found.flaws),
    )


def _lost_messages(ending: Ending, blocks: list[Block], channels: dict[int, Channel]) -> dict[str, int] | None:
    """Returns how many messages are missing per topic; a negative number says that there are more than counted."""
    if ending.statistics is None:
        return None
    lost: Counter[int] = Counter(ending.statistics.per_channel)
    for block in blocks:
        lost.subtract(block.counts)
    names: Counter[str] = Counter()
    for number, count in lost.items():
        names[channels[number].topic if number in channels else f"channel {number}"] += count
    return {name: count for name, count in names.items() if count}


def _believable(span: tuple[int, int], blocks: list[Block]) -> bool:
    """Whether the times in the head of a damaged chunk can be true; nothing protects them."""
    if not blocks or span[0] > span[1]:
        return False
    first, last = min(block.begin_ns for block in blocks), max(block.end_ns for block in blocks)
    return first - _DAY_NS < span[0] and span[1] < last + _DAY_NS
