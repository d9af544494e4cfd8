"""What trials start: the protocol's task, the policy whose turn it is, the same goals in a block; nothing in shadow."""

from dataclasses import replace

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.robot_hand import load_robot_hand
from dexterity_ros.evaluation.trials.plan import OnTrial
from dexterity_ros.systems.spec import load_system
from dexterity_ros.systems.trials import robot as robot_module
from dexterity_ros.systems.trials.robot import TrialRobot, check_arguments, emulated, hand_on_trial

SHIPPED = ("models/policies/leap_so3", "models/policies/leap_so3_mended")


class Session:
    """In place of a system: remembers what would have been started."""

    started = []

    def __init__(self, starts, environment, log, centre_m):
        Session.started.append({start.executable: start.parameters for start in starts})
        self.limp = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Session.started.append("ended")

    def trial(self, *_):
        self.limp = False
        raise RuntimeError


@pytest.fixture
def robot_of(make_plan, tmp_path, monkeypatch):
    """Returns the robot of a plan for shipped policies."""
    monkeypatch.setattr(robot_module, "TrialSession", Session)
    monkeypatch.setattr(Session, "started", [])

    def make(policies, **changes):
        on_trial = tuple(OnTrial(name=name[-6:], bundle=name, bundle_id="") for name in SHIPPED[:policies])
        plan = replace(make_plan(policies, **changes), policies=on_trial)
        return plan, TrialRobot(plan, load_robot_hand("leap"), tmp_path)

    return make


def test_one_policy_runs_on_one_system(robot_of):
    _, robot = robot_of(1)
    for episode in (1, 2, 3):
        robot.ready(episode)
    robot.leave()
    assert len(Session.started) == 2 and Session.started[1] == "ended"


def test_with_several_policies_every_trial_has_a_system_of_its_own_also_when_the_policy_stays(robot_of):
    plan, robot = robot_of(2)
    for episode in range(1, 7):
        robot.ready(episode)
    started = [starts for starts in Session.started if starts != "ended"]
    assert [s["policy_node"]["policy"] for s in started] == [plan.policy(k).bundle for k in range(1, 7)]
    assert [s["goal_node"]["seed"] for s in started] == [plan.goal_seed(k) for k in range(1, 7)]


def test_the_protocol_says_what_a_goal_is_and_every_turn_counts(robot_of):
    plan, robot = robot_of(1)
    robot.ready(1)
    goals = Session.started[0]["goal_node"]
    from dexterity_ros.tasks.goal_parameters import GoalParameters

    spec = GoalParameters(hand="leap", task=goals["task"], seed=0, margin_rad=0.0, object=goals["object"])
    assert spec.task_spec() == plan.task and spec.symmetry().trivial


@pytest.mark.parametrize(("arguments", "shadow"), [({}, False), ({"shadow": True}, True)])
def test_a_real_hand_moves_unless_somebody_asks_for_shadow_mode(robot_of, arguments, shadow):
    _, robot = robot_of(1, system="real", arguments=arguments)
    robot.ready(1)
    assert Session.started[0]["hand_node"]["shadow"] is shadow


def test_a_system_whose_hand_did_not_let_go_is_ended_at_once(robot_of, tmp_path):
    _, robot = robot_of(1)
    robot.ready(1)
    with pytest.raises(RuntimeError):
        robot.trial(tmp_path / "bag", bool, print)
    assert Session.started[-1] == "ended"


def test_arguments_that_the_trials_set_and_systems_without_goals_are_refused():
    with pytest.raises(ConfigError, match=r"the trials themselves set \['policy', 'seed'\]; --arg sets \['allow"):
        check_arguments(load_system("eyes"), {"policy": "x", "seed": 1})
    with pytest.raises(ConfigError, match=r"system exercise has no argument \['policy', 'task'\]"):
        check_arguments(load_system("exercise"), {})
    assert emulated(load_system("sim")) and not emulated(load_system("real"))


def test_a_policy_of_another_hand_is_refused_before_anything_starts():
    policy = (OnTrial(name="a", bundle=SHIPPED[0], bundle_id=""),)
    with pytest.raises(Exception, match="dclaw"):
        hand_on_trial(load_system("eyes"), {"hand": "dclaw"}, policy)
