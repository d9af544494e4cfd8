"""What nodes share of ROS: topics as in the table, strict parameters, clocks, processes."""

from dexterity_ros.ros.clock import now_ns, sleep_until, steady_ns
from dexterity_ros.ros.process import run
from dexterity_ros.ros.strict_parameters import parameters
from dexterity_ros.ros.topics import message_class, message_field, publisher, qos_profile, subscribe

__all__ = [
    "message_class",
    "message_field",
    "now_ns",
    "parameters",
    "publisher",
    "qos_profile",
    "run",
    "sleep_until",
    "steady_ns",
    "subscribe",
]
