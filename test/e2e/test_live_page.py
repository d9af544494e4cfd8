"""The live page in a real browser, on a real system: it shows, it stops the hand, it refuses, it is not for others."""

import http.server
import os
import re
import socket
import subprocess
import threading
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("viser")

from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.systems.operator import Operator
from dexterity_ros.systems.processes import Processes, ros_environment

pytestmark = pytest.mark.e2e
DOMAIN = 110 + os.getpid() % 80
FLAGS = ["--disable-gpu-vsync"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """The demo's nodes with a page that has buttons; gives the operator, the port, the processes and the token."""
    os.environ["ROS_DOMAIN_ID"] = str(DOMAIN)
    port = free_port()
    settings = ClosedLoop(
        goals=1, minutes=1.0, policy="models/policies/leap_yaw", task=None, goal_rad=(0.8, 1.2), hand="leap", seed=0,
        shadow=False, hardware="dynamixel", eyes=False, viewer_port=port, extra={"viewer_node": {"control": True}},
    )  # fmt: skip
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator(visitor=True)
    log = tmp_path_factory.mktemp("log") / "nodes.log"
    starts = settings.starts(load_manifest(resource(settings.policy)))
    try:
        with Processes(starts, ros_environment(domain_id=DOMAIN), log=log.open("w")) as processes:
            operator.wait_for("nodes", lambda: bool(operator.supervisor and operator.policy_state), 60.0)
            wait(lambda: printed_token(log))
            yield operator, port, processes, printed_token(log)
    finally:
        operator.close()
        os.environ.pop("ROS_DOMAIN_ID")


def printed_token(log):
    found = re.findall(r"^token for the buttons of the page: ([0-9a-f]{32})$", log.read_text(), re.MULTILINE)
    return found[0] if found else ""


def wait(condition, timeout_s=30.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def listening(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


@pytest.fixture
def page(system, look, tmp_path):
    opened = look(system[1])
    yield opened
    opened.screenshot(path=tmp_path / "last.png")


def pixels(page):
    import cv2

    return cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR).astype(int)


def button(page, name):
    return page.get_by_role("button", name=name)


def press(page, name):
    button(page, name).click()


def take_control(page, token):
    field = page.locator("input.mantine-TextInput-input").locator("visible=true").first
    field.fill(token)
    page.wait_for_timeout(100)  # the browser sends at most one change in 50 ms, the last one
    press(page, "take control")


def arm(page, operator, moving=("following",)):
    """Arms by the page's buttons; a busy machine may be late with the pose, or trip the motors' watchdog."""
    armable = button(page, "2. arm: the hand will move")
    for _ in range(15):
        operator.call("sim/reset")  # a hand that is limp drops the object
        operator.spin(0.5)
        press(page, "1. prepare: preflight")
        wait(lambda: operator.spin(0.1) or armable.count() or page.get_by_text("preflight: ").count())
        if armable.count():
            armable.dispatch_event("click")  # at once: it is open for 15 s, and a busy browser takes its time to aim
            end = time.monotonic() + 10.0
            while time.monotonic() < end and not operator.supervisor.startswith("stopped"):
                operator.spin(0.1)
                if operator.hand_state.split(":")[0] in moving:
                    return
        press(page, "disarm: let go gently")
        operator.spin(2.0)
    raise AssertionError(f"never following: {operator.supervisor}, {operator.hand_state}")


def test_without_the_token_nothing_is_armed_and_with_it_the_hand_moves_and_stops(system, page):
    operator, _, _, token = system
    for name in ("1. prepare: preflight", "2. arm", "disarm: let go gently"):
        assert button(page, name).is_disabled()
    take_control(page, "guess")
    page.get_by_text("the token is not the one that was printed").wait_for(timeout=10_000)
    assert button(page, "1. prepare: preflight").is_disabled()
    take_control(page, token)
    page.get_by_text("this browser is in control until it is closed").wait_for(timeout=10_000)
    operator.spin(1.0)
    assert button(page, "2. arm").is_disabled() and operator.hand_state == "limp"
    arm(page, operator)
    operator.spin(2.0)
    before = pixels(page)
    operator.spin(3.0)
    moved = (np.abs(pixels(page) - before).max(axis=2) > 40)[:, :850]  # the scene, not the panel
    assert moved.mean() > 0.002, "nothing moves in the scene"
    press(page, "E-STOP: torque off")
    clicked = time.monotonic()
    operator.wait_for("torque off", lambda: operator.hand_state.startswith("stopped: "), 5.0)
    print(f"torque off {1e3 * (time.monotonic() - clicked):.0f} ms after the click")
    page.get_by_text("stopped").first.wait_for(timeout=5_000)
    for service in ("safety_node/estop:", "hand_node/estop:"):
        page.get_by_text(service).first.wait_for(timeout=5_000)


def test_a_second_browser_may_stop_and_nothing_else_and_the_right_ends_with_the_first(system, page, look):
    operator, port, _, token = system
    other = look(port, 700, 400)  # two large ones drawn in software would be all that this machine does
    take_control(page, token)
    press(page, "disarm: let go gently")
    arm(page, operator, moving=("easing", "following", "holding"))
    other.get_by_text("another browser").wait_for(timeout=10_000)
    assert button(other, "1. prepare: preflight").is_disabled() and button(other, "disarm").is_disabled()
    assert token not in other.content() and token not in page.content()
    press(other, "E-STOP: torque off")
    operator.wait_for("torque off", lambda: operator.hand_state.startswith("stopped: "), 5.0)
    page.reload()
    page.get_by_text("nobody").wait_for(timeout=20_000)
    assert button(page, "1. prepare: preflight").is_disabled()


def test_the_token_is_no_parameter(system):
    from rcl_interfaces.srv import GetParameters, ListParameters

    operator, _, _, token = system
    names = ask(operator, ListParameters, "viewer_node/list_parameters", ListParameters.Request()).result.names
    assert "control" in names
    values = ask(operator, GetParameters, "viewer_node/get_parameters", GetParameters.Request(names=names)).values
    assert token not in repr(values)


def ask(operator, kind, service, request):
    client = operator.node.create_client(kind, service)
    assert client.wait_for_service(timeout_sec=5.0)
    future = client.call_async(request)
    wait(lambda: operator.spin(0.05) or future.done())
    return future.result()


class Foreign(http.server.BaseHTTPRequestHandler):
    """A page of somebody else's, open in the same browser; keeps what asks it for a WebSocket."""

    upgrades = []

    def do_GET(self):
        self.upgrades += [self.path] if "Upgrade" in self.headers else []
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html><body>foreign</body></html>")

    def log_message(self, *_):
        pass


@pytest.fixture
def foreign_page(browser):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}")
    yield page
    page.close()
    server.shutdown()


def test_another_page_in_the_same_browser_can_neither_connect_nor_frame_it(system, foreign_page):
    _, port, _, _ = system
    tried = """([url, kind]) => new Promise(done => {
        const link = new WebSocket(url, [kind]);
        link.onopen = () => done("open"); link.onclose = () => done("closed");
    })"""
    for name in ("127.0.0.1", "localhost"):
        assert foreign_page.evaluate(tried, [f"ws://{name}:{port}", "viser-v1.1.1"]) == "closed"
    framed = """url => new Promise(done => {
        const frame = document.createElement("iframe");
        frame.onload = () => { try { done(frame.contentWindow.length + " " + frame.contentDocument) }
                               catch (error) { done("closed") } };
        frame.src = url; document.body.append(frame);
    })"""
    refused = []
    foreign_page.on("console", lambda said: refused.append(said.text))
    foreign_page.evaluate(framed, f"http://127.0.0.1:{port}")
    wait(lambda: foreign_page.wait_for_timeout(50) or any("frame-ancestors" in text for text in refused))


def test_a_link_to_the_page_cannot_make_it_show_a_foreign_server(system, foreign_page):
    """viser's client takes its server from the link; there it could ask for the token in our name."""
    foreign = foreign_page.url.replace("http", "ws")
    foreign_page.evaluate("url => { new WebSocket(url) }", foreign)
    wait(lambda: foreign_page.wait_for_timeout(50) or Foreign.upgrades)  # it would notice
    Foreign.upgrades.clear()
    said = []
    foreign_page.on("console", lambda message: said.append(message.text))
    foreign_page.goto(f"http://127.0.0.1:{system[1]}/?websocket={foreign}")
    tries = lambda: any(text.startswith(f"Connecting to: {foreign}") for text in said)  # noqa: E731
    wait(lambda: foreign_page.wait_for_timeout(50) or tries(), 90.0)
    foreign_page.wait_for_timeout(2000)
    assert Foreign.upgrades == []


def test_the_panel_says_what_the_system_says(system, page):
    operator = system[0]
    operator.spin(1.5)
    for name in ("supervisor", "hand", "policy", "goals reached", "th_mcp"):
        page.get_by_text(name, exact=True).locator("visible=true").first.wait_for(timeout=10_000)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("supervisor").first.wait_for(timeout=10_000)


def test_only_this_machine_can_see_it(system):
    port = system[1]
    others = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    others = [address for address in others if "." in address]
    assert listening(port)
    for address in others:
        assert not listening(port, address), address


def test_the_system_goes_on_when_the_page_is_killed(system):
    operator, _, processes, _ = system
    processes.running["viewer_node"].kill()
    operator.spin(1.0)
    assert processes.ended() == {} and operator.supervisor
