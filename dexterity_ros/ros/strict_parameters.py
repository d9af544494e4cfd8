"""Strict parameters: unknown, missing and mistyped ones are errors."""

from typing import TypeVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.ros.intake import DECLARED

T = TypeVar("T")
_READ_ONCE = SetParametersResult(successful=False, reason="parameters are read once, at the start of the node")


def parameters(node: Node, cls: type[T]) -> T:
    """Returns the node's parameters as the dataclass `cls`; unknown, missing and mistyped ones are errors.

    They are read once: later changes, of use_sim_time too, are refused. The node must have been made with
    automatically_declare_parameters_from_overrides=True, or rclpy would drop unknown keys silently. Raises ConfigError.
    """
    node.add_on_set_parameters_callback(lambda _changed: _READ_ONCE)
    given = {
        name: list(value.value) if hasattr(value.value, "__len__") and not isinstance(value.value, str) else value.value
        for name, value in node.get_parameters_by_prefix("").items()
        if name not in ("use_sim_time", *DECLARED) and not name.startswith(("qos_overrides", "start_type_description"))
    }
    return config.from_mapping(cls, given, where=node.get_name())


def refuse_sim_time(node: Node, why: str) -> None:
    """Raises ConfigError when the node was started with use_sim_time."""
    if node.get_parameter("use_sim_time").value:
        raise ConfigError(f"{node.get_name()} was started with use_sim_time: true; {why}")
