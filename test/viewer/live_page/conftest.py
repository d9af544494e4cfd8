"""A live page on the wire, its hand, and browsers without a screen."""

import re
import socket
import threading
import time

import pytest

viser = pytest.importorskip("viser")

import msgspec
import zstandard
from websockets.sync.client import connect

from dexterity_ros.contracts.object import load_optional_box
from dexterity_ros.viewer.authority import new_secret
from dexterity_ros.viewer.live_page import LivePage

PATIENCE_S = 10.0
CAMERA = {
    "type": "ViewerCameraMessage", "wxyz": [1.0, 0, 0, 0], "position": [0.1, 0, 0], "fov": 1.0, "near": 0.1,
    "far": 10.0, "image_height": 10, "image_width": 10, "look_at": [0, 0, 0.1], "up_direction": [0, 0, 1.0],
}  # fmt: skip


class Hand:
    """Answers as the nodes would, and counts."""

    def __init__(self):
        self.asked, self.reasons = [], ""
        self.released = threading.Event()
        self.released.set()

    def _answer(self, name, answer):
        self.asked.append(name)
        return answer

    def prepare(self):
        return self._answer("prepare", (not self.reasons, self.reasons or "ready; arm within 15 s"))

    def arm(self):
        return self._answer("arm", (True, "armed"))

    def disarm(self):
        return self._answer("disarm", (True, "disarmed"))

    def stop_everything(self):
        self.asked.append("stop")
        self.released.wait(PATIENCE_S)
        return {
            "safety_node/estop": (False, "no service"),
            "hand_node/estop": (True, f"off {self.asked.count('stop')}"),
        }


class Browser:
    """What a browser does on the wire, without one."""

    camera = CAMERA

    def __init__(self, page, origin=None, host=None, placed=True):
        self.heard, self.frames, self.parts, self.texts = [], b"", {}, {}
        local = f"127.0.0.1:{page.port}"
        link = socket.create_connection(("127.0.0.1", page.port))
        self.link = connect(
            f"ws://{host or local}", sock=link, origin=origin or f"http://{local}", max_size=None, close_timeout=1.0,
            subprotocols=[f"viser-v{viser.__version__}"],
        )  # fmt: skip
        if placed:
            self.send(CAMERA)

    def send(self, message):
        self.link.send(message if isinstance(message, bytes | str) else msgspec.msgpack.encode(message))

    def listen(self, until, timeout_s=PATIENCE_S):
        """Reads until `until()`; returns whether that came true."""
        end = time.monotonic() + timeout_s
        while not until():
            if time.monotonic() > end:
                return False
            try:
                self._read(self.link.recv(timeout=0.05))
            except TimeoutError:
                pass
        return True

    def _read(self, raw):
        size = int.from_bytes(raw[8:16], "little")
        plain = zstandard.ZstdDecompressor().decompress(raw[16 : 16 + size])
        self.frames += plain + raw[16 + size :]
        for message in msgspec.msgpack.decode(plain)["messages"]:
            self.heard.append(message)
            if label := message.get("props", {}).get("label"):
                self.parts[label] = message["uuid"]
                self.texts[label] = message["props"]
            if message["type"] == "GuiUpdateMessage":
                for label, uuid in self.parts.items():
                    if uuid == message["uuid"]:
                        self.texts[label] = self.texts[label] | message["updates"]

    def answers(self, request):
        """What has been answered to one kind of request, oldest first."""
        written = "".join(m["updates"].get("content", "") for m in self.heard if m["type"] == "GuiUpdateMessage")
        return re.findall(rf">{request}, [0-9:]+</span> <b>(.*?)</b>", written)

    def answer(self, request, number=1):
        """Returns the answer to the so-many-th request of this kind."""
        assert self.listen(lambda: len(self.answers(request)) >= number), f"no answer to {request}: {self.heard[-3:]}"
        return self.answers(request)[number - 1]

    def press(self, label):
        assert self.listen(lambda: label in self.parts), f"no {label} in {sorted(self.parts)}"
        self.update(self.parts[label], True)

    def update(self, uuid, value):
        self.send({"type": "GuiUpdateMessage", "uuid": uuid, "updates": {"value": value}})

    def enter(self, token):
        assert self.listen(lambda: "token" in self.parts)
        self.update(self.parts["token"], token)
        self.press("take control")

    def take_control(self, secret, number=1):
        """Enters the token; it is the so-many-th time that this browser does."""
        self.enter(secret)
        assert self.answer("take control", number) == "this browser is in control until it is closed"


@pytest.fixture
def secret():
    return new_secret()


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def open_page(leap, hand):
    """Opens a page on a free port of this machine; without a secret it has no buttons but the stop."""
    opened = []

    def make(**options):
        given = {"host": "127.0.0.1", "port": 0, "commands": hand} | options
        opened.append(LivePage(leap, load_optional_box("cube70"), **given))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def page(open_page, secret):
    return open_page(secret=secret)


@pytest.fixture
def browser(page):
    """Opens a browser on the page, or on another one."""
    opened = []

    def make(at=page, **options):
        opened.append(Browser(at, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.link.close()


@pytest.fixture
def draw(page):
    """Shows a snapshot, and waits until it has been drawn."""

    def show(snapshot):
        page.show(snapshot)
        page._drawing.result(PATIENCE_S)

    return show
