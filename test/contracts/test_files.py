"""A file that cannot be used is named on one line, with what the system says."""

import errno
from pathlib import Path

import pytest

from dexterity_ros.contracts.errors import ConfigError, FileError
from dexterity_ros.contracts.files import naming, printable, read_bounded, refused, shortened


@pytest.mark.parametrize("size", [0, 9, 10])
def test_a_file_up_to_the_size_is_read_whole(tmp_path, size):
    (tmp_path / "f").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "f", 10) == b"x" * size


def test_a_larger_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "f").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match=r"f has 1099511627776 bytes, expected at most 10$"):
        read_bounded(tmp_path / "f", 10)


def test_a_file_that_is_longer_than_it_says_is_refused():
    said = Path("/proc/self/status")
    assert said.stat().st_size == 0
    with pytest.raises(ConfigError, match=r"/proc/self/status has 11 bytes, expected at most 10$"):
        read_bounded(said, 10)


def test_a_file_that_the_system_does_not_read_is_refused_with_its_words():
    with pytest.raises(ConfigError, match=r"/proc/self/mem cannot be read: Input/output error$"):
        read_bounded(Path("/proc/self/mem"), 10)


def test_what_the_system_refuses_names_the_file_that_it_knows(tmp_path):
    with (
        pytest.raises(FileError, match=r"/there/f cannot be used: No such file or directory$"),
        naming(tmp_path / "other"),
    ):
        (tmp_path / "there" / "f").write_text("")


def test_what_the_system_refuses_without_a_file_names_the_one_at_hand(tmp_path):
    with (
        pytest.raises(FileError, match=r"/full cannot be used: No space left on device$"),
        naming(tmp_path / "full"),
        Path("/dev/full").open("w") as file,
    ):
        file.write("x")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("truncated"), "truncated"),
        (OSError(), "OSError"),
    ],
)
def test_without_any_file_it_says_what_is_known(error, said):
    assert str(refused(error)) == said


def test_what_moves_a_terminal_is_shown_as_its_escape():
    assert printable("plain é") == "plain é"
    assert printable("a\x1b[2J\nb") == "a\\x1b[2J\\nb"


def test_a_path_that_no_line_has_room_for_keeps_both_ends():
    assert shortened("a" * 300) == "a" * 300
    assert shortened("a" * 200 + "b" * 200) == "a" * 100 + "..." + "b" * 100
