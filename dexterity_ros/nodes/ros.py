"""What every node needs of ROS: QoS from the topics table, strict parameters, messages by name, spinning, signals."""

import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.topics import QOS, TOPICS
from dexterity_ros.drivers.deadline_loop import PROCESS_PRIORITY, enter_realtime, lock_memory

T = TypeVar("T")


def qos_profile(key: str) -> QoSProfile:
    """Returns the QoS of a topic in the table."""
    reliability, durability, depth = QOS[TOPICS[key].qos]
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=DurabilityPolicy[durability.upper()],
    )


def message_class(key: str) -> Any:
    """Returns the message class of a topic in the table."""
    package, _, name = TOPICS[key].message.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def message_field(key: str) -> Any:
    """Returns the class that describes one field of a PointCloud2 topic."""
    package, _, _ = TOPICS[key].message.split("/")
    return importlib.import_module(f"{package}.msg").PointField


def publisher(node: Node, key: str) -> Any:
    """Returns a publisher for a topic in the table."""
    return node.create_publisher(message_class(key), TOPICS[key].name, qos_profile(key))


def subscribe(node: Node, key: str, callback: Callable[[Any], None]) -> Any:
    """Subscribes to a topic in the table."""
    return node.create_subscription(message_class(key), TOPICS[key].name, callback, qos_profile(key))


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


def now_ns(node: Node) -> int:
    """Returns the node's time in nanoseconds."""
    return int(node.get_clock().now().nanoseconds)


def sleep_until(node: Node, stamp_ns: int) -> None:
    """Sleeps until the node's time is a stamp; not at all when that is over."""
    time.sleep(max(stamp_ns - now_ns(node), 0) * 1e-9)


def steady_ns() -> int:
    """Returns a clock that neither /clock nor a person can change."""
    return time.monotonic_ns()


def run(make: Callable[[], Node], close: Callable[[Any], None], *, realtime: bool = True) -> None:
    """Makes a node, spins it until SIGINT or SIGTERM, then closes it once; a second signal does not interrupt that.

    Where allowed, all threads of the process are real-time below the control loop: an ordinary thread that is preempted
    while it holds the interpreter's lock would stop the loop with it. realtime: False for what may come late, and would
    keep a control loop waiting: cameras, perception, recording.
    Configuration errors are printed as one line and end the process with status 2.
    """
    if realtime:
        enter_realtime(PROCESS_PRIORITY)
        lock_memory()
    rclpy.init(args=sys.argv, signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    try:
        node = make()
    except DexterityError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        sys.exit(2)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while not done.is_set() and rclpy.ok():
            executor.spin_once(timeout_sec=0.1)
    except ExternalShutdownException:
        pass
    finally:
        close(node)
        node.destroy_node()
        rclpy.try_shutdown()
