"""An obstacle with two ways round it: who is judged, the judge, and the two ends of the study in small."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.studies.obstacle import (
    CENTRE_M,
    END_M,
    LIMIT,
    MOST_M,
    RADIUS_M,
    Passed,
    demonstrate,
    drive,
    judge,
    person,
)
from dexterity_ros.studies.two_ways import HEADS, Driven, one, study, together

pytestmark = pytest.mark.training
(X, Y), R = CENTRE_M, RADIUS_M


def path(*points):
    return np.array([points], dtype=np.float32)


@pytest.mark.parametrize(
    ("planted", "ended"),
    [
        (path((0, 0), (X, Y), (0.9, 0)), "collided"),
        (path((0, 0), (0.9, 0), (0.9, 0)), "collided"),  # through it between two steps
        (path((0, 0), (X, Y + 1.01 * R), (0.9, 0.3)), "collided"),  # each point outside, the way to it not
        (path((0, 1.01 * R), (X, 1.01 * R), (0.9, 0.2)), "left"),
        (path((0, 0.99 * R), (X, 0.99 * R), (0.9, 0.2)), "collided"),
        (path((0, -0.3), (X + 0.01, -0.3), (0.9, 0.3)), "right"),  # left only behind it
        (path((0, 0.3), (X + 0.01, 0.3), (0.9, -0.3)), "left"),
        (path((0, 0.3), (0.1, 0.3), (0.1, 0.3)), None),  # stuck
        (path((0, 0), (X - 0.5 * R, 0), (X - 0.5 * R, 0)), "collided"),  # stuck in it
    ],
)
def test_the_judge_sees_how_a_planted_drive_ended(planted, ended):
    passed = vars(judge(planted))
    assert passed.pop("trials") == 1
    assert passed == {name: int(name == ended) for name in ("collided", "left", "right")}


def test_the_judge_counts_all_drives_and_seeds_are_added_up():
    drives = np.concatenate(
        [path((0, side), (X, side), (0.9, side)) for side in (0.3, 0.3, 0.3, -0.3, 0.0)]
        + [path((0, 0), (0, 0), (0, 0))]
    )  # fmt: skip
    assert judge(drives) == Passed(collided=1, left=3, right=1, trials=6)
    rows = [Driven(passed=judge(drives), seconds=0.0, paths=[])] * 2
    assert together(rows) == Passed(collided=2, left=6, right=2, trials=12)


def test_people_pass_on_both_sides_and_what_they_do_can_be_done():
    shown = demonstrate(100, seed=0)
    ends = [np.vstack([seen, np.repeat(seen[-1:] + done[-1:], LIMIT, axis=0)])[:LIMIT] for seen, done in shown]
    assert judge(np.stack(ends)) == Passed(collided=0, left=50, right=50, trials=100)
    assert max(np.abs(done).max() for _, done in shown) <= MOST_M
    starts = np.stack([seen[0] for seen, _ in shown])
    assert abs(np.corrcoef(starts[:, 1], np.tile([-1, 1], 50))[0, 1]) < 0.25  # what is seen does not tell the side


def test_a_drive_is_what_its_policy_does_in_chunks_or_not():
    def straight(seen):
        return np.tile(np.float32([[[0.05, 0.0]]]), (len(seen), 8, 1))

    assert judge(drive(straight, 4, 50, seed=0)).collided == 50
    for executed in (1, 4, 8):
        paths = drive(lambda seen: person(seen, np.ones(len(seen)))[:, None].repeat(8, axis=1), executed, 50, seed=0)
        assert paths.shape == (50, LIMIT + 1, 2) and (paths[:, -1, 0] >= END_M).all()
    assert judge(drive(lambda seen: person(seen, np.ones(len(seen)))[:, None], 1, 50, seed=0)).left == 50


def test_least_squares_hits_the_obstacle_and_bins_do_not(tmp_path):
    passed = {
        name: one(replace(HEADS[name], updates=500), 0, tmp_path / name).passed
        for name in ("least squares", "categorical")
    }  # fmt: skip
    assert passed["least squares"].collided >= 800 and passed["categorical"].collided <= 100
    assert min(passed["categorical"].left, passed["categorical"].right) >= 300


def test_the_study_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr("dexterity_ros.studies.two_ways.HEADS", {"GMM": replace(HEADS["GMM"], updates=3)})
    told = []
    first = study(2, tmp_path, lambda *row: told.append(row[:2]), threads=1)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pt")}
    assert told == [("GMM", 0), ("GMM", 1)] and len(files) == 2
    assert study(2, tmp_path, lambda *row: None, threads=1) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pt")} == files
