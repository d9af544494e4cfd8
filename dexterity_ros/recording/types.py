"""Message types as bags need them: definitions, hashes, and CDR to objects. No ROS installation is needed for this."""

import re
from functools import lru_cache
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.mcap_records import Channel, Schema

_MANY = (Nodetype.ARRAY, Nodetype.SEQUENCE)
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"

_IDL_PART = re.compile(r"^=+\nIDL: .*\n", re.MULTILINE)  # between the files of a ros2idl schema
_NO_DEFINITION = (TypesysError, ValueError, KeyError, AssertionError, RecursionError, SyntaxError, TypeError)
_NO_MESSAGE = (SerdeError, IndexError, KeyError, AssertionError, OverflowError, MemoryError)


@lru_cache(maxsize=1)
def _store() -> Typestore:
    # The message types used here are the same in every distribution from Humble on.
    return get_typestore(Stores.ROS2_KILTED)


@lru_cache(maxsize=256)
def definition(message: str) -> str:
    """Returns the ros2msg definition of a type, for instance std_msgs/msg/String, with what it contains."""
    text: str = _store().generate_msgdef(message, ros_version=2)[0]
    return text


def type_hash(message: str) -> str:
    """Returns the RIHS01 hash of a type (REP-2016)."""
    value: str = _store().hash_rihs01(message)
    return value


def encode(value: Any, message: str) -> bytes:
    """Returns the CDR bytes of a message made with `make` or `blank`; its numbers may be lists."""
    for name, (kind, about) in _store().get_msgdef(message).fields:
        if kind in _MANY and about[0][0] is Nodetype.BASE and about[0][1][0] != "string":
            setattr(value, name, np.asarray(getattr(value, name), dtype=_dtype(about[0][1][0])))
    return bytes(_store().serialize_cdr(value, message))


def blank(message: str) -> Any:
    """Returns a message of a type with nothing in it: zeros, empty texts and lists."""
    return make(message, **{name: _nothing(*field) for name, field in _store().get_msgdef(message).fields})


def _nothing(kind: Nodetype, about: Any) -> Any:
    if kind is Nodetype.NAME:
        return blank(about)
    if kind is Nodetype.BASE:
        return "" if about[0] == "string" else _dtype(about[0])(0).item()
    (inner, what), size = about
    if inner is Nodetype.BASE and what[0] != "string":
        return np.zeros(size if kind is Nodetype.ARRAY else 0, dtype=_dtype(what[0]))
    return [_nothing(inner, what) for _ in range(size if kind is Nodetype.ARRAY else 0)]


def _dtype(name: str) -> Any:
    return np.uint8 if name in ("byte", "char", "octet") else np.dtype(name).type


def make(message: str, /, **fields: Any) -> Any:
    """Returns a message of a type; all its fields must be given."""
    return _store().types[message](**fields)


class Codec:
    """Turns the bytes of one type into messages. why_not: why it cannot, "" when it can."""

    def __init__(self, message: str, types: Typestore, why_not: str = "") -> None:
        self.message, self._types, self.why_not = message, types, why_not

    def decode(self, data: bytes) -> Any:
        """Returns the message; arrays are numpy arrays. Raises BagError when these bytes are none of this type."""
        if self.why_not:
            raise BagError(f"messages of {self.message or 'no type'} cannot be decoded: {self.why_not}")
        try:
            return self._types.deserialize_cdr(data, self.message)
        except _NO_MESSAGE as error:
            raise BagError(f"{len(data)} bytes are no {self.message}: {error}") from error


@lru_cache(maxsize=512)
def codec(channel: Channel) -> Codec:
    """Returns the codec of a channel: by the definition in the file, or by ours where the file has none."""
    schema = channel.schema
    if schema is None:
        return Codec("", _store(), "the file has no schema for it")
    if channel.encoding != "cdr":
        return Codec(schema.name, _store(), f"it is encoded as {channel.encoding!r}, known is cdr")
    if not schema.data and schema.encoding != "ros2msg":  # a ros2msg without a field is an empty text
        why = "" if schema.name in _store().types else "its definition is not in the file"
        return Codec(schema.name, _store(), why)
    if schema.name in _store().types and schema.data == definition(schema.name).encode():
        return Codec(schema.name, _store())
    return _parsed(schema)


def _parsed(schema: Schema) -> Codec:
    if schema.encoding not in ("ros2msg", "ros2idl"):
        return Codec(schema.name, _store(), f"its definition is in {schema.encoding!r}, known are ros2msg and ros2idl")
    types = get_typestore(Stores.EMPTY)
    try:
        found = _types_of(schema, schema.data.decode())
        types.register(found)
        name = schema.name if schema.name in found else _as_message(schema.name)
        types.get_msgdef(name)
    except _NO_DEFINITION as error:
        return Codec(schema.name, types, f"its definition in the file cannot be read ({type(error).__name__})")
    return Codec(name, types)


def _types_of(schema: Schema, text: str) -> dict[str, Any]:
    if schema.encoding == "ros2msg":
        return dict(get_types_from_msg(text, schema.name))
    found: dict[str, Any] = {}
    for part in _IDL_PART.split(text):
        found |= get_types_from_idl(part) if part.strip() else {}
    return found


def _as_message(name: str) -> str:
    """Returns how the parser calls a type of a service or action: pkg/srv/Name is pkg/srv/msg/Name."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/msg/{last}"
