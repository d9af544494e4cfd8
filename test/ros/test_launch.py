"""Every launch file starts the list of its system; needs a ROS installation with launch."""

import importlib.util

import pytest

pytest.importorskip("launch_ros")

from dexterity_ros.contracts.resources import data_root
from dexterity_ros.systems.spec import load_system

pytestmark = pytest.mark.ros


@pytest.mark.parametrize("name", ["sim", "real", "exercise", "eyes", "replay"])
def test_a_launch_file_declares_the_arguments_of_its_system_and_starts_its_nodes(name):
    from launch.actions import DeclareLaunchArgument, OpaqueFunction

    from launch import LaunchContext

    path = data_root() / f"launch/{name}.launch.py"
    spec = importlib.util.spec_from_file_location("launch_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    entities = module.generate_launch_description().entities
    declared = {e.name: e for e in entities if isinstance(e, DeclareLaunchArgument)}
    system = load_system(name)
    assert set(declared) == set(system.arguments) | {"namespace", "use_sim_time"}
    assert all(argument.description for argument in declared.values())
    context = LaunchContext()
    for argument in declared.values():
        argument.execute(context)
    (opaque,) = [e for e in entities if isinstance(e, OpaqueFunction)]
    nodes = opaque.execute(context)
    assert [node.node_executable for node in nodes] == [node.executable for node in system.nodes if not node.when]
