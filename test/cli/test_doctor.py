"""`doctor` names what each package is for, and prints a command whole, on a line of its own."""

import importlib.util

import pytest
from rich.console import Console

from dexterity_ros.cli import doctor
from dexterity_ros.cli.finding import Finding
from dexterity_ros.cli.options.doctor import DoctorOptions

COMMAND = (
    'echo "$USER - rtprio 50" | sudo tee /etc/security/limits.d/dexterity.conf && echo a long command [is] not folded'
)


@pytest.fixture
def printed(monkeypatch, capsys):
    """Returns the lines that doctor prints on a terminal of 80 columns."""
    monkeypatch.setattr(doctor, "console", Console(width=80, color_system=None))
    monkeypatch.setattr(doctor, "look_at_bus", lambda asked, port: [])

    def run(*looks):
        monkeypatch.setattr(doctor, "_LOOKS", looks or doctor._LOOKS)
        doctor.doctor(DoctorOptions())
        return capsys.readouterr().out.splitlines()

    return run


def test_a_command_is_one_line_however_narrow_the_terminal(printed):
    found = Finding(name="x", ok=False, found="no", fix="word " * 40, command=COMMAND)
    lines = printed(lambda: found)
    assert [line.strip() for line in lines].count(COMMAND) == 1
    assert all(line.startswith("       ") and len(line) <= 80 for line in lines[1:-1])


@pytest.mark.parametrize(
    ("module", "line", "extra"),
    [
        ("scipy", "fix  scipy: not installed, for the object's pose, the judge", "perception"),
        ("viser", "note viser: not installed, for the live page", "viewer"),
        ("pyrealsense2", "note pyrealsense2: not installed, for a RealSense camera", "hardware"),
    ],
)
def test_a_missing_package_is_named_with_what_it_is_for_and_what_brings_it(printed, monkeypatch, module, line, extra):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else found(name))
    lines = printed()
    at = lines.index(line)
    assert [text.strip() for text in lines[at + 1 : at + 3]] == [
        "install it:",
        f"pip install -c config/constraints.txt '.[{extra}]'",
    ]
