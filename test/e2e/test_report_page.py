"""The report in a real browser: what went wrong comes first, charts share a cursor, the playback moves, all fits."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("mcap")

from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting.run_page import RunPage

pytestmark = pytest.mark.slow
SHORT_RUN = Path(__file__).parents[1] / "data/short_run"
S = 1_000_000_000
FAULT = "Pose stale 2 times, 2.5 s in all, last at 5.0 s: object_pose is 400 ms old"
SIZES = [(1280, 800), (390, 844)]
SMALL_PT, LARGE_RATIO, RATIO = 18.66, 3.0, 4.5  # WCAG 2.2, success criterion 1.4.3

CONTRASTS = """() => {
  const channel = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const bright = rgb => .2126 * channel(rgb[0] / 255) + .7152 * channel(rgb[1] / 255) + .0722 * channel(rgb[2] / 255);
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const ground = el => {
    for (let at = el; at; at = at.parentElement) {
      const rgb = parts(getComputedStyle(at).backgroundColor);
      if (rgb.length < 4 || rgb[3] === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const el of document.querySelectorAll('main *')) {
    const text = [...el.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!text || !el.offsetParent) continue;
    const style = getComputedStyle(el), [a, b] = [bright(parts(style.color)), bright(ground(el))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    found.push([ratio, parseFloat(style.fontSize), el.textContent.slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a run in which the object was twice not seen."""
    run = RunRecord(Bag(SHORT_RUN))
    begin, stale = run.bag.start_ns, "hold: pose_stale: object_pose is 400 ms old"
    run.__dict__["states"] = run.states | {"supervisor": [
        (begin + S, "armed"), (begin + 2 * S, stale), (begin + 4 * S, "armed"),
        (begin + 5 * S, stale), (begin + 5 * S + S // 2, "armed"),
    ]}  # fmt: skip
    path = tmp_path_factory.mktemp("report") / "r.html"
    RunPage(run).page().write(path)
    return path


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids=str)
def page(request, written, browser):
    """The report, opened without a network; it has to do without an error."""
    (width, height), scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500, offline=True
    )
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(written.as_uri())
    page.wait_for_selector("canvas[width]")
    yield page
    assert wrong == []
    context.close()


def test_the_first_cause_is_on_the_first_screenful_and_nothing_is_too_wide(page):
    size, scheme = page.viewport_size, page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    box = page.get_by_text(FAULT).first.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    red, green, blue = map(
        int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    )
    assert (red + green + blue > 384) is not scheme


def test_a_fault_that_came_twice_is_told_once(page):
    assert page.get_by_text("Pose stale").count() == 1


def test_every_text_can_be_read(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    faint = [row for row in found if row[0] < (LARGE_RATIO if row[1] >= SMALL_PT else RATIO)]
    assert faint == []


def test_a_click_in_the_legend_hides_a_line_in_every_chart_of_the_panel(page):
    shown = "Report.charts.filter(c => c.panel.charts.length === 16).map(c => c.plot.series[1].show)"
    assert page.evaluate(shown) == [True] * 16
    key = page.locator("figure#joints .key", has_text="measured")
    key.click()
    assert page.evaluate(shown) == [False] * 16 and key.get_attribute("aria-pressed") == "false"
    key.click()
    assert page.evaluate(shown) == [True] * 16


def test_one_cursor_is_in_every_chart_in_the_lanes_and_in_the_playback(page):
    chart = page.locator("figure#object .u-over").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    middle = box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]
    if page.viewport_size["width"] < 500:
        page.touchscreen.tap(*middle)
    else:
        page.mouse.move(*middle)
    page.wait_for_function("document.querySelector('.said').textContent.includes('hand: following')")
    at = page.evaluate(
        "Report.charts.filter(c => c.group === 'run').map(c => c.plot.cursor.left / c.plot.over.clientWidth)"
    )
    assert len(at) == 20 and all(abs(share - 0.5) < 0.02 for share in at)
    said = page.locator("figure#joints h4 output").all_text_contents()
    assert len(said) == 16 and all(re.fullmatch(r"-?\d\.\d{3} / -?\d\.\d{3}", text) for text in said)
    middle = page.evaluate("+document.querySelector('figure[data-player] input').value")
    assert middle == pytest.approx(9.12 / 2, abs=0.1)
    assert page.locator(".said").text_content().startswith(f"{middle:.1f} s")


def test_a_zoom_is_shared_and_undone(page):
    spans = "Report.charts.filter(c => c.group === 'run').map(c => [c.plot.scales.x.min, c.plot.scales.x.max])"
    before = page.evaluate(spans)
    page.evaluate("Report.charts.find(c => c.group === 'run').plot.setScale('x', {min: 2, max: 3})")
    page.wait_for_function("Report.charts.every(c => c.group !== 'run' || c.plot.scales.x.min === 2)")
    page.locator("figure#object .whole").click()
    page.wait_for_function("Report.charts.every(c => c.group !== 'run' || c.plot.scales.x.min === 0)")
    assert page.evaluate(spans) == before


def test_the_playback_moves_with_the_slider_and_by_itself(page):
    stage = page.locator("figure[data-player] canvas")
    stage.scroll_into_view_if_needed()

    def drawn(at_s):
        page.evaluate(
            "t => { const s = document.querySelector('figure[data-player] input');"
            " s.value = t; s.dispatchEvent(new Event('input')); }",
            at_s,
        )
        page.wait_for_function(f"document.querySelector('figure[data-player]').dataset.drawn === '{at_s:.3f}'")
        return stage.screenshot()

    early, late = drawn(2.0), drawn(7.0)
    assert early != late and len(set(early)) > 100
    assert drawn(2.0) == early
    page.locator("figure[data-player] .play").click()
    page.wait_for_function("+document.querySelector('figure[data-player]').dataset.drawn > 2.3")
    page.locator("figure[data-player] .play").click()
    stopped = page.evaluate("document.querySelector('figure[data-player] input').value")
    cursor = page.evaluate(
        "(c => c.plot.posToVal(c.plot.cursor.left, 'x'))(Report.charts.find(c => c.group === 'run'))"
    )
    assert cursor == pytest.approx(float(stopped), abs=0.2)


def test_what_is_drawn_can_be_hidden_and_looked_at_from_elsewhere(page):
    stage = page.locator("figure[data-player] canvas")
    stage.scroll_into_view_if_needed()
    before = stage.screenshot()
    page.locator("figure[data-player] .key", has_text="object").click()
    page.wait_for_timeout(100)
    without = stage.screenshot()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 150, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert len({before, without, stage.screenshot()}) == 3
