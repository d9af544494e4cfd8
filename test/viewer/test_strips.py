"""The strips show the last twenty seconds of four figures, and the goals of the last minutes."""

import re

import numpy as np
import pytest

from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.viewer.panels import Snapshot
from dexterity_ros.viewer.strips import STRIPS, Strips


def snapshot(error_deg=30.0, goals=None):
    turned = rotvec_to_quat(np.array([0.0, 0.0, np.deg2rad(error_deg)]))
    return Snapshot(
        joints_rad=np.zeros(16), target_rad=np.full(16, np.deg2rad(4.0)),
        object_pose=PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0])),
        goal_quat_wxyz=turned, age_p99_ms=42.0, motors={"a": {"current_a": -0.4}, "b": {}},
        goals=goals if goals is not None else {},
    )  # fmt: skip


def test_the_newest_figures_are_said_in_their_units():
    strips = Strips()
    strips.remember(snapshot(), 0.0)
    text = re.sub(r"<[^>]+>", "", strips.html(0.1))
    for told in ("error to goal 30 deg", "joints behind 4 deg", "sample age p99 42 ms", "motor load, most 0.40 A"):
        assert told in text
    assert len(STRIPS) == 4


def test_only_the_last_seconds_are_drawn_and_gaps_stay_gaps():
    strips = Strips()
    for k in range(400):
        strips.remember(snapshot() if k % 100 else Snapshot(), 0.1 * k)
    path = re.findall(r"d='([^']*)'", strips.html(40.0))[0]
    assert path.count("L") + path.count("M") == 198 and path.count("M") == 2
    assert re.search(r">-</b> deg", Strips().html(0.0))


def test_a_goal_that_ended_is_a_mark_and_a_new_count_is_none():
    strips = Strips()
    for now_s, goals in (
        (0.0, {"reached": 5, "failed": 0}), (1.0, {"reached": 6, "failed": 0}), (2.0, {}),
        (3.0, {"reached": 6, "failed": 1}), (4.0, {"reached": 0, "failed": 0}),
    ):  # fmt: skip
        strips.remember(snapshot(goals=goals), now_s)
    assert strips.html(5.0).count("▲") == 1 and strips.html(5.0).count("✕") == 1
    strips.remember(snapshot(), 200.0)
    assert "▲" not in strips.html(200.0)


@pytest.mark.parametrize("motors", [{}, {"a": {"temperature_c": 40.0}}])
def test_a_hand_that_tells_no_current_has_no_load(motors):
    strips = Strips()
    strips.remember(Snapshot(motors=motors), 0.0)
    assert strips.html(0.0).count(">-</b>") == 4
