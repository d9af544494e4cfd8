"""The page of measured figures is what its files say; every figure can be repeated; the README says no other."""

import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

import pytest

import dexterity_ros
from dexterity_ros.cli.parsing import parse
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.reporting.measured import OLDER, UNKNOWN, Row, main, mark_of, page, read_subjects

ROOT = Path(dexterity_ros.__file__).parents[1]
FOLDER = ROOT / "docs/measured"
SUBJECTS = read_subjects(FOLDER)
ROWS = {row.name: row for subject in SUBJECTS for row in subject.rows}
README_ROW = re.compile(r"^\| (.+) \| (.+) \| \[row\]\(docs/measured\.md#([\w-]+)\) \|$", re.MULTILINE)
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def row(**changes):
    told = {"name": "a", "what": "b", "figure": "1", "commands": ("dexterity demo",), "date": "2026-01-02"}
    return Row(**(told | {"machine": "m", "code": "HEAD", "paths": ("code.py",)} | changes))


def without_marks(text):
    return text.replace(OLDER, "").replace(UNKNOWN, "")


def test_the_page_is_current():
    written, marks = (ROOT / "docs/measured.md").read_text(), {name: mark_of(one, FOLDER) for name, one in ROWS.items()}
    assert without_marks(written) == page(SUBJECTS, lambda _: ""), "run make measured"
    if UNKNOWN not in marks.values():
        assert written == page(SUBJECTS, lambda one: marks[one.name]), "a figure became older: run make measured"


@pytest.mark.parametrize("name", ROWS)
def test_every_command_can_be_typed(name):
    for command in ROWS[name].commands:
        program, *words = shlex.split(command)
        if program == "dexterity":
            parse(words)
        else:
            assert program == "pytest" and (ROOT / words[-1]).is_file()


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_a_date_a_machine_and_code_that_exists(name):
    assert date.fromisoformat(ROWS[name].date) and ROWS[name].machine
    assert [path for path in ROWS[name].paths if not (ROOT / path).exists()] == []


def test_the_readme_has_six_rows_and_says_nothing_that_was_not_measured():
    told = README_ROW.findall((ROOT / "README.md").read_text())
    assert len(told) == 6
    for what, figure, name in told:
        known = NUMBER.findall(f"{ROWS[name].what} {ROWS[name].figure}")
        assert [number for number in NUMBER.findall(figure) if number not in known] == [], what


def test_the_readme_says_so_while_its_figures_are_older_than_the_code():
    readme, lines = (ROOT / "README.md").read_text(), (ROOT / "docs/measured.md").read_text().splitlines()
    six = {name for _, _, name in README_ROW.findall(readme)}
    older = [any(f'id="{name}"' in line and OLDER in line for line in lines) for name in six]
    assert ("At present all six are" in readme) is all(older)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    save(tmp_path, "first")
    return tmp_path


def git(folder, *words):
    named = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *named, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def save(folder, text, file="code.py"):
    (folder / file).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "--short", "HEAD")


def test_a_figure_is_older_once_its_code_was_changed_in_a_later_commit(repository):
    measured = row(code=git(repository, "rev-parse", "--short", "HEAD"))
    save(repository, "something else", "other.py")
    assert mark_of(measured, repository) == ""
    save(repository, "second")
    assert mark_of(measured, repository) == OLDER


def test_a_figure_is_older_while_its_code_is_changed_and_not_committed(repository):
    (repository / "code.py").write_text("unsaved")
    assert mark_of(row(), repository) == OLDER


def test_paths_count_from_the_top_of_the_repository(repository):
    (repository / "docs").mkdir()
    measured = row(code=git(repository, "rev-parse", "--short", "HEAD"))
    save(repository, "second")
    assert mark_of(measured, repository / "docs") == OLDER


def test_the_age_is_unknown_without_git_or_without_the_commit(repository, tmp_path_factory, monkeypatch):
    assert mark_of(row(code="0123abc"), repository) == UNKNOWN
    assert mark_of(row(), tmp_path_factory.mktemp("no_repository")) == UNKNOWN
    monkeypatch.setenv("PATH", "")
    assert mark_of(row(), repository) == UNKNOWN


def test_the_page_is_written_where_asked(tmp_path):
    main(FOLDER, tmp_path / "page.md")
    assert without_marks((tmp_path / "page.md").read_text()) == page(SUBJECTS, lambda _: "")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no \\*.json"),
        ({"a.json": '{"title": "t", "rows": []}'}, "rows"),
        ({"a.json": '{"title": "t", "rows": [{"name": "x"}]}'}, "missing"),
    ],
)
def test_what_is_wrong_with_the_files_is_named(files, said, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_subjects(tmp_path)


def test_two_rows_of_one_name_are_refused(tmp_path):
    text = (FOLDER / "7_speed.json").read_text()
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match="policy-tick"):
        read_subjects(tmp_path)
