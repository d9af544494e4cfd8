"""What the page accepts from a browser: where it looks from, once, and values of its own fields and buttons.

viser understands some thirty kinds of messages, and any of them may change what all browsers see, open a tunnel to the
internet, or fill the memory with uploads. Everything that is not listed here is dropped before viser reads it.
"""

import asyncio
from typing import Annotated, Any

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.typing import Data

LARGEST_BYTES = 4096  # of one message; a camera is 300, a button 90
_PAUSE_S = 0.01  # between two messages of one browser; it sends at most 70 a second while it is turned
_Text = Annotated[str, msgspec.Meta(max_length=200)]


class ViewerCameraMessage(msgspec.Struct, tag_field="type", tag=True, forbid_unknown_fields=True):
    """Where a browser looks from; viser counts it as connected from the first on."""

    wxyz: tuple[float, float, float, float]
    position: tuple[float, float, float]
    fov: float
    near: float
    far: float
    image_height: float
    image_width: float
    look_at: tuple[float, float, float]
    up_direction: tuple[float, float, float]


class Value(msgspec.Struct, forbid_unknown_fields=True):
    """What was entered; no other property of a field is a browser's to change."""

    value: bool | _Text


class GuiUpdateMessage(msgspec.Struct, tag_field="type", tag=True, forbid_unknown_fields=True):
    """A button was pressed, or a field has another value."""

    uuid: _Text
    updates: Value


_DECODER = msgspec.msgpack.Decoder(ViewerCameraMessage | GuiUpdateMessage)


class Listener:
    """Tells the messages of one browser that are passed on."""

    def __init__(self) -> None:
        self._placed = False

    def accepts(self, message: Data) -> bool:
        """Returns whether viser may read a message."""
        try:
            heard = _DECODER.decode(message) if isinstance(message, bytes) else None
        except msgspec.DecodeError:  # also one of another kind, or with other fields
            return False
        if isinstance(heard, ViewerCameraMessage):
            first, self._placed = not self._placed, True
            return first
        return heard is not None


class Connection(ServerConnection):
    """A WebSocket that is read no faster than a browser writes; a flood waits in the sender."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._listener = Listener()

    async def recv(self, decode: bool | None = None) -> Any:
        """Returns the next message that is accepted."""
        while True:
            await asyncio.sleep(_PAUSE_S)
            message = await super().recv(decode)
            if self._listener.accepts(message):
                return message
