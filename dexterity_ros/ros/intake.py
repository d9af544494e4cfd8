"""Every message's way into a node: its size is bounded before it is read, its publisher is one of ours."""

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.clock import steady_ns
from dexterity_ros.ros.identity import system_id
from dexterity_ros.ros.messages import hand_over, message_class, qos_profile
from dexterity_ros.safety.ownership import PROCESS_BYTES, Owners

_INTRODUCED_NS = 2_000_000_000  # who joins says so within this; until then a refusal is no news
_SAID_AGAIN_S = 1.0
_EARLY = 8  # latched messages that are kept until their sender is known
DECLARED = ("brings", "nodes_bring")  # parameters of every node, from the system file (systems/spec.py)
_GUIDS = ("rmw_fastrtps_cpp", "rmw_fastrtps_dynamic_cpp")  # whose publisher ids are DDS GUIDs


class Intake:
    """Knows who belongs to the system, and what was refused."""

    def __init__(self, node: Node) -> None:
        """Says on system/members that this process belongs to the system, and listens to who else does."""
        declared = (node.get_parameter(name).value if node.has_parameter(name) else () for name in DECLARED)
        self._node, self._owners = node, Owners(system_id(), *declared)
        self._early: list[tuple[bytes | None, Callable[[], None]]] = []
        self._met_ns: dict[bytes, int] = {}
        kind, name, profile = message_class("members"), TOPICS["members"].name, qos_profile("members")
        self._members = node.create_subscription(kind, name, self._on_member, profile)
        self._self, self._said = node.create_publisher(kind, name, profile), kind(data=system_id())
        self._say_timer = node.create_timer(_SAID_AGAIN_S, self._say, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._say()

    def _say(self) -> None:
        """Said again and again: now and then the middleware keeps a latched message from a reader for ever."""
        self._self.publish(self._said)

    def faults(self) -> tuple[Fault, ...]:
        """Returns what was wrong with messages a moment ago."""
        return self._owners.faults(steady_ns(self._node))

    def subscribe(
        self, key: str, callback: Callable[[Any], None], *, checked: bool = True, keep: int | None = None
    ) -> Any:
        """Subscribes to a topic in the table; what may not be used never reaches `callback`.

        keep: messages that wait; None: as many as the table says.
        """
        topic = TOPICS[key]

        def take(raw: bytes, info: Any) -> None:
            if len(raw) > topic.max_bytes:
                self._refuse(key, f"{len(raw)} bytes, at most {topic.max_bytes}")
            elif checked and self._check(key, info) is not None:
                self._keep_for_later(key, info, partial(take, raw, info))
            else:
                hand_over(key, raw, callback, self._refuse)

        return self._node.create_subscription(message_class(key), topic.name, take, qos_profile(key, keep), raw=True)

    def _keep_for_later(self, key: str, info: Any, take_again: Callable[[], None]) -> None:
        """A latched message comes once; it may come before its sender has said which system it belongs to."""
        if TOPICS[key].qos == "latched":
            self._early = [*self._early[1 - _EARLY :], (publisher_of(info), take_again)]

    def _check(self, key: str, info: Any) -> Fault | None:
        publisher = publisher_of(info)
        if publisher is None:  # this middleware does not say who sent a message
            return None
        now = steady_ns(self._node)
        fault = self._owners.check(key, publisher, now)
        if fault is not None and now - self._met_ns.setdefault(publisher, now) > _INTRODUCED_NS:
            self._node.get_logger().warning(str(fault), throttle_duration_sec=5.0)
        return fault

    def _refuse(self, key: str, why: str) -> None:
        fault = Fault(code=FaultCode.MESSAGE_REFUSED, detail=f"{TOPICS[key].name}: {why}")
        self._owners.refuse(key, fault, steady_ns(self._node))
        self._node.get_logger().warning(str(fault), throttle_duration_sec=1.0)

    def _on_member(self, message: Any, info: Any) -> None:
        if (publisher := publisher_of(info)) is not None:
            self._owners.introduce(publisher, message.data[:64])
            process = publisher[:PROCESS_BYTES]
            mine = [again for sender, again in self._early if sender is not None and sender[:PROCESS_BYTES] == process]
            self._early = [(s, again) for s, again in self._early if again not in mine]
            for take_again in mine:
                take_again()


def publisher_of(info: Any) -> bytes | None:
    """Returns who sent a message, whose first PROCESS_BYTES are those of its process; None where nobody says."""
    gid = info.get("publisher_gid")
    return bytes(gid["data"]) if gid and gid["implementation_identifier"] in _GUIDS else None


_INTAKES: "weakref.WeakKeyDictionary[Node, Intake]" = weakref.WeakKeyDictionary()


def intake(node: Node) -> Intake:
    """Returns the node's one intake."""
    if node not in _INTAKES:
        _INTAKES[node] = Intake(node)
    return _INTAKES[node]
