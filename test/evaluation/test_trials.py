"""The judge gives credit for what happened: goals reached in time, in a row, as many as were asked for."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.evaluation.compare import compare_policies
from dexterity_ros.evaluation.controllers import StillHand
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline
from dexterity_ros.sim.sensors import NO_NOISE
from dexterity_ros.tasks.spec import TaskSpec

PERIOD_S = 0.05
HALF_TURN = rotvec_to_quat(np.array([0.0, 0.0, 3.0]))


class Asked(Course):
    """Asks for the rotation that the object has already, except where `far` (episode, index) says otherwise."""

    @staticmethod
    def far(episode, index):
        return False

    def goal(self, episode, index, object_quat_wxyz):
        return quat_multiply(HALF_TURN, object_quat_wxyz) if self.far(episode, index) else object_quat_wxyz


class Says(StillHand):
    """A still hand that calls its goal reached in the control steps that it is given."""

    def __init__(self, steps):
        self._steps, self._step, self.sure = steps, 0, None

    def targets(self, inputs, now_ns):
        self._step += 1
        self.sure = np.full(2, 0.9 if self._step in self._steps else 0.1, np.float32)
        return super().targets(inputs, now_ns)


@pytest.fixture(scope="module")
def made(leap):
    task = config.load(TaskSpec, named_resource("config/tasks", "so3"))
    judge = config.load(JudgeConfig, named_resource("config/eval", "demo"))
    return Asked(
        hand=leap, task=replace(task, goal_timeout_s=0.5), object="cube70",
        judge=replace(judge, noise=NO_NOISE, reset_pool=4, threads=1), episodes=2, goals_per_episode=3, seed=0,
        control_rate_hz=20.0,
    )  # fmt: skip


@pytest.fixture
def course(made):
    """A course that the test may change."""
    start, rules = made.start_states, (made.task, made.judge, made.episodes, made.goals_per_episode)
    made.start_states = start.copy()
    yield made
    made.start_states, made.episode_s, made.called = start, 0.0, False
    made.task, made.judge, made.episodes, made.goals_per_episode = rules
    made.__dict__.pop("far", None)


def outcomes(trial):
    return [goal.reached for goal in trial.goals]


def test_each_goal_is_credited_when_it_was_held_and_enough_goals_end_the_trial(course):
    for trial in run_trials(StillHand(), course):
        assert outcomes(trial) == [True] * 3 and trial.reached == 3 and not trial.dropped
        assert [goal.time_s for goal in trial.goals] == pytest.approx([3 * PERIOD_S] * 3)
        assert trial.lasted_s == pytest.approx(9 * PERIOD_S)


def test_a_goal_that_is_not_reached_in_time_is_no_credit_and_ends_its_trial_alone(course):
    course.far = lambda episode, index: (episode, index) == (1, 1)
    good, late = run_trials(StillHand(), course)
    assert outcomes(good) == [True] * 3
    assert outcomes(late) == [True, False] and not late.dropped
    assert late.goals[1].time_s == pytest.approx(0.5) and late.goals[1].angle_rad == pytest.approx(3.0, abs=1e-6)
    assert late.lasted_s == pytest.approx(3 * PERIOD_S + 0.5)


def test_a_dropped_object_is_no_credit_even_in_the_right_rotation(course):
    course.task = replace(course.task, hold_steps=1)
    course.start_states[0, 1 + course.scene.object_qpos[:3]] = [0.5, 0.0, 0.5]
    fallen, good = run_trials(StillHand(), course)
    assert outcomes(fallen) == [False] and fallen.dropped and fallen.lasted_s == pytest.approx(PERIOD_S)
    assert outcomes(good) == [True] * 3 and not good.dropped


def test_when_the_episodes_time_is_over_the_goal_at_hand_counts_neither_way(course):
    course.goals_per_episode, course.episode_s = 50, 8 * PERIOD_S
    assert [outcomes(trial) for trial in run_trials(StillHand(), course)] == [[True, True]] * 2
    course.far = lambda episode, index: True
    assert [outcomes(trial) for trial in run_trials(StillHand(), course)] == [[], []]


def test_where_the_policy_calls_a_right_call_is_credit_a_wrong_one_not_and_silence_neither(course):
    course.called, course.goals_per_episode = True, 1
    course.far = lambda episode, index: episode == 1
    right, wrong = run_trials(Says({4}), course)
    assert outcomes(right) == [True] and not right.goals[0].called_wrong
    assert outcomes(wrong) == [False] and wrong.goals[0].called_wrong and not wrong.dropped
    early, _ = run_trials(Says({1}), course)
    assert outcomes(early) == [False] and early.goals[0].called_wrong
    silent, _ = run_trials(Says(set()), course)
    assert outcomes(silent) == [False] and not silent.goals[0].called_wrong
    assert silent.goals[0].time_s == pytest.approx(0.5)


class Nothing:
    """A network that does nothing."""

    state_width = 0

    def __call__(self, ports, state):
        return {"action": np.zeros((len(ports["observation"]), 16), np.float32)}, state


def test_policies_are_compared_by_numbers_on_the_same_hands_starts_and_goals(leap):
    judge = config.load(JudgeConfig, named_resource("config/eval", "demo"))
    task = config.load(TaskSpec, named_resource("config/tasks", "yaw"))
    course = Course(
        hand=leap, task=replace(task, goal_rad=(0.8, 1.2), goal_timeout_s=3.0), object="cube70",
        judge=replace(judge, reset_pool=8, threads=1), episodes=4, goals_per_episode=1, seed=1, control_rate_hz=20.0,
    )  # fmt: skip
    able = load_pipeline(resource("models/policies/leap_yaw"), leap)
    idle = PolicyPipeline(able.manifest, Nothing(), leap)
    said = []
    result = compare_policies(able, idle, course, say=said.append)
    assert said[0].startswith("the first policy, after 0 ") and said[-1].startswith("the second policy, after 3 ")
    first, second = result["first"], result["second"]
    assert first["goals_reached"] >= 2 and second["goals_reached"] == 0
    assert first["goals_attempted"] == second["goals_attempted"] == 4
    assert result["rate_difference"] == first["rate"] - second["rate"] == first["goals_reached"] / 4
    low, high = result["rate_difference_ci95"]
    assert low <= result["rate_difference"] <= high and high > 0.0
    assert result["consecutive_difference"] == first["consecutive"]["mean"]
    backwards = compare_policies(idle, able, course)
    assert backwards["rate_difference"] == -result["rate_difference"]
    same = compare_policies(idle, idle, course)
    assert same["rate_difference"] == 0.0 and same["rate_difference_ci95"] == [0.0, 0.0]
