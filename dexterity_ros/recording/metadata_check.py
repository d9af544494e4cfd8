"""What metadata.yaml says of a bag, held against the files; neither can be damaged without the other saying so."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.recording.mcap_file import McapFile
from dexterity_ros.recording.metadata import DIGEST_KEY, METADATA_FILE, digest

# What every version of rosbag2's metadata has (rosbag2_storage, yaml.hpp).
_NEEDED = ("version", "storage_identifier", "duration", "starting_time", "message_count", "relative_file_paths")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What metadata.yaml says. files: their names. messages: how many there are. info: what ran.

    flaw: why it cannot be read, "" when it can. there: whether there is one at all.
    """

    there: bool = False
    flaw: str = ""
    files: tuple[str, ...] = ()
    messages: int = 0
    info: dict[str, str] = field(default_factory=dict)


class Info(NamedTuple):
    """What ran. flaw: what is wrong with it, or "". proven: whether a checksum or a second copy confirms it."""

    texts: dict[str, str]
    flaw: str
    proven: bool


def read_metadata(folder: Path) -> Metadata:
    """Returns what metadata.yaml says. Raises BagError for a bag whose messages are compressed one by one."""
    path = folder / METADATA_FILE
    if not os.path.lexists(path):
        return Metadata()
    try:
        content = config.read_mapping(path).get("rosbag2_bagfile_information")
    except (ConfigError, ValueError, RecursionError, OSError) as error:
        return Metadata(there=True, flaw=f"{METADATA_FILE} cannot be read: {_line(error)}")
    if not isinstance(content, dict):
        return Metadata(there=True, flaw=f"{METADATA_FILE} has no rosbag2_bagfile_information")
    mode, form = content.get("compression_mode") or "", content.get("compression_format") or ""
    if str(mode).lower() in ("message", "file"):
        raise BagError(f"{folder} is compressed ({mode}: {form}), not in chunks; ros2 bag convert gives a plain one")
    return _metadata(content)


def _metadata(content: dict[str, Any]) -> Metadata:
    missing = [key for key in _NEEDED if key not in content]
    if missing:
        return Metadata(there=True, flaw=f"{METADATA_FILE} has no {', '.join(missing)}")
    files, messages, info = (content.get(k) for k in ("relative_file_paths", "message_count", "custom_data"))
    info = {} if info is None else info
    named = isinstance(files, list) and all(isinstance(name, str) for name in files)
    if not isinstance(files, list) or not named or not isinstance(messages, int) or not isinstance(info, dict):
        return Metadata(there=True, flaw=f"{METADATA_FILE} does not name files and messages as rosbag2 does")
    texts = {str(key): str(value) for key, value in info.items()}
    return Metadata(there=True, files=tuple(files), messages=messages, info=texts)


def disagreements(metadata: Metadata, files: list[McapFile]) -> list[str]:
    """Returns in what metadata.yaml and the files differ, where the files themselves have lost nothing."""
    if metadata.flaw or not metadata.there:
        return [metadata.flaw] if metadata.flaw else []
    there = {file.path.name for file in files}
    named = {Path(name).name for name in metadata.files}
    said = [f"{name} is missing, {METADATA_FILE} names it" for name in sorted(named - there)]
    said += [f"{name} is not in {METADATA_FILE}" for name in sorted(there - named) if named]
    found = sum(block.counts.total() for file in files for block in file.blocks)
    counted = all(file.loss.messages is not None for file in files)  # and named by the files themselves
    if metadata.messages != found and not (counted and any(file.loss.any for file in files)):
        said.append(f"{METADATA_FILE} counts {metadata.messages} messages, the files hold {found}")
    return said


def trusted_info(recorded: dict[str, str] | None, metadata: dict[str, str], *, sealed: bool) -> Info:
    """Returns what ran; where one copy is damaged, the other is taken.

    recorded: the copy in the file, None without one. metadata: that of metadata.yaml. sealed: a CRC covers the first.
    """
    if recorded is None and not _matches(metadata):
        return Info({}, "", proven=True)
    if recorded is None or (_matches(metadata) and not _matches(recorded)):
        return Info(_plain(metadata), f"what ran is damaged in the file; it is taken from {METADATA_FILE}", proven=True)
    if _matches(recorded) or (sealed and DIGEST_KEY not in recorded):
        differs = metadata not in ({}, recorded)
        return Info(_plain(recorded), f"{METADATA_FILE} tells otherwise what ran" if differs else "", proven=True)
    if DIGEST_KEY not in recorded and metadata in ({}, recorded):
        return Info(recorded, "", proven=metadata == recorded)
    same = {key: value for key, value in recorded.items() if metadata.get(key) == value}
    return Info(_plain(same), f"what ran is damaged: its copies in the file and in {METADATA_FILE} differ", proven=True)


def _matches(info: dict[str, str]) -> bool:
    return info.get(DIGEST_KEY) == digest(info)


def _plain(info: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in info.items() if key != DIGEST_KEY}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
