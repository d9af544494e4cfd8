"""What comes to the page from outside: who may open it, what it answers and hears, and what it drops."""

import contextlib
import http.client
import socket
import threading
import time

import pytest
import viser
import websockets.asyncio.server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from dexterity_ros.contracts.errors import ConfigError

pytestmark = pytest.mark.realtime
PATIENCE_S = 10.0


def get(page, path="/", **headers):
    link = http.client.HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE_S)
    link.request("GET", path, headers=headers)
    answer = link.getresponse()
    return answer, answer.read()


def status(browser, **options):
    with pytest.raises(InvalidStatus) as caught:
        browser(**options)
    return caught.value.response.status_code


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


def test_a_name_that_was_given_is_answered(open_page, browser):
    page = open_page(names=("Lab-PC.local",))
    assert get(page, Host=f"lab-pc.local:{page.port}")[0].status == 200
    browser(page, origin=f"http://lab-pc.local:{page.port}", host=f"lab-pc.local:{page.port}")
    assert page.address == f"http://lab-pc.local:{page.port}"


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
    for message in [*NAUGHTY, one.camera | {"wxyz": "abc"}]:
        one.send(message)
    one.send({"type": "GuiUpdateMessage", "uuid": one.parts["2. arm"], "updates": {"disabled": False}})
    one.press("E-STOP: torque off")
    one.answer("E-STOP")
    [panel] = page._panels.values()
    assert told == [] and panel._arm.disabled


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


def test_a_port_that_is_taken_is_named(page, open_page):
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{page.port}"):
        open_page(port=page.port)


def test_a_viser_that_opens_its_port_in_another_way_is_not_used(open_page, monkeypatch):
    class Kept:
        asyncio = type("asyncio", (), {"server": type("server", (), {"serve": websockets.asyncio.server.serve})})

    monkeypatch.setattr(viser.infra._infra, "websockets", Kept)
    with pytest.raises(ConfigError, match="cannot guard"):
        open_page()
