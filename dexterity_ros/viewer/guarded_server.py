"""viser's server behind the page's door (docs/decisions/0017)."""

import contextlib
import functools
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import viser
import websockets.asyncio.server as websocket_server
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.viewer.door import door
from dexterity_ros.viewer.heard import LARGEST_BYTES, Connection

_MOST_BROWSERS = 16
_opening = threading.Lock()


class GuardedServer:
    """A viser server that answers only what its door lets in, and nothing before `open`."""

    def __init__(self, host: str, port: int, names: tuple[str, ...], label: str) -> None:
        """Listens.

        Args:
            host: address to listen on.
            port: to listen on; 0: a free one.
            names: further names under which browsers may ask for the page.
            label: title of the page.

        Raises:
            ConfigError: the port is taken, a name is none, or this viser opens its port in another way.
        """
        logging.getLogger("websockets.server").addFilter(_matters)
        self._open = False
        listening = _listen(host, port)
        try:
            self.door = door(host, listening.getsockname()[1], names)
            with _serving(functools.partial(self._serve, listening)) as served:
                self.viser = viser.ViserServer(host, listening.getsockname()[1], label, verbose=False)
            if not served:
                self.viser.stop()
                raise ConfigError(
                    f"viser {viser.__version__} opens its port as this page cannot guard it; 1.1 is known"
                )
        except BaseException:
            listening.close()
            raise

    def open(self) -> None:
        """Lets browsers in. From then on only viser's own thread may change what they are sent."""
        self._open = True

    def _serve(
        self, listening: socket.socket, original: Any, handler: Any, _host: str, _port: int, **options: Any
    ) -> Any:
        """Calls `original` as viser would, with the page's own socket, checks, headers and limits."""
        viser_answer: Callable[[ServerConnection, Request], Response | None] = options.pop("process_request")

        def answer(connection: ServerConnection, request: Request) -> Response | None:
            return self._refusal(connection, request) or viser_answer(connection, request)

        limits = {"max_size": LARGEST_BYTES, "close_timeout": 1.0}
        return original(
            handler,
            sock=listening,
            process_request=answer,
            process_response=self._fill,
            server_header=None,
            create_connection=Connection,
            **(options | limits),
        )

    def _refusal(self, connection: ServerConnection, request: Request) -> Response | None:
        if why := self.door.refusal(request.headers):
            return connection.respond(403, f"refused: {why}\n")
        if not self._open:
            return connection.respond(503, "not ready yet\n")
        if "Upgrade" in request.headers and len(connection.server.connections) >= _MOST_BROWSERS:
            return connection.respond(503, f"{_MOST_BROWSERS} browsers are looking already\n")
        return None

    def _fill(self, _connection: ServerConnection, request: Request, response: Response) -> None:
        self.door.fill(response.headers, next(iter(request.headers.get_all("Host")), ""))


def _matters(record: logging.LogRecord) -> bool:
    """Whether a message of websockets goes to the log; a stranger who connects and says nothing fills it otherwise."""
    return record.getMessage() != "opening handshake failed"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise ConfigError(f"the viewer cannot listen on {host}:{port}: {error}") from error


@contextlib.contextmanager
def _serving(serve: Callable[..., Any]) -> Iterator[list[bool]]:
    """Has viser open its port with `serve` as long as the block runs; gives a list that is empty until it did.

    viser has no argument for this: its thread calls `websockets.asyncio.server.serve` by that very name.
    """
    served: list[bool] = []

    def called(*args: Any, **options: Any) -> Any:
        served.append(True)
        return serve(original, *args, **options)

    with _opening:
        original = websocket_server.serve
        websocket_server.serve = called  # type: ignore[assignment, misc]
        try:
            yield served
        finally:
            websocket_server.serve = original  # type: ignore[misc]
