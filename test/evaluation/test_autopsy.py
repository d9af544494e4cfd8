"""An autopsy finds every failure, changes nothing, and its copies go on as the hand itself would have."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import named_resource, shipped
from dexterity_ros.evaluation.autopsy import Autopsy
from dexterity_ros.evaluation.controllers import PolicyController
from dexterity_ros.evaluation.failure_kinds import DROP_KINDS, LATE_KINDS
from dexterity_ros.evaluation.fork_test import COPIES, Copies, fork_test, stuck_at
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.remedies import REMEDIES, nothing
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.reporting.autopsy_page import autopsy_page
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.sim.sensors import NO_NOISE


@pytest.fixture(scope="module")
def pipeline(leap):
    return load_pipeline(shipped("models/policies/leap_so3_reinforced"), leap)


@pytest.fixture(scope="module")
def course(leap):
    """Goals that nobody reaches in the time given, sensed without error."""
    judge = config.load(JudgeConfig, named_resource("config/eval", "demo"))
    judge = replace(judge, noise=NO_NOISE, reset_pool=8, threads=1)
    task = replace(load_protocol("dactyl").task, goal_rad=(2.5, 3.0), goal_timeout_s=1.0)
    settings = {"hand": leap, "task": task, "object": "cube70", "judge": judge, "goals_per_episode": 2, "seed": 3}
    return Course(**settings, episodes=3, control_rate_hz=20.0)


@pytest.fixture(scope="module")
def watched(course, pipeline):
    watcher = Autopsy(course, pipeline)
    return watcher, run_trials(PolicyController(pipeline), course, watcher)


def test_every_goal_that_failed_has_a_case_and_no_other(watched):
    watcher, trials = watched
    failed = {(k, len(t.goals) - 1) for k, t in enumerate(trials) if not t.goals[-1].reached}
    assert failed and {(case.episode, case.goal) for case in watcher.cases} == failed
    for case in watcher.cases:
        assert case.how == ("dropped" if trials[case.episode].dropped else "late")
        assert case.least_error_rad <= case.error_rad and 0.0 < case.least_error_s <= case.time_s
        assert set(case.joints) == set(watcher._course.hand.joint_names)


def test_watching_changes_nothing(watched, course, pipeline):
    _, trials = watched
    alone = run_trials(PolicyController(pipeline), course)
    assert [t.goals for t in alone] == [t.goals for t in trials]


class Recorder:
    """Forks one hand at a step, and writes down where it went from there."""

    def __init__(self, pipeline, step):
        self._pipeline, self._step, self._seen = pipeline, step, 0
        self.case, self.states = None, []

    def see(self, view):
        self._seen += 1
        if self.case is not None:
            self.states.append(view.sim_state[1].copy())
        if self._seen == self._step:
            self.case = stuck_at(view, 1, self._pipeline)

    def ended(self, episode, outcome, *, dropped):
        pass


def test_a_copy_without_noise_goes_on_bit_by_bit_as_the_hand_itself_did(course, pipeline):
    recorder = Recorder(pipeline, step=8)
    run_trials(PolicyController(pipeline), course, recorder)
    copies = Copies(course, recorder.case, np.random.default_rng(0))
    forked = recorder.case.pipeline.fork(0, COPIES)
    for state in recorder.states[:6]:
        copies.step(nothing(forked, copies.inputs(), copies.now_ns, np.random.default_rng(0)))
        np.testing.assert_array_equal(copies.sim_state, np.tile(state, (COPIES, 1)))
    copies.close()


def test_every_remedy_is_tried_on_every_copy(course, watched, monkeypatch):
    monkeypatch.setattr("dexterity_ros.evaluation.fork_test.FOLLOWED_S", 1.0)
    watcher, _ = watched
    rows = fork_test(course, watcher.stuck[:1])
    assert set(rows) == set(REMEDIES)
    for row in rows.values():
        assert row["copies"] == COPIES and 0 <= row["escaped"] + row["dropped"] <= COPIES


def test_the_page_shows_every_failure_and_the_file_is_json(watched, tmp_path):
    watcher, trials = watched
    watcher.stuck.clear()
    report = watcher.report() | {"kinds": {"late": LATE_KINDS, "dropped": DROP_KINDS}}
    json.dumps(report)
    autopsy_page("Autopsy of x", report, summary(trials), 0.4).write(tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    assert all(f"episode {case.episode}, goal {case.goal}" in text for case in watcher.cases) and "<svg" in text
