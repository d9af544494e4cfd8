"""What the system refuses, and what is no file at all, ends in one line that names it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rosbags")
pytest.importorskip("mcap")

from dexterity_ros.cli import main as command_line
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError, ConfigError, DexterityError, FileError
from dexterity_ros.contracts.files import naming, printable, read_bounded, shown_path
from dexterity_ros.recording import mcap_source

SHORT_RUN = Path(__file__).parents[1] / "data" / "short_run"
READERS = (["bag", "info"], ["bag", "recover"], ["bag", "export"], ["bag", "to-lerobot"], ["replay"], ["compare"])
WRITERS = ("recover", "export", "to-lerobot")


@pytest.fixture
def no_name(tmp_path):
    """The committed run in a folder whose name is no text."""
    return shutil.copytree(SHORT_RUN, os.fsdecode(os.fsencode(tmp_path) + b"/run_\xff"))


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "run_0.mcap")
    return tmp_path / "run_0.mcap"


@pytest.mark.parametrize("words", READERS)
def test_a_pipe_in_place_of_a_recording_is_refused_and_not_waited_for(words, pipe):
    with pytest.raises(BagError, match="neither a file nor a folder"):
        dispatch([*words, str(pipe)])
    with pytest.raises(BagError, match=r"run_0\.mcap is not a file"):
        dispatch([*words, str(pipe.parent)])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_metadata_that_is_no_file_is_damage(make, tmp_path, capsys):
    bag = shutil.copytree(SHORT_RUN, tmp_path / "b")
    (bag / "metadata.yaml").unlink()
    make(bag / "metadata.yaml")
    assert dispatch(["bag", "info", str(bag)]) == 1
    assert "metadata.yaml cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("words", READERS)
def test_a_name_longer_than_the_system_takes_is_refused(words):
    with pytest.raises(DexterityError, match=r"xxx\.\.\.xxx.*File name too long"):
        dispatch([*words, "/tmp/" + 300 * "x"])


@pytest.mark.parametrize("command", WRITERS)
def test_a_place_where_nothing_can_be_written_is_named(command, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file/out.* cannot be used: Not a directory"):
        dispatch(["bag", command, str(SHORT_RUN), str(tmp_path / "file" / "out")])


def test_a_full_disk_is_named_with_the_file_that_was_written():
    with pytest.raises(FileError, match="^/dev/full cannot be used: No space left"), naming(Path("/dev/full")):
        Path("/dev/full").write_text("x")


@pytest.mark.parametrize("after", [1, 3, 5, 20, 140])
def test_a_recording_that_shrinks_while_it_is_read_is_refused(after, tmp_path, monkeypatch):
    file = shutil.copy(SHORT_RUN / "short_run_0.mcap", tmp_path)
    calls, read = [], mcap_source.Source.at

    def shrinking(source, offset, length):
        calls.append(offset)
        if len(calls) == after:
            os.truncate(file, Path(file).stat().st_size // 3)
        return read(source, offset, length)

    monkeypatch.setattr(mcap_source.Source, "at", shrinking)
    with pytest.raises(BagError, match="has become shorter while it was read"):
        dispatch(["bag", "recover", str(file), str(tmp_path / "out")])


@pytest.mark.parametrize("command", WRITERS)
def test_a_recording_whose_name_is_no_text_is_read_and_written(command, no_name, tmp_path, capsys):
    assert dispatch(["bag", command, no_name, str(tmp_path / "plain")]) == 0
    assert dispatch(["bag", command, no_name, no_name + "_out"]) == 0


def test_a_dataset_whose_name_is_no_text_is_read(no_name, tmp_path):
    pytest.importorskip("pyarrow")
    assert dispatch(["bag", "to-lerobot", no_name, no_name + "_set"]) == 0
    assert dispatch(["bag", "from-lerobot", no_name + "_set", str(tmp_path / "b")]) == 0


def test_damage_of_a_recording_whose_name_is_no_text_is_carried_into_what_is_saved(no_name, tmp_path):
    file = Path(no_name) / "short_run_0.mcap"
    file.write_bytes(file.read_bytes()[:-2000])
    assert dispatch(["bag", "recover", no_name, str(tmp_path / "saved")]) == 1


def test_brackets_in_a_path_are_no_markup(tmp_path, capsys):
    bag = shutil.copytree(SHORT_RUN, tmp_path / "[" / "red]")
    (tmp_path / "[").joinpath("bold]").mkdir()
    out = tmp_path / "[" / "bold]" / "x.json"
    assert dispatch(["bag", "info", str(bag), "--json", str(out)]) == 0
    said = "".join(capsys.readouterr().out.split())
    assert "[/red]:9.1s" in said and f"wrote{out}" in said


@pytest.mark.parametrize("name", ["a\nb.mcap", "a\x1b[31m.mcap", "a\udcff.mcap", "a\u202eb.mcap"])
def test_what_cannot_be_seen_in_a_path_is_escaped_in_the_one_line(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["dexterity", "bag", "info", f"/nowhere/{name}"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and said.rstrip("\n").isprintable()


def test_a_text_that_can_be_seen_stays_as_it_is():
    assert printable("plain ü [x]") == "plain ü [x]" and printable("a\tb") == r"a\tb"


def test_who_stops_reading_the_output_sees_no_traceback():
    words = [sys.executable, "-m", "dexterity_ros.cli.main", "completion", "bash"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 141


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match=f"has {1 << 40} bytes, expected at most 1000"):
        read_bounded(tmp_path / "large.yaml", 1000)


def test_a_path_outside_of_the_working_directory_is_shown_whole_unless_it_is_very_long():
    assert shown_path(Path("/nowhere/x")) == "/nowhere/x"
    assert len(shown_path(Path("/" + 3000 * "x"))) < 300
