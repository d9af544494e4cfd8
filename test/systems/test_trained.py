"""Task and object are the policy's own unless a person asks for others, and then a line says so."""

import pytest

from dexterity_ros.cli.options.demo import DemoOptions
from dexterity_ros.cli.options.trials import TrialsOptions
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.systems.spec import load_system, resolve
from dexterity_ros.systems.trained import as_trained, foreign_object, object_warning

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
