"""The page on the wire: who may open it, what it hears, who commands, and that nobody receives the token."""

import contextlib
import http.client
import re
import socket
import threading
import time

import numpy as np
import pytest

pytest.importorskip("viser")

import msgspec
import viser
import websockets.asyncio.server
import zstandard
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import load_optional_box
from dexterity_ros.viewer.authority import new_secret
from dexterity_ros.viewer.live_page import LivePage
from dexterity_ros.viewer.panels import Snapshot

pytestmark = pytest.mark.realtime

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


@pytest.fixture
def secret():
    return new_secret()


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def page(leap, hand, secret):
    made = LivePage(leap, load_optional_box("cube70"), host="127.0.0.1", port=0, secret=secret, commands=hand)
    yield made
    made.close()


@pytest.fixture
def browser(page):
    opened = []

    def make(**options):
        opened.append(Browser(page, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.link.close()


def draw(page, snapshot):
    page.show(snapshot)
    page._drawing.result(PATIENCE_S)


def get(page, path="/", **headers):
    link = http.client.HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE_S)
    link.request("GET", path, headers=headers)
    answer = link.getresponse()
    return answer, answer.read()


def status(browser, **options):
    with pytest.raises(InvalidStatus) as caught:
        browser(**options)
    return caught.value.response.status_code


def took_control(browser, secret, number=1):
    browser.enter(secret)
    assert browser.answer("take control", number) == "this browser is in control until it is closed"


def test_only_the_holder_commands_and_nobody_receives_the_token(page, browser, hand, secret):
    one, other = browser(), browser()
    took_control(one, secret)
    for label, request in (
        ("1. prepare: preflight", "prepare"),
        ("2. arm", "arm"),
        ("disarm: let go gently", "disarm"),
    ):
        other.press(label)
        assert "not in control" in other.answer(request)
    assert hand.asked == []
    for label, request in (
        ("1. prepare: preflight", "prepare"),
        ("2. arm", "arm"),
        ("disarm: let go gently", "disarm"),
    ):
        one.press(label)
        one.answer(request)
    assert hand.asked == ["prepare", "arm", "disarm"]
    late = browser()
    for number, seen in enumerate((one, other, late), 1):
        seen.press("E-STOP: torque off")  # its answer comes after everything else that was to come
        assert f"off {number}" in seen.answer("E-STOP")
        assert secret.encode() not in seen.frames and secret not in repr(seen.heard)


def test_what_one_browser_enters_is_not_sent_to_another(browser):
    one, other = browser(), browser()
    assert one.listen(lambda: "token" in one.parts)
    one.update(one.parts["token"], "what I type")
    one.press("E-STOP: torque off")
    other.press("E-STOP: torque off")
    one.answer("E-STOP"), other.answer("E-STOP")
    assert b"what I type" not in one.frames + other.frames


def test_a_field_of_another_browser_cannot_be_changed(browser, hand, secret):
    one, other = browser(), browser()
    took_control(one, secret)
    assert one.listen(lambda: "2. arm" in one.parts)
    for uuid in one.parts.values():
        other.update(uuid, True)
    other.press("E-STOP: torque off")
    other.answer("E-STOP")
    assert hand.asked == ["stop"]


def test_the_page_says_who_is_in_control(page, browser, secret):
    one, other = browser(), browser()
    took_control(one, secret)
    assert other.listen(lambda: "token" in other.parts)
    draw(page, Snapshot())
    assert one.listen(lambda: b"<b>this browser</b>" in one.frames)
    assert other.listen(lambda: b"<b>another browser</b>" in other.frames)


def test_who_disconnects_is_no_longer_in_control(page, browser, secret, hand):
    one = browser()
    took_control(one, secret)
    one.link.close()
    again = browser()
    again.press("1. prepare: preflight")
    assert "not in control" in again.answer("prepare")
    assert hand.asked == []


def test_the_right_token_in_a_second_browser_takes_the_right_from_the_first(browser, secret, hand):
    one, other = browser(), browser()
    took_control(one, secret)
    took_control(other, secret)
    one.press("disarm: let go gently")
    assert "not in control" in one.answer("disarm")
    assert hand.asked == []


def test_arming_takes_two_steps_and_the_first_shows_the_preflight(page, browser, hand, secret):
    one = browser()
    took_control(one, secret)
    one.press("2. arm")
    assert "prepare first" in one.answer("arm")
    hand.reasons = "preflight: no joint_states; joint ff_mcp is at 3.000 rad"
    one.press("1. prepare: preflight")
    assert one.answer("prepare") == "preflight: no joint_states<br>joint ff_mcp is at 3.000 rad"
    one.press("2. arm")
    assert "prepare first" in one.answer("arm", 2)
    assert hand.asked == ["prepare"]
    hand.reasons = ""
    one.press("1. prepare: preflight")
    assert "ready" in one.answer("prepare", 2)
    draw(page, Snapshot())
    assert one.listen(lambda: b"the hand will move" in one.frames)
    one.press("2. arm")
    assert one.answer("arm", 3) == "armed"
    one.press("2. arm")
    assert "prepare first" in one.answer("arm", 4)
    assert hand.asked == ["prepare", "prepare", "arm"]


def test_the_stop_needs_no_token_and_says_what_answered(browser, hand):
    anybody = browser()
    anybody.press("E-STOP: torque off")
    assert anybody.answer("E-STOP") == "safety_node/estop: no service<br>hand_node/estop: off 1"
    assert hand.asked == ["stop"]


def test_a_stop_that_nothing_answers_says_to_cut_the_power(browser, hand, monkeypatch):
    monkeypatch.setattr(hand, "stop_everything", lambda: {"hand_node/estop": (False, "no service hand_node/estop")})
    anybody = browser()
    anybody.press("E-STOP: torque off")
    assert anybody.answer("E-STOP") == "no service hand_node/estop<br>nothing has stopped: cut the power"


def test_after_a_stop_of_anybody_arming_takes_both_steps_again(browser, secret, hand):
    one, other = browser(), browser()
    took_control(one, secret)
    one.press("1. prepare: preflight")
    assert "ready" in one.answer("prepare")
    other.press("E-STOP: torque off")
    other.answer("E-STOP")
    one.press("2. arm")
    assert "prepare first" in one.answer("arm")
    assert hand.asked == ["prepare", "stop"]


def test_a_stop_is_sent_while_another_browser_waits_for_the_answer_to_its_own(browser, hand):
    one, other = browser(), browser()
    hand.released.clear()
    for _ in range(20):
        one.press("E-STOP: torque off")
    other.press("E-STOP: torque off")
    assert other.listen(lambda: len(hand.asked) >= 2)
    hand.released.set()
    other.answer("E-STOP")


def test_a_page_without_a_secret_has_the_stop_and_no_other_button(leap, hand):
    page = LivePage(leap, None, host="127.0.0.1", port=0, commands=hand)
    try:
        seen = Browser(page)
        seen.press("E-STOP: torque off")
        seen.answer("E-STOP")
        assert not {"token", "take control", "1. prepare: preflight", "2. arm"} & set(seen.parts)
    finally:
        page.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"])
def test_a_websocket_of_another_page_is_refused(browser, page, origin):
    assert status(browser, origin=origin.format(port=page.port)) == 403


def test_a_websocket_that_does_not_say_where_it_comes_from_is_refused(page):
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://127.0.0.1:{page.port}", proxy=None)
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "0.0.0.0:{port}", "127.0.0.1", "127.0.0.1:1"])
def test_a_request_under_another_name_is_refused(browser, page, host):
    name = host.format(port=page.port)
    assert status(browser, host=name) == 403
    answer, text = get(page, Host=name)
    assert answer.status == 403 and b"<" not in text and b"evil" not in text


