"""What goal_node asks for where nobody knows how the object is turned: points of a model, or captured views."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.capture import Capture, capture_path, load_capture
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.frames import quat_rotate, rotvec_to_quat
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.tasks.goal_keeper import GoalKeeper
from dexterity_ros.tasks.goal_parameters import GoalParameters
from dexterity_ros.tasks.goals import next_goal
from dexterity_ros.tasks.spec import TaskSpec
from dexterity_ros.tasks.wanted import UNKNOWN, Turns, Views

PERIOD_NS = 50_000_000
CENTRE = (0.1, 0.0, 0.05)
PRISM = next(item.spec for item in load_catalogue().objects if item.name == "prism_01")


@pytest.fixture(scope="module")
def task():
    whole = config.load(TaskSpec, named_resource("config/tasks", "so3"))
    return replace(whole, goal_rad=(0.8, np.pi))


def capture(name, turn=None, points=20):
    numbers = 10.0 * np.random.default_rng(len(name)).normal(size=(points, 3)) + 100.0
    points_mm = tuple(tuple(float(v) for v in row) for row in numbers)
    return Capture(name=name, hand="leap", images=5, points_mm=points_mm, quat_wxyz=turn)


def test_turns_of_an_object_without_symmetry_are_those_that_evaluate_asks_for(task):
    quat = rotvec_to_quat(np.array([0.3, 0.1, -0.7]))
    for index in range(5):
        expected = next_goal(task, quat, seed=4, trial=2, index=index)
        np.testing.assert_array_equal(Turns(task, 4).draw(quat, 2, index), expected)


def test_a_goal_is_not_reached_by_an_object_that_looks_like_it_already(task):
    goals = Turns(task, 0, PRISM.symmetry)
    quat = rotvec_to_quat(np.array([0.2, -0.4, 1.0]))
    angles = [float(PRISM.symmetry.angle_rad(quat, goals.draw(quat, 0, index))) for index in range(60)]
    assert min(angles) >= 0.8 - 1e-6
    plain = [float(PRISM.symmetry.angle_rad(quat, Turns(task, 0).draw(quat, 0, index))) for index in range(60)]
    assert min(plain) < 0.5


def test_points_of_a_goal_are_the_model_turned_round_the_grasp_centre(task):
    surface = np.array([[0.03, 0.0, 0.0], [0.0, 0.02, 0.0]])
    quat = rotvec_to_quat(np.array([0.0, 0.0, np.pi / 2]))
    points = Turns(task, 0, surface_m=surface, centre_m=CENTRE).points_m(quat)
    np.testing.assert_allclose(points, np.array(CENTRE) + quat_rotate(quat, surface), atol=1e-12)
    assert Turns(task, 0).points_m(quat) is None


def test_every_capture_has_its_turn_and_none_follows_itself():
    views = Views([capture("a"), capture("bb"), capture("ccc")], seed=1)
    seen = []
    for index in range(9):
        assert (views.draw(UNKNOWN, 0, index) == UNKNOWN).all()
        seen.append(views.points_m(UNKNOWN)[0].tobytes())
    assert len(set(seen)) == 3 and all(one != other for one, other in pairwise(seen))
    assert not views.turns


def test_the_rotation_of_a_capture_is_known_where_a_simulator_said_it():
    turn = tuple(rotvec_to_quat(np.array([0.0, 0.5, 0.0])).tolist())
    assert Views([capture("a", turn), capture("bb", turn)], seed=0).turns
    assert not Views([capture("a", turn), capture("bb")], seed=0).turns


def test_one_capture_alone_is_refused_because_it_would_follow_itself():
    with pytest.raises(ConfigError, match="1 entries, expected two or more"):
        Views([capture("a")], seed=0)


def seen_at(pos=CENTRE):
    return PoseSample(stamp_ns=0, pos_m=np.array(pos), quat_wxyz=UNKNOWN)


def test_a_keeper_that_sees_no_turns_counts_from_the_goal_that_was_called_reached(task):
    keeper = GoalKeeper(
        task, CENTRE, seed=3, by_policy=True, wanted=Turns(task, 3, PRISM.symmetry), turns_seen=False,
        symmetry=PRISM.symmetry,
    )  # fmt: skip
    keeper.start_trial(seen_at(), 0)
    first = keeper.goal
    events = [event for k in range(1, 12) for event in keeper.step(seen_at(), k * PERIOD_NS, sure=0.9)]
    assert [event.event for event in events[:2]] == ["reached", "issued"]
    assert float(PRISM.symmetry.angle_rad(first, keeper.goal)) >= 0.8 - 1e-6
    assert events[1].angle_rad >= 0.8 - 1e-6


def test_a_keeper_that_sees_no_turns_still_sees_a_drop(task):
    keeper = GoalKeeper(task, CENTRE, seed=3, by_policy=True, turns_seen=False)
    keeper.start_trial(seen_at(), 0)
    (event,) = keeper.step(seen_at((0.1, 0.0, -0.3)), PERIOD_NS)
    assert event.event == "dropped"


def test_a_capture_is_read_back_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written, path = capture("tilted"), capture_path("tilted")
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(config.to_mapping(written)))
    assert load_capture("tilted") == written == load_capture(str(path))
    np.testing.assert_allclose(written.points_m, 1e-3 * np.array(written.points_mm))


@pytest.mark.parametrize("name", ["", "two words", "../up", "a/b", ".hidden"])
def test_what_is_no_name_of_a_file_is_no_capture(name):
    with pytest.raises(ConfigError, match="without blanks"):
        capture_path(name)


def told(**changes):
    usual = {"hand": "leap", "task": "so3", "seed": 0, "margin_rad": 0.02}
    return GoalParameters(**(usual | changes))


def test_without_a_model_there_are_captures_or_no_goals():
    with pytest.raises(ConfigError, match="captures"):
        told(sight="object_cloud", object="none").wanted()
    with pytest.raises(ConfigError, match="sight is object_pose"):
        told(captures="a b")


def test_a_capture_of_another_hand_is_refused(tmp_path):
    for name in ("a", "b"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(config.to_mapping(replace(capture(name), hand="other"))))
    files = " ".join(str(tmp_path / f"{name}.yaml") for name in ("a", "b"))
    with pytest.raises(ConfigError, match="with the hand other, this is leap"):
        told(sight="object_cloud", object="none", captures=files).wanted()


def test_points_of_a_policy_decide_that_it_calls_its_goals_itself():
    assert told(sight="object_cloud").by_policy and not told().by_policy and told(reached_by="policy").by_policy
