"""Arm, disarm and e-stop, asked for from a thread that is not the executor's."""

import time

from rclpy.node import Node
from std_srvs.srv import Trigger

_SERVICES = {
    "arm": ("safety_node/prepare", "safety_node/arm"),
    "disarm": ("safety_node/disarm",),
    "estop": ("safety_node/estop",),
}
_ANSWER_S = 2.0


class Requests:
    """Calls safety_node's services; the node's executor, in another thread, brings the answers."""

    def __init__(self, node: Node) -> None:
        names = [name for group in _SERVICES.values() for name in group]
        self._clients = {name: node.create_client(Trigger, name) for name in names}

    def carry_out(self, request: str) -> tuple[bool, str]:
        """Returns (granted, what was answered) of arm, disarm or estop; arming is prepared first."""
        answer = (False, "")
        for name in _SERVICES[request]:
            if not self._clients[name].service_is_ready():
                return False, f"no service {name}"
            future = self._clients[name].call_async(Trigger.Request())
            end = time.monotonic() + _ANSWER_S
            while not future.done():
                if time.monotonic() > end:
                    return False, f"{name} did not answer within {_ANSWER_S:.0f} s"
                time.sleep(0.005)
            answer = (future.result().success, future.result().message)
            if not answer[0]:
                break
        return answer