def test_a_page_fetched_by_another_page_is_refused(page):
    assert get(page, Origin="http://evil.example")[0].status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_may_ask_by_its_own_names(page, host):
    answer, text = get(page, Host=f"{host}:{page.port}")
    assert answer.status == 200 and b"Viser" in text


def test_a_name_that_was_given_is_answered(leap, hand):
    page = LivePage(leap, None, host="127.0.0.1", port=0, names=("Lab-PC.local",), commands=hand)
    try:
        assert get(page, Host=f"lab-pc.local:{page.port}")[0].status == 200
        Browser(page, origin=f"http://lab-pc.local:{page.port}", host=f"lab-pc.local:{page.port}").link.close()
        assert page.address == f"http://lab-pc.local:{page.port}"
    finally:
        page.close()


@pytest.mark.parametrize("path", ["/", "/nothing", "/../../../etc/passwd"])
def test_every_answer_forbids_frames_guessing_and_storing(page, path):
    answer, _ = get(page, path)
    assert answer.status == (200 if path == "/" else 404)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval'" in policy
    assert " 'unsafe-eval'" not in policy and "script-src-attr 'none'" in policy and "http:" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers


NAUGHTY = [
    {"type": "ShareUrlRequest"},
    {"type": "ShareUrlDisconnect"},
    {"type": "ResetGuiMessage"},
    {"type": "RunJavascriptMessage", "source": "1"},
    {"type": "GuiFormDirtyMessage", "uuid": "x"},
    {"type": "FileTransferStartUpload", "source_component_uuid": "x", "transfer_uuid": "y", "filename": "f",
     "mime_type": "m", "part_count": 1, "size_bytes": 1},
    {"type": "GuiUpdateMessage", "uuid": "x", "updates": {"disabled": False}},
    {"type": "GuiUpdateMessage", "uuid": "x", "updates": {"value": "a" * 300}},
    {"type": "GuiUpdateMessage", "uuid": "x", "updates": {"value": True, "label": "y"}},
    {"type": "GuiUpdateMessage", "uuid": 5, "updates": {"value": True}},
    {"type": "Unheard"},
    {"no": "type"},
    CAMERA | {"wxyz": "abc"},
    [1, 2],
    b"",
    b"\xc1\xff",
    "text",
]  # fmt: skip


