"""What people read first: short, without dead links, and one Python version everywhere."""

import re
import tomllib
from pathlib import Path

import pytest

import dexterity_ros

ROOT = Path(dexterity_ros.__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
README_LINES = 130


def links(page):
    return [link for link in LINK.findall(FENCED.sub("", page.read_text())) if "://" not in link]


def anchors(page):
    """Returns the anchors of headings as GitHub makes them, and those that are written out."""
    text = FENCED.sub("", page.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def resolves(page, link):
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    assert [link for link in links(page) if not resolves(page, link)] == []


def test_a_dead_link_and_a_dead_anchor_would_be_seen():
    readme = ROOT / "README.md"
    assert not resolves(readme, "docs/nothing.md") and not resolves(readme, "docs/measured.md#nothing")


def test_every_page_of_the_docs_can_be_reached_from_the_readme():
    reached, open_pages = set(), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            open_pages += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    assert [page for page in (ROOT / "docs").glob("*.md") if page not in reached] == []


def test_the_readme_is_read_in_three_minutes():
    lines = (ROOT / "README.md").read_text().splitlines()
    prose = [line for line in lines if "|" not in line and "](" not in line]
    assert len(lines) <= README_LINES and max(map(len, prose)) <= 120


def test_the_python_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    told = {
        "setup.py": re.search(r'python_requires=">=([\d.]+)"', (ROOT / "setup.py").read_text())[1],
        "ruff": "3." + project["ruff"]["target-version"].removeprefix("py3"),
        "mypy": project["mypy"]["python_version"],
        "constraints": re.search(r"Python ([\d.]+\d)", (ROOT / "config/constraints.txt").read_text())[1],
        "README": re.search(r"Python ([\d.]+) or newer", (ROOT / "README.md").read_text())[1],
        "docs/ros.md": re.search(r"Python ([\d.]+) or newer", (ROOT / "docs/ros.md").read_text())[1],
        "doctor": re.search(r"Python ([\d.]+) or newer", (ROOT / "dexterity_ros/cli/doctor.py").read_text())[1],
        "doctor's test": ".".join(
            re.search(r"version_info >= \((\d+), (\d+)\)", (ROOT / "dexterity_ros/cli/doctor.py").read_text()).groups()
        ),
    }
    assert set(told.values()) == {"3.11"}, told
