"""Turns a system into a launch description; used by launch/*.launch.py on a machine with a ROS installation."""

import signal
from collections.abc import Sequence
from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.event_handlers import OnShutdown
from launch.events import matches_action
from launch.events.process import SignalProcess
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.systems.named_files import check_files
from dexterity_ros.systems.network import NETWORK, network_variables, network_warning, node_variables
from dexterity_ros.systems.spec import BRINGS, Argument, NodeStart, SystemSpec, load_system, read_arguments, resolve
from dexterity_ros.systems.trained import object_warning
from launch import LaunchDescription

_COMMON = {
    "namespace": Argument(default="", about="ROS namespace of all nodes"),
    "use_sim_time": Argument(default=False, about="take the time from /clock"),
    "network": NETWORK,
}


class NodeEndedError(DexterityError):
    """A node ended by itself; what raises this makes `ros2 launch` stop the others and return non-zero."""


def description(name: str) -> LaunchDescription:
    """Returns the launch description of a system: its arguments, then its nodes; the end of one node ends all."""
    system = load_system(name)
    arguments = [
        DeclareLaunchArgument(key, default_value=_text(argument.default), description=argument.about)
        for key, argument in (system.arguments | _COMMON | {"brings": BRINGS}).items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=lambda context: _actions(context, system))])


def _actions(context: Any, system: SystemSpec) -> list[Any]:
    """Returns what opens the network as far as asked, and the nodes."""
    known = system.arguments | _COMMON | {"brings": BRINGS}
    values = read_arguments(known, {key: LaunchConfiguration(key).perform(context) for key in known})
    namespace, use_sim_time, network = (values.pop(key) for key in _COMMON)
    variables = network_variables(network) | node_variables()
    warnings = (network_warning(network), object_warning(system.values(values)))
    said = [LogInfo(msg=warning) for warning in warnings if warning]
    check_files(system.values(values))
    nodes = [_node(start, namespace, use_sim_time) for start in resolve(system, values, {})]
    return [
        *(SetEnvironmentVariable(key, value) for key, value in variables.items()),
        *said,
        RegisterEventHandler(OnShutdown(on_shutdown=lambda _event, _context: _signals(nodes))),
        *nodes,
    ]


def _node(start: NodeStart, namespace: str, use_sim_time: bool) -> Any:
    kind = LifecycleNode if start.lifecycle else Node
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
    if context.is_shutdown:
        return []
    status = context.locals.event.returncode
    raise NodeEndedError(f"{executable} ended by itself with status {status}; stopping the others")


def _signals(nodes: Sequence[Any]) -> list[Any]:
    """Asks every node to end: launch itself signals none when it takes a SIGINT for the terminal's Ctrl-C."""
    running = [node for node in nodes if node.process_details is not None]
    return [
        EmitEvent(event=SignalProcess(signal_number=signal.SIGINT, process_matcher=matches_action(node)))
        for node in sorted(running, key=lambda node: not isinstance(node, LifecycleNode))
    ]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
