"""A real browser for pages, without a screen."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def browser(request):
    """Chromium, drawing in software; a module may name FLAGS of its own."""
    driver = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium here; test/install_chromium.sh installs it")
    with driver.sync_playwright() as playing:
        more = getattr(request.module, "FLAGS", [])
        chromium = playing.chromium.launch(executable_path=CHROMIUM, args=FLAGS + more)
        yield chromium
        chromium.close()


@pytest.fixture
def look(browser):
    """Opens a live page in a browser of its own, as another person would; what its policy blocked fails the test."""
    opened, blocked = [], []

    def make(port, width=1280, height=800):
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.on("console", lambda said: blocked.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_text("supervisor").first.wait_for(timeout=60_000)
        opened.append(context)
        return page

    yield make
    for context in opened:
        context.close()
    assert blocked == []
