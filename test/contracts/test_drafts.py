"""What is written is whole or not there; what was there before stays until then."""

import os

import pytest

from dexterity_ros.contracts.drafts import drafted


def interrupted(path, write):
    with pytest.raises(KeyboardInterrupt), drafted(path) as draft:
        write(draft)
        raise KeyboardInterrupt


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_that_is_interrupted_leaves_nothing_and_one_that_was_there_stays(tmp_path):
    interrupted(tmp_path / "new", lambda draft: draft.write_text("half"))
    assert names(tmp_path) == []
    (tmp_path / "old").write_text("whole")
    interrupted(tmp_path / "old", lambda draft: draft.write_text("half"))
    assert names(tmp_path) == ["old"] and (tmp_path / "old").read_text() == "whole"


def test_a_folder_that_is_interrupted_leaves_nothing(tmp_path):
    interrupted(tmp_path / "bundle", lambda draft: (draft.mkdir(), (draft / "network").write_text("half")))
    assert names(tmp_path) == []


def test_what_is_written_has_its_name_from_the_beginning_and_is_there_in_the_end(tmp_path):
    with drafted(tmp_path / "page.html") as draft:
        assert draft.name == "page.html" and draft.parent.parent == tmp_path
        draft.write_text("whole")
        assert not (tmp_path / "page.html").exists()
    assert names(tmp_path) == ["page.html"] and (tmp_path / "page.html").read_text() == "whole"


def test_a_folder_is_filled_up_and_keeps_what_the_new_one_has_not(tmp_path):
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/mine").write_text("kept")
    (tmp_path / "out/deep/a").write_text("old")
    with drafted(tmp_path / "out") as draft:
        (draft / "deep").mkdir(parents=True)
        (draft / "deep/a").write_text("new")
        (draft / "b").write_text("new")
    assert names(tmp_path) == ["out", "out/b", "out/deep", "out/deep/a", "out/mine"]
    assert (tmp_path / "out/deep/a").read_text() == "new"


def test_folders_above_are_made_where_that_is_wanted_and_named_where_not(tmp_path):
    with drafted(tmp_path / "a/b/c", parents=True) as draft:
        draft.write_text("whole")
    assert (tmp_path / "a/b/c").read_text() == "whole"
    with pytest.raises(FileNotFoundError) as caught, drafted(tmp_path / "x/y"):
        pass
    assert caught.value.filename == str(tmp_path / "x/y")


def test_a_file_in_the_place_of_a_folder_is_said_to_be_none(tmp_path):
    (tmp_path / "file").write_text("")
    for parents in (True, False):
        with pytest.raises(NotADirectoryError) as caught, drafted(tmp_path / "file/out", parents=parents):
            pass
        assert caught.value.filename == str(tmp_path / "file/out")


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with drafted(tmp_path / "link") as draft:
        draft.write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with drafted(pipe) as draft:
        assert draft == pipe
    assert pipe.is_fifo()
