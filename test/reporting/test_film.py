"""A film shows a recording at its rate, is whole or not there, and says what it lacks."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("mcap")

from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.reporting import film
from dexterity_ros.reporting.film import FORMATS, Format, at_rate, check_film, draw, write_film
from dexterity_ros.reporting.run_film import recorded_shots

SHORT_RUN = Path(__file__).parents[1] / "data/short_run"
SMALL = Format(rate_hz=2.0, width=96, height=72)


@pytest.fixture(scope="module")
def run():
    return RunRecord(Bag(SHORT_RUN))


@pytest.fixture(scope="module")
def pictures(run):
    return list(draw(at_rate(recorded_shots(run), SMALL, 2.0), run.hand, "cube70", SMALL))


def test_a_recording_is_shown_from_the_first_goal_to_the_last(run):
    shots = recorded_shots(run)
    issued = [event for _, event in run.told("goal_event", ("event",)) if event["event"] == "issued"]
    assert shots[0].time_s == 0.0 and shots[0].goal == 1 and shots[-1].goal == len(issued)
    assert 7.0 < shots[-1].time_s < run.bag.duration_s
    reached_rad = [before.error_rad for before, after in pairwise(shots) if after.goal > before.goal]
    assert max(reached_rad) < 0.5 < shots[0].error_rad


def test_a_film_shows_the_newest_shot_at_each_of_its_pictures_and_ends_in_time(run):
    shots = recorded_shots(run)
    shown = at_rate(shots, SMALL, 2.0)
    assert [round(shot.time_s, 6) for shot in shown] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert len(at_rate(shots, SMALL, 1e9)) == int(shots[-1].time_s * 2.0) + 1
    assert at_rate([], SMALL, 2.0) == []


def test_an_mp4_has_every_picture_in_its_size_and_colours(pictures, tmp_path):
    write_film(tmp_path / "run.mp4", pictures, SMALL)
    read = cv2.VideoCapture(str(tmp_path / "run.mp4"))
    assert read.get(cv2.CAP_PROP_FRAME_COUNT) == len(pictures) == 5
    seen, first = read.read()
    assert seen and first.shape == (72, 96, 3) and read.get(cv2.CAP_PROP_FPS) == pytest.approx(2.0)
    assert np.abs(first[..., ::-1].astype(int) - pictures[0]).mean() < 8.0
    assert [file.name for file in tmp_path.iterdir()] == ["run.mp4"]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_has_every_picture_and_goes_on_for_ever(pictures, suffix, tmp_path):
    from PIL import Image

    write_film(tmp_path / f"run{suffix}", pictures, SMALL)
    with Image.open(tmp_path / f"run{suffix}") as read:
        assert read.n_frames == len(pictures) and read.size == (96, 72) and read.info["loop"] == 0
        assert np.abs(np.asarray(read.convert("RGB")).astype(int) - pictures[0]).mean() < 8.0


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_film_that_is_interrupted_leaves_nothing_and_spares_what_was_there(pictures, suffix, tmp_path):
    def interrupted():
        yield pictures[0]
        raise KeyboardInterrupt

    path = tmp_path / f"run{suffix}"
    path.write_text("an older film")
    with pytest.raises(KeyboardInterrupt):
        write_film(path, interrupted(), SMALL)
    assert path.read_text() == "an older film" and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_said_before_anything_is_drawn(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"\.mp4, \.gif, \.webp; .*run\.avi is none"):
        check_film(tmp_path / "run.avi")
    with pytest.raises(ConfigError, match="no folder .*nowhere"):
        check_film(tmp_path / "nowhere/run.mp4")
    monkeypatch.setattr(film, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"\.gif needs Pillow: pip install '\.\[report\]'; \.mp4 does not"):
        check_film(tmp_path / "run.gif")
    assert check_film(tmp_path / "run.MP4") == FORMATS[".mp4"]


def test_a_recording_without_a_following_hand_is_refused(run):
    still = RunRecord(Bag(SHORT_RUN))
    still.__dict__["hand_states"] = []
    with pytest.raises(BagError, match="nothing to film"):
        recorded_shots(still)


def test_a_film_begins_with_its_first_shot_whenever_that_was(run):
    shots = [replace(shot, time_s=shot.time_s + 100.0) for shot in recorded_shots(run)]
    shown = at_rate(shots, SMALL, 1.0)
    assert shown[0].time_s == 100.0 and len(shown) == 3
