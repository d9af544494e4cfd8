"""What nodes share of ROS: topics as in the table, strict parameters, clocks, processes."""

from dexterity_ros.ros.clock import Stamps, now_ns, sleep_until, steady_ns
from dexterity_ros.ros.identity import Sender, system_id
from dexterity_ros.ros.inbox import Inbox
from dexterity_ros.ros.messages import message_class, message_field, qos_profile
from dexterity_ros.ros.process import end_process, run, wait_for_hand
from dexterity_ros.ros.sources import SourcePublishers
from dexterity_ros.ros.strict_parameters import parameters, refuse_sim_time
from dexterity_ros.ros.topics import observe, publisher, refused, subscribe

__all__ = [
    "Inbox",
    "Sender",
    "SourcePublishers",
    "Stamps",
    "end_process",
    "message_class",
    "message_field",
    "now_ns",
    "observe",
    "parameters",
    "publisher",
    "qos_profile",
    "refuse_sim_time",
    "refused",
    "run",
    "sleep_until",
    "steady_ns",
    "subscribe",
    "system_id",
    "wait_for_hand",
]
