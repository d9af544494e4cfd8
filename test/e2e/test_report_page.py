"""The report in a real browser: what went wrong is on the first screenful, nothing has to be scrolled sideways."""

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("mcap")
playwright = pytest.importorskip("playwright.sync_api")

from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.run_page import RunPage

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; test/install_chromium.sh installs it"),
]
SHORT_RUN = Path(__file__).parents[1] / "data/short_run"
S = 1_000_000_000
FAULT = "Pose stale at 2.0 s, for 2.0 s: object_pose is 400 ms old"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a run in which the object was not seen for two seconds."""
    run = RunRecord(Bag(SHORT_RUN))
    begin = run.bag.start_ns
    run.__dict__["states"] = run.states | {"supervisor": [
        (begin + S, "armed"), (begin + 2 * S, "hold: pose_stale: object_pose is 400 ms old"), (begin + 4 * S, "armed"),
    ]}  # fmt: skip
    report = RunPage(run)
    path = tmp_path_factory.mktemp("report") / "r.html"
    report.page().write(path)
    return path


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_a_planted_fault_is_on_the_first_screenful_and_nothing_is_too_wide(written, browser, size, scheme, tmp_path):
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(written.as_uri())
    box = page.get_by_text(FAULT).first.bounding_box()
    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size[1]
    assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    red, green, blue = map(
        int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    )
    assert (red + green + blue > 384) is (scheme == "light")
    page.screenshot(path=tmp_path / "first.png")
    page.close()
