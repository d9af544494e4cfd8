"""The live page without a system, in a real browser: what matters is on the first screenful, on a phone too."""

import threading

import numpy as np
import pytest

pytest.importorskip("viser")

from dexterity_ros.contracts.object import load_optional_box
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.viewer.live_page import LivePage
from dexterity_ros.viewer.panels import Snapshot

pytestmark = pytest.mark.e2e
UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0])
TROUBLE = "pose stale 28 times, 9.6 s in all, last 3 s ago: look at the camera"


class Nobody:
    """Carries out what is asked for, and counts."""

    stops = 0

    def prepare(self):
        return False, "preflight: nothing is there"

    arm = disarm = prepare

    def stop_everything(self):
        self.stops += 1
        return {"hand_node/estop": (True, "torque off")}


@pytest.fixture
def page(leap):
    """A page that is drawn ten times a second; gives it with what its buttons ask for."""
    commands, over = Nobody(), threading.Event()
    made = LivePage(leap, load_optional_box("cube70"), host="127.0.0.1", port=0, commands=commands)
    now = Snapshot(
        joints_rad=np.array(leap.home_pos_rad), target_rad=np.array(leap.home_pos_rad),
        object_pose=PoseSample(stamp_ns=0, pos_m=np.array(leap.grasp_centre_m), quat_wxyz=UPRIGHT),
        goal_quat_wxyz=UPRIGHT, supervisor="armed", hand_state="following", policy_state="acting",
        goals={"reached": 3, "failed": 1, "consecutive": 2}, troubles=(TROUBLE,),
    )  # fmt: skip

    def draw():
        while not over.wait(0.1):
            made.show(now)

    thread = threading.Thread(target=draw)
    thread.start()
    yield made, commands
    over.set()
    thread.join()
    made.close()


@pytest.fixture
def look(page, look):
    """Opens the page in a browser, and waits until its charts are there."""

    def make(width, height):
        opened = look(page[0].port, width, height)
        opened.get_by_text("error to goal").first.wait_for(timeout=60_000)
        return opened

    return make


WHERE = """text => {
  const holds = el => el.textContent.includes(text), all = [...document.querySelectorAll('body *')];
  const el = all.filter(e => holds(e) && ![...e.children].some(holds) && e.getClientRects().length)[0];
  const box = el && el.getBoundingClientRect();
  return box ? [box.left, box.top, box.right, box.bottom] : null;
}"""


def inside(opened, text, width, height, looks=30):
    """Whether a text is on the screenful, soon: the panel is written anew all the time."""
    box = opened.evaluate(WHERE, text)
    if box is not None and min(box) >= 0 and box[2] <= width and box[3] <= height:
        return True
    opened.wait_for_timeout(100)
    return looks > 0 and inside(opened, text, width, height, looks - 1)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_stop_and_what_to_know_are_on_the_first_screenful(look, size):
    opened = look(*size)
    for text in ("E-STOP: torque off", "All is well: the hand may move.", "supervisor", "seen points", TROUBLE):
        assert inside(opened, text, *size), text
    assert opened.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_strips_and_the_goals_are_above_the_fold_of_a_laptop(look):
    opened = look(1280, 800)
    for text in ("error to goal", "joints behind", "sample age p99", "motor load", "goals of the last 2 minutes"):
        assert inside(opened, text, 1280, 800), text


def test_on_a_phone_the_hand_has_room_and_the_stop_stays_and_stops(look, page):
    opened = look(390, 844)
    stop = opened.get_by_role("button", name="E-STOP")
    before = stop.bounding_box()
    assert before["y"] > 0.45 * 844 and before["height"] >= 44
    opened.get_by_text("dexterity_ros").first.dispatch_event("pointerdown")
    opened.mouse.click(60, before["y"] + before["height"] + 24)  # the bar that folds viser's panel elsewhere
    opened.mouse.move(195, 800)
    opened.mouse.wheel(0, 600)
    opened.wait_for_timeout(700)
    assert stop.is_visible() and stop.bounding_box() == before
    stop.click()
    opened.get_by_text("torque off").last.wait_for(timeout=10_000)
    assert page[1].stops == 1
