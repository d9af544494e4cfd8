"""Message types as bags need them: definitions, hashes, and CDR to objects. No ROS installation is needed for this."""

from functools import lru_cache
from typing import Any

from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore


@lru_cache(maxsize=1)
def _store() -> Typestore:
    # The message types used here are the same in every distribution from Humble on.
    return get_typestore(Stores.ROS2_KILTED)


def definition(message: str) -> str:
    """Returns the ros2msg definition of a type, for instance std_msgs/msg/String, with what it contains."""
    text: str = _store().generate_msgdef(message, ros_version=2)[0]
    return text


def type_hash(message: str) -> str:
    """Returns the RIHS01 hash of a type (REP-2016)."""
    value: str = _store().hash_rihs01(message)
    return value


def decode(data: bytes, message: str) -> Any:
    """Returns the message in CDR bytes; arrays are numpy arrays."""
    return _store().deserialize_cdr(data, message)


def encode(value: Any, message: str) -> bytes:
    """Returns the CDR bytes of a message made with `make`."""
    return bytes(_store().serialize_cdr(value, message))


def make(message: str, **fields: Any) -> Any:
    """Returns a message of a type; all its fields must be given."""
    return _store().types[message](**fields)
