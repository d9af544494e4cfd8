"""Which requests the page answers, and what its answers forbid a browser: decided on headers, before viser sees any."""

import re
from dataclasses import dataclass

from websockets.datastructures import Headers

from dexterity_ros.contracts.errors import ConfigError

_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_ANYWHERE = ("", "0.0.0.0", "::")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")

# What the bundle of viser 1.1 needs and nothing else. It unpacks itself with WebAssembly that it carries as data, adds
# what it unpacked as an inline script and style (so neither a hash nor a nonce can name it), decodes in a worker made
# from a blob, and draws images from blobs. Text is never run: its sorter of Gaussian splats asks for that and stays
# unused. Handlers in attributes, which text on the page could smuggle in, stay forbidden, and so does every connection
# but the page's own: a link with ?websocket= or ?playbackPath= cannot show a foreign server in it.
_POLICY = (
    "default-src 'none'; script-src 'wasm-unsafe-eval' 'unsafe-inline'; script-src-attr 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data: blob:; font-src data:; worker-src blob:; "
    "connect-src 'self' ws://{authority} data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Door:
    """authorities: `name:port` under which the page may be asked for, the one to tell people first."""

    authorities: tuple[str, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """What a person may enter in a browser."""
        return tuple(f"http://{authority}" for authority in self.authorities)

    def refusal(self, headers: Headers) -> str:
        """Returns why a request is refused, empty when it is not.

        A foreign Host is a name that somebody pointed at this machine (DNS rebinding), a foreign Origin another page in
        the same browser. A WebSocket must say where it comes from; browsers always do.
        """
        hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
        if len(hosts) != 1 or hosts[0].lower() not in self.authorities:
            return f"the page is asked for as {self._expected()}"
        if "Upgrade" in headers and not origins:
            return f"a WebSocket without Origin, expected {self._expected()}"
        if any(origin.lower() not in self.addresses for origin in origins) or len(origins) > 1:
            return f"a foreign Origin, expected {self._expected()}"
        return ""

    def fill(self, answer: Headers, authority: str) -> None:
        """Adds to an answer what browsers must not do with it. authority: the Host that was asked for."""
        known = authority.lower() if authority.lower() in self.authorities else self.authorities[0]
        answer["Content-Security-Policy"] = _POLICY.format(authority=known)
        for name, value in _HEADERS.items():
            answer[name] = value

    def _expected(self) -> str:
        return ", ".join(self.addresses)


def door(host: str, port: int, names: tuple[str, ...]) -> Door:
    """Returns the door of a page that listens on host:port.

    Args:
        host: address it listens on; itself a name of the page, unless it stands for every address.
        port: it listens on.
        names: further names or addresses under which browsers may ask for it.

    Raises:
        ConfigError: a name that is none.
    """
    listening = () if host in _ANYWHERE else (f"[{host}]" if ":" in host else host,)
    known = [name.lower() for name in (*names, *listening, *_LOCAL)]
    for name in known:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name of a machine, expected for instance lab-pc.local or [fe80::1]")
    written = [f"{name}:{port}" for name in dict.fromkeys(known)]
    return Door((*written, *(known if port == 80 else ())))  # browsers leave out port 80
