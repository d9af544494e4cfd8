"""Errors on a terminal are broken between words; everything else gets them as one line."""

import os
import pty
import subprocess
import sys

import pytest
from rich.console import Console

from dexterity_ros.cli import output

COLUMNS = 80
COMMAND = [sys.executable, "-m", "dexterity_ros.cli.main", "evaluate", "models/policies/" + "long_name_" * 9]


def at_terminal(command):
    """Returns what a command writes to the stderr of a terminal with 80 columns, as lines."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stderr=theirs, env=os.environ | {"COLUMNS": str(COLUMNS)})
    os.close(theirs)
    written = b""
    while chunk := read(ours):
        written += chunk
    assert process.wait(60) == 2
    os.close(ours)
    return written.decode().splitlines()


def read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_an_error_is_one_line_for_a_log_and_no_word_of_it_is_broken_on_a_terminal():
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60)
    [line] = done.stderr.splitlines()
    lines = at_terminal(COMMAND)
    assert len(line) > COLUMNS and len(lines) > 1
    assert " ".join(lines) == line
    assert all(len(each) <= COLUMNS or " " not in each for each in lines)


@pytest.mark.parametrize("terminal", [True, False])
def test_what_was_left_out_is_broken_between_words_on_a_terminal_alone(terminal, monkeypatch, capsys):
    monkeypatch.setattr(output, "console", Console(force_terminal=terminal, color_system=None, width=COLUMNS))
    path = "folder/" * 20
    output.say_left_out({"camera": f"the images of {path} could not be read, as " + "words " * 30})
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines) > 1) is terminal
    assert any(path in line for line in lines)
    assert " ".join(" ".join(lines).split()).endswith("words words")