def test_what_is_not_on_the_list_is_dropped_and_the_rest_is_heard(page, browser, monkeypatch):
    one = browser()
    assert one.listen(lambda: "2. arm" in one.parts)
    told = []
    monkeypatch.setattr(page._server, "request_share_url", lambda: told.append("tunnel"))
    monkeypatch.setattr(page._server._websock_server, "queue_message", told.append)
    for message in NAUGHTY:
        one.send(message)
    one.send({"type": "GuiUpdateMessage", "uuid": one.parts["2. arm"], "updates": {"disabled": False}})
    one.press("E-STOP: torque off")
    one.answer("E-STOP")
    [panel] = page._panels.values()
    assert told == [] and panel._arm.disabled


def test_a_joint_that_there_is_none_of_draws_nothing_and_ends_nothing(leap, page, browser):
    one = browser()
    assert one.listen(lambda: "joint" in one.parts)
    one.update(one.parts["joint"], "no such joint")
    one.press("E-STOP: torque off")
    one.answer("E-STOP")
    for _ in range(3):
        draw(page, Snapshot(joints_rad=np.zeros(len(leap.joints))))


def test_a_mistake_in_drawing_is_not_kept_silent(page):
    page.show(Snapshot(joints_rad=np.zeros(3)))
    with pytest.raises(IndexError):
        page._drawing.result(PATIENCE_S)
    with pytest.raises(IndexError):
        page.show(Snapshot())


def test_a_message_that_is_too_large_ends_that_connection_alone(browser):
    one, other = browser(), browser()
    one.send(b"a" * 10_000)
    with pytest.raises(ConnectionClosed):
        one.listen(lambda: False)
    other.press("E-STOP: torque off")
    other.answer("E-STOP")


def test_a_flood_of_one_browser_does_not_keep_another_from_stopping(browser, hand):
    flooding, other = browser(), browser()
    assert other.listen(lambda: "E-STOP: torque off" in other.parts)
    ended = threading.Event()

    def flood():
        with contextlib.suppress(ConnectionClosed):
            while not ended.is_set():
                flooding.send(NAUGHTY[0])

    writer = threading.Thread(target=flood, daemon=True)
    writer.start()
    try:
        asked = time.monotonic()
        other.press("E-STOP: torque off")
        assert other.listen(lambda: hand.asked == ["stop"], 2.0), time.monotonic() - asked
    finally:
        ended.set()
        flooding.link.socket.shutdown(socket.SHUT_RDWR)
        writer.join(PATIENCE_S)


def test_a_port_that_is_taken_is_named(page, leap, hand):
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{page.port}"):
        LivePage(leap, None, host="127.0.0.1", port=page.port, commands=hand)


def test_a_viser_that_opens_its_port_in_another_way_is_not_used(leap, hand, monkeypatch):
    class Kept:
        asyncio = type("asyncio", (), {"server": type("server", (), {"serve": websockets.asyncio.server.serve})})

    monkeypatch.setattr(viser.infra._infra, "websockets", Kept)
    with pytest.raises(ConfigError, match="cannot guard"):
        LivePage(leap, None, host="127.0.0.1", port=0, commands=hand)
