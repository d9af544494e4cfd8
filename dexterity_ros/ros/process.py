"""One node as a process: spinning, signals, the end."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.runtime.deadline_loop import PROCESS_PRIORITY, enter_realtime, lock_memory


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
