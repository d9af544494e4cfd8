"""Task and object are the policy's own unless a person asks for others, and then a line says so."""

from dataclasses import replace

import pytest

from dexterity_ros.cli.options.demo import DemoOptions
from dexterity_ros.cli.options.trials import TrialsOptions
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.observation.builder import observation_spec
from dexterity_ros.systems.spec import load_system, resolve
from dexterity_ros.systems.trained import as_trained, foreign_object, object_in_hand, object_warning, sight_of

YAW, SO3 = "models/policies/leap_yaw", "models/policies/leap_so3"


def parameters(system, **arguments):
    return {start.executable: start.parameters for start in resolve(load_system(system), arguments, {})}


@pytest.mark.parametrize("system", ["sim", "eyes", "real"])
@pytest.mark.parametrize(("policy", "task"), [(YAW, "yaw"), (SO3, "so3")])
def test_a_system_asks_for_what_its_policy_was_trained_for(system, policy, task):
    assert parameters(system, policy=policy)["goal_node"]["task"] == task
    assert parameters(system, policy=policy, task="spin.yaml")["goal_node"]["task"] == "spin.yaml"


def test_one_policy_runs_wherever_none_is_named():
    defaults = {load_system(name).arguments["policy"].default for name in ("sim", "eyes", "real", "replay")}
    assert defaults == {DemoOptions().policy} == {TrialsOptions().policy}


def test_every_node_that_has_an_object_has_the_same():
    for asked, expected in ({}, "cube70"), ({"object": "cube70_tags"}, "cube70_tags"):
        for system in ("sim", "eyes"):
            nodes = parameters(system, viewer=True, **asked)
            found = {name: given["object"] for name, given in nodes.items() if "object" in given}
            assert set(found.values()) == {expected} and {"sim_node", "viewer_node"} <= set(found)


def test_a_policy_that_is_not_there_is_refused_only_where_something_is_taken_from_it():
    with pytest.raises((BundleError, ConfigError), match="nope"):
        as_trained({"policy": "models/policies/nope", "task": ""})
    given = {"policy": "models/policies/nope", "task": "yaw"}
    assert as_trained(given) == given
    assert as_trained({"task": ""}) == {"task": ""}


def test_another_object_than_the_one_trained_on_is_said_in_a_line():
    manifest = load_manifest(resource(YAW))
    assert foreign_object(manifest, "cube70") == ""
    said = "the object is cube70_tags; leap_yaw was trained on cube70"
    assert foreign_object(manifest, "cube70_tags") == said
    sim = load_system("sim")
    assert object_warning(sim.values({"policy": YAW, "object": "cube70_tags"})) == said
    assert object_warning(sim.values({"policy": YAW})) == ""


def of_points(name="family:train"):
    """A manifest as that of a student of points."""
    terms = ("joint_pos", "last_action", "object_points_48", "goal_points_48")
    spec = observation_spec(terms, 16, {"joint_states": 0.1, "object_cloud": 0.2, "goal_cloud": 0.08})
    manifest = load_manifest(resource(SO3))
    ranges = {term.name: manifest.training_range[term.name] for term in spec.vectors}
    return replace(manifest, observation=spec, object=name, training_range=ranges)


def test_a_policy_of_points_is_shown_points_and_everybody_else_a_pose():
    assert sight_of(of_points()) == "object_cloud" and sight_of(load_manifest(resource(SO3))) == "object_pose"
    for system in ("sim", "eyes", "real"):
        nodes = parameters(system, policy=SO3, camera="demo") if system != "sim" else parameters(system, policy=SO3)
        sights = {name: given["sight"] for name, given in nodes.items() if "sight" in given}
        assert set(sights.values()) == {"object_pose"} and {"goal_node", "safety_node"} <= set(sights)


def test_goal_eyes_and_supervisor_go_by_the_sight_of_the_policy(monkeypatch):
    monkeypatch.setattr("dexterity_ros.systems.trained.load_manifest", lambda _folder: of_points())
    nodes = parameters("eyes", policy=SO3, object="cube70")
    sights = {name: given["sight"] for name, given in nodes.items() if "sight" in given}
    assert sights == dict.fromkeys(("goal_node", "pose_node", "safety_node"), "object_cloud")
    with pytest.raises(ConfigError, match="sight is 'object_cloud', expected one of.*points need the system eyes"):
        parameters("sim", policy=SO3, object="cube70")


def test_a_policy_of_many_objects_has_to_be_told_which_is_in_the_hand(monkeypatch):
    with pytest.raises(ConfigError, match="turns many objects .family:train.: say which"):
        object_in_hand(of_points())
    assert object_in_hand(of_points(), "cross_00") == "cross_00"
    assert foreign_object(of_points(), "cube70") == ""
    monkeypatch.setattr("dexterity_ros.systems.trained.load_manifest", lambda _folder: of_points())
    with pytest.raises(ConfigError, match="say which is in the hand"):
        parameters("eyes", policy=SO3)
