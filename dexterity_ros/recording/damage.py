"""Damage in words: one line that says which file lost what, and which parts no checksum covers."""

from collections.abc import Sequence

from dexterity_ros.recording.mcap_file import Loss, McapFile

_NAMED = 3  # topics or flaws; the rest is counted


def damage_text(files: Sequence[McapFile], others: Sequence[str], begin_ns: int) -> str:
    """Returns what is damaged in a bag, "" when nothing is. Times are in s since `begin_ns`."""
    said = [f"{file.path.name}: {text}" for file in files if (text := _of_file(file, begin_ns))]
    return "; ".join([*said, *others])


def doubts_text(files: Sequence[McapFile], *, info_proven: bool) -> str:
    """Returns why damage cannot be excluded, "" when checksums cover everything."""
    unchecked = sum(file.unchecked for file in files)
    total = sum(block.counts.total() for file in files for block in file.blocks)
    said = [f"{unchecked} of {total} messages have no checksum"] if unchecked else []
    said += [] if info_proven else ["what ran has no checksum"]
    return f"damage cannot be excluded: {', '.join(said)}" if said else ""


def _of_file(file: McapFile, begin_ns: int) -> str:
    parts = [] if file.finished else ["it was cut off, and what came after the last whole chunk is lost"]
    parts += _lost(file.loss, begin_ns)
    parts += _first(file.loss.flaws)
    return ", ".join(parts)


def _lost(loss: Loss, begin_ns: int) -> list[str]:
    gone = {topic: n for topic, n in (loss.messages or {}).items() if n > 0}
    more = {topic: -n for topic, n in (loss.messages or {}).items() if n < 0}
    said = []
    if loss.chunks or gone:
        chunks = f"{loss.chunks} {'chunk' if loss.chunks == 1 else 'chunks'} lost"
        counted = "messages that nobody counted" if loss.messages is None else f"{sum(gone.values())} messages"
        topics = f" ({', '.join(_first([f'{name} {n}' for name, n in gone.items()]))})" if gone else ""
        said.append(f"{chunks} with {counted}{topics}{_when(loss, begin_ns)}")
    if more:
        said.append(f"{sum(more.values())} messages more than its summary counts")
    return said


def _when(loss: Loss, begin_ns: int) -> str:
    if not loss.spans_ns:
        return ""
    first, last = min(begin for begin, _ in loss.spans_ns), max(end for _, end in loss.spans_ns)
    return f" between {(first - begin_ns) * 1e-9:.2f} and {(last - begin_ns) * 1e-9:.2f} s"


def _first(texts: Sequence[str]) -> list[str]:
    rest = len(texts) - _NAMED
    return [*texts[:_NAMED], *([f"and {rest} more"] if rest > 0 else [])]
