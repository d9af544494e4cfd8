"""The live page in a real browser, on a real system: it shows, it stops the hand, it refuses, it is not for others."""

import os
import shutil
import socket
import subprocess
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("viser")
playwright = pytest.importorskip("playwright.sync_api")

from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.systems.loop_settings import ClosedLoop
from dexterity_ros.systems.operator import Operator
from dexterity_ros.systems.processes import Processes, ros_environment

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; test/install_chromium.sh installs it"),
]
TOKEN = "open sesame"
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-vsync",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """The demo's nodes with a page that has buttons, armed and moving."""
    os.environ["ROS_DOMAIN_ID"] = str(110 + os.getpid() % 80)
    environment = ros_environment(domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    port = free_port()
    settings = ClosedLoop(
        goals=1, minutes=1.0, policy="models/policies/leap_yaw", task=None, goal_rad=(0.8, 1.2), hand="leap", seed=0,
        shadow=False, hardware="dynamixel", eyes=True, viewer_port=port, extra={"viewer_node": {"token": TOKEN}},
    )  # fmt: skip
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    operator = Operator()
    log = (tmp_path_factory.mktemp("log") / "nodes.log").open("w")
    with Processes(settings.starts(load_manifest(resource(settings.policy))), environment, log=log) as processes:
        alive = lambda: None  # noqa: E731
        operator.wait_for("nodes", lambda: bool(operator.supervisor and operator.policy_state), 60.0, alive)
        wait(lambda: listening(port))
        yield operator, port, processes
    operator.close()
    os.environ.pop("ROS_DOMAIN_ID")


def wait(condition, timeout_s=30.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def listening(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(system, browser, tmp_path):
    _, port, _ = system
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.goto(f"http://127.0.0.1:{port}")
    opened.get_by_text("supervisor").first.wait_for(timeout=60_000)
    yield opened
    opened.screenshot(path=tmp_path / "last.png")
    opened.close()


def pixels(page):
    import cv2

    return cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR).astype(int)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def enter(page, token):
    field = page.locator("input.mantine-TextInput-input").locator("visible=true").first
    field.fill(token)
    field.press("Enter")


def arm(page, operator):
    """Arms by the page's buttons; a busy machine may trip the motors' watchdog while the browser starts."""
    for _ in range(4):
        press(page, "arm")
        end = time.monotonic() + 10.0
        while time.monotonic() < end and not operator.supervisor.startswith("stopped"):
            operator.spin(0.1)
            if operator.hand_state == "following":
                return
        press(page, "disarm: let go gently")
        operator.spin(2.0)
    raise AssertionError(f"never following: {operator.supervisor}, {operator.hand_state}")


def test_without_the_token_nothing_is_done_and_with_it_the_hand_moves_and_stops(system, page):
    operator, _, _ = system
    alive = lambda: None  # noqa: E731
    enter(page, "guess")
    press(page, "arm")
    page.get_by_text("the token is not the one that was printed").wait_for(timeout=10_000)
    operator.spin(1.0)
    assert operator.hand_state == "limp"
    enter(page, TOKEN)
    arm(page, operator)
    operator.spin(2.0)
    before = pixels(page)
    operator.spin(3.0)
    moved = (np.abs(pixels(page) - before).max(axis=2) > 40)[:, :850]  # the scene, not the panel
    assert moved.mean() > 0.002, "nothing moves in the scene"
    press(page, "E-STOP: torque off")
    clicked = time.monotonic()
    operator.wait_for("limp", lambda: operator.hand_state == "limp", 5.0, alive)
    print(f"limp {1e3 * (time.monotonic() - clicked):.0f} ms after the click")
    page.get_by_text("stopped").first.wait_for(timeout=5_000)


def test_the_panel_says_what_the_system_says(system, page):
    operator, _, _ = system
    operator.spin(1.5)
    for name in ("supervisor", "hand", "policy", "goals reached", "th_mcp"):
        page.get_by_text(name, exact=True).locator("visible=true").first.wait_for(timeout=10_000)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("supervisor").first.wait_for(timeout=10_000)


def test_only_this_machine_can_see_it(system):
    _, port, _ = system
    others = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    others = [address for address in others if "." in address]
    assert listening(port)
    for address in others:
        assert not listening(port, address), address


def test_the_system_goes_on_when_the_page_is_killed(system):
    operator, _, processes = system
    processes.running["viewer_node"].kill()
    operator.spin(1.0)
    assert processes.ended() == {} and operator.supervisor
