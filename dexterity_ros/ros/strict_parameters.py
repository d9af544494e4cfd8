"""Strict parameters: unknown, missing and mistyped ones are errors."""

from typing import TypeVar

from rclpy.node import Node

from dexterity_ros.contracts import config

T = TypeVar("T")


def parameters(node: Node, cls: type[T]) -> T:
    """Returns the node's parameters as the dataclass `cls`; unknown, missing and mistyped ones are errors.

    The node must have been made with automatically_declare_parameters_from_overrides=True, or rclpy would drop
    unknown keys silently. Raises ConfigError.
    """
    given = {
        name: list(value.value) if hasattr(value.value, "__len__") and not isinstance(value.value, str) else value.value
        for name, value in node.get_parameters_by_prefix("").items()
        if name != "use_sim_time" and not name.startswith(("qos_overrides", "start_type_description"))
    }
    return config.from_mapping(cls, given, where=node.get_name())
