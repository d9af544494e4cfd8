"""Turns a system into a launch description; used by launch/*.launch.py on a machine with a ROS installation."""

from typing import Any

from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from dexterity_ros.systems.spec import NodeStart, SystemSpec, load_system, resolve
from launch import LaunchDescription

_COMMON = {
    "namespace": ("", "ROS namespace of all nodes"),
    "use_sim_time": ("false", "take the time from /clock"),
}


def description(name: str) -> LaunchDescription:
    """Returns the launch description of a system: its arguments, then its nodes; the end of one node ends all."""
    system = load_system(name)
    arguments = [
        DeclareLaunchArgument(key, default_value=_text(argument.default), description=argument.about)
        for key, argument in system.arguments.items()
    ]
    arguments += [
        DeclareLaunchArgument(key, default_value=default, description=about)
        for key, (default, about) in _COMMON.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=lambda context: _nodes(context, system))])


def _nodes(context: Any, system: SystemSpec) -> list[Any]:
    given = {
        key: _typed(LaunchConfiguration(key).perform(context), argument.default)
        for key, argument in system.arguments.items()
    }
    namespace = LaunchConfiguration("namespace").perform(context)
    use_sim_time = LaunchConfiguration("use_sim_time").perform(context) == "true"
    lifecycle = {node.executable for node in system.nodes if node.lifecycle}
    return [
        _node(start, namespace, use_sim_time, start.executable in lifecycle) for start in resolve(system, given, {})
    ]


def _node(start: NodeStart, namespace: str, use_sim_time: bool, lifecycle: bool) -> Any:
    kind = LifecycleNode if lifecycle else Node
    return kind(
        package="dexterity_ros",
        executable=start.executable,
        name=start.executable,
        namespace=namespace,
        output="screen",
        parameters=[{"use_sim_time": use_sim_time} | start.parameters],
        on_exit=OpaqueFunction(function=_end_all, args=[start.executable]) if start.essential else None,
    )


def _end_all(context: Any, executable: str) -> list[Any]:
    """A node that ends takes the others along; those that end because of that ask for nothing more."""
    if context.launch_configurations.get("dexterity_ending") or context.is_shutdown:
        return []
    context.launch_configurations["dexterity_ending"] = "true"
    return [Shutdown(reason=f"{executable} ended")]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(text: str, like: Any) -> Any:
    if isinstance(like, bool):
        return text.lower() == "true"
    return type(like)(text)
