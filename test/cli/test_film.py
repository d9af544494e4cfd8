"""--video draws what ran, and is refused at once where there would be nothing to draw."""

import shutil
from pathlib import Path

import cv2
import pytest

from dexterity_ros.cli import demo, film
from dexterity_ros.cli.evaluate import evaluate
from dexterity_ros.cli.film import check_video, film_bag
from dexterity_ros.cli.options.demo import DemoOptions
from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.contracts.errors import ConfigError

SHORT_RUN = Path(__file__).parents[1] / "data/short_run"


def length(path):
    return cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)


def test_a_recording_becomes_a_film_of_the_asked_length(tmp_path, capsys):
    film_bag(tmp_path / "run.mp4", SHORT_RUN, 0.1)
    assert length(tmp_path / "run.mp4") == 3 and "3 pictures" in capsys.readouterr().out


def test_the_demo_draws_what_it_recorded_and_leaves_no_recording_that_nobody_asked_for(tmp_path, monkeypatch):
    recorded = []

    def run(options, record):
        recorded.append(record)
        shutil.copytree(SHORT_RUN, record)
        return 7

    monkeypatch.setattr(demo, "_run", run)
    monkeypatch.setattr(demo, "interrupt_once", lambda: None)
    assert demo.demo(DemoOptions(video=tmp_path / "demo.mp4", video_s=0.1)) == 7
    assert length(tmp_path / "demo.mp4") == 3 and not recorded[0].exists()
    demo.demo(DemoOptions(video=tmp_path / "demo.mp4", video_s=0.1, record=tmp_path / "kept"))
    assert recorded[1] == tmp_path / "kept" and recorded[1].exists()


def test_the_exercise_has_no_film(tmp_path):
    with pytest.raises(ConfigError, match="has no --video"):
        demo.demo(DemoOptions(policy="none", video=tmp_path / "demo.mp4"))


def test_a_comparison_is_not_filmed(tmp_path):
    with pytest.raises(ConfigError, match="shows one policy: give it without --sweep"):
        evaluate(EvaluateOptions(bundle=Path("models/policies/leap_so3"), sweep="mass", video=tmp_path / "x.mp4"))


def test_what_a_film_lacks_is_said_before_anything_runs(tmp_path, monkeypatch):
    check_video(None, 0.0)
    with pytest.raises(ConfigError, match="--video-s is 0, expected more than 0"):
        check_video(tmp_path / "x.mp4", 0.0)
    monkeypatch.setattr(film, "find_spec", lambda name: None)
    check_video(tmp_path / "x.mp4", 1.0)
    with pytest.raises(ConfigError, match=r"needs rosbags: pip install '\.\[bags\]'"):
        check_video(tmp_path / "x.mp4", 1.0, of_recording=True)
