"""Walks are scored against the truth; a walk that ended early counts as one."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.bench.bringup.scores import WalkRow, Watchers, summary
from dexterity_ros.contracts import config
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import Estimate
from dexterity_ros.sim.hidden import draw_hidden

FIGURES = {"most_rad_s": 0.5, "most_a": 0.2, "motors_with_torque": 0}


def row(seed, robot, said=""):
    hidden = draw_hidden(load_hand("leap"), None, seed)
    return WalkRow(
        seed=seed,
        watchers=Watchers(wrong_share=0.03),
        hidden=hidden,
        robot=robot(hidden),
        said=said,
        minutes=4.0,
        cpu_s=100.0,
        asked=70,
        erred=2,
        figures=FIGURES,
    )


def off_by(degrees, half):
    def robot(hidden):
        zeros = {}
        for name, zero in hidden.zeros.zeros_rad.items():
            at = zero.nominal + np.deg2rad(degrees)
            zeros[name] = Estimate(nominal=at, low=at - np.deg2rad(half), high=at + np.deg2rad(half))
        return replace(hidden, zeros=replace(hidden.zeros, zeros_rad=zeros))

    return robot


def flipped(hidden):
    signs = dict(hidden.wiring.signs)
    signs["if_rot"] = -signs["if_rot"]
    return replace(hidden, wiring=replace(hidden.wiring, signs=signs))


def test_errors_and_intervals_are_those_of_the_truth():
    figures = summary([row(1, off_by(1.0, 1.5)), row(2, off_by(1.0, 0.5))])
    assert figures["zeros_deg"]["p50"] == pytest.approx(1.0, abs=1e-3)
    assert figures["covered_percent"] == 50.0 and figures["signs_right"] == 2


def test_one_wrong_sign_makes_a_walk_wrong():
    assert summary([row(1, flipped), row(2, lambda hidden: hidden)])["signs_right"] == 1


def test_a_walk_that_wrote_nothing_counts_and_lacks_all_that_was_hidden():
    figures = summary([row(1, lambda hidden: None, said="cables"), row(2, lambda hidden: hidden)])
    assert (figures["robots"], figures["finished"], figures["signs_right"]) == (2, 1, 1)
    assert figures["zeros_deg"] == {"p50": 0.0, "p95": 0.0, "missing": 16}
    assert figures["stiffness_percent"]["missing"] == 16 and figures["delay_ms"]["missing"] == 1
    assert summary([row(1, lambda hidden: None)])["zeros_deg"] == {"missing": 16}


def test_a_walk_is_read_from_its_row_as_it_was_written():
    for walk in (row(1, off_by(1.0, 1.5)), row(2, lambda hidden: None, said="cables")):
        content = json.loads(json.dumps(config.to_mapping(walk)))
        assert config.from_mapping(WalkRow, content, where="rows") == walk
