"""One node as a process: its name, spinning, signals, the end."""

import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.ros.name_lock import NameLock
from dexterity_ros.ros.transports import without_shared_memory
from dexterity_ros.runtime.deadline_loop import PROCESS_PRIORITY, enter_realtime, lock_memory, prefer
from dexterity_ros.runtime.ending import Starter, on_end

_SPIN_S = 0.02  # how late a signal, the death of the starter, or of a control loop is noticed
_HAND_FIRST_S = 1.0
_HAND = "hand_node"


class _End:
    """Whether this process is to end, and the exception that is the reason, if it is one."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.error: BaseException | None = None


_END = _End()


def end_process(error: BaseException) -> None:
    """Makes `run` leave its spin, log the error, close the node and exit with status 1; from any thread."""
    _END.error = _END.error or error
    _END.asked.set()


def run(
    make: Callable[[], Node],
    close: Callable[[Any], None],
    *,
    priority: Literal["control", "perception", "ordinary"] = "control",
    exclusive: bool = True,
) -> None:
    """Makes a node and spins it until it is to end; then closes it once, which a second signal does not interrupt.

    It ends at SIGINT, SIGTERM and SIGHUP alike, with status 0; when whoever started it dies, hand_node first; and with
    status 1 when a callback raises, or `end_process` is called, for instance by a control loop that died.
    Where allowed, all threads of the process are real-time below the control loop: an ordinary thread that is preempted
    while it holds the interpreter's lock would stop the loop with it.
    Configuration errors are printed as one line and end the process with status 2.

    Args:
        make: makes the node.
        close: takes the node; ends its threads, lets go of what it holds.
        priority: control: real-time. perception: before other programs, never before control. ordinary: may come late.
        exclusive: one of this name per domain and namespace; False for what neither moves the hand nor permits it.
    """
    if priority == "control":
        enter_realtime(PROCESS_PRIORITY)
        lock_memory()
        without_shared_memory()
    elif priority == "perception":
        prefer()
    starter = Starter()
    rclpy.init(args=sys.argv, signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    on_end(_END.asked.set)
    try:
        if exclusive:
            NameLock(*own_name()).take()
        node = make()
    except DexterityError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        sys.exit(2)
    _spin(node, starter)
    if starter.gone() and not isinstance(node, LifecycleNode):
        wait_for_hand(node)
    _close(node, close)


def _spin(node: Node, starter: Starter) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while not (_END.asked.is_set() or starter.gone()) and rclpy.ok():
            executor.spin_once(timeout_sec=_SPIN_S)
    except ExternalShutdownException:
        pass
    except Exception as error:  # noqa: BLE001 - whatever a callback raises; the node is closed first, then it is said
        end_process(error)


def _close(node: Node, close: Callable[[Any], None]) -> None:
    """Closes the node and ends the process; closing comes first, then what there is to say."""
    try:
        close(node)
    except Exception as error:  # noqa: BLE001 - the process has to end whatever closing raises
        end_process(error)
    if _END.error is not None:
        report = "".join(traceback.format_exception(_END.error))
        node.get_logger().fatal(f"ends: {type(_END.error).__name__}: {_END.error}\n{report}")
    node.destroy_node()
    rclpy.try_shutdown()
    sys.exit(0 if _END.error is None else 1)


def wait_for_hand(node: Node) -> None:
    """Returns when hand_node beside a node has ended, torque off, or after a second: it is the first to end."""
    NameLock(_HAND, node.get_namespace()).wait_until_free(_HAND_FIRST_S)


def own_name() -> tuple[str, str]:
    """Returns name and namespace of the node to be made: the executable's, or as remapped on the command line."""
    rules = dict(argument.split(":=", 1) for argument in sys.argv if ":=" in argument)
    remapped = {key.rpartition(":")[2]: value for key, value in rules.items()}
    return remapped.get("__node", Path(sys.argv[0]).stem), remapped.get("__ns", "")
