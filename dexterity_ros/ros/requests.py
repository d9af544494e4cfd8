"""Prepare, arm, disarm and every stop, asked for from outside the nodes that answer."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

STOPS = ("safety_node/estop", "hand_node/estop")  # each switches the torque off without the other
_OTHERS = ("safety_node/prepare", "safety_node/arm", "safety_node/disarm")
_ANSWER_S = 2.0

Answer = tuple[bool, str]  # granted, and what was said


class Requests:
    """Calls services of safety_node and hand_node; several threads may ask at the same time."""

    def __init__(self, node: Node, pause: Callable[[float], Any] = time.sleep) -> None:
        """pause: lets some seconds go by; who has no thread that spins `node` passes what spins it that long."""
        self._pause = pause
        self._clients = {name: node.create_client(Trigger, name) for name in (*STOPS, *_OTHERS)}

    def prepare(self) -> Answer:
        """Runs the preflight; the answer says ready, or every reason why not."""
        return self._one("safety_node/prepare")

    def arm(self) -> Answer:
        """Arms what was prepared."""
        return self._one("safety_node/arm")

    def disarm(self) -> Answer:
        """Lets go gently."""
        return self._one("safety_node/disarm")

    def stop_everything(self) -> dict[str, Answer]:
        """Returns what every stop answered, by service: all are called at the same time, none waits for another."""
        return self._ask(STOPS)

    def _one(self, name: str) -> Answer:
        return self._ask((name,))[name]

    def _ask(self, names: Sequence[str]) -> dict[str, Answer]:
        """Calls each service as soon as it is there; returns after all have answered, or after 2 s."""
        asked: dict[str, Any] = {}
        end = time.monotonic() + _ANSWER_S
        while time.monotonic() < end:
            for name in names:
                if name not in asked and self._clients[name].service_is_ready():
                    asked[name] = self._clients[name].call_async(Trigger.Request())
            if len(asked) == len(names) and all(future.done() for future in asked.values()):
                break
            self._pause(0.005)
        return {name: self._answer(name, asked.get(name)) for name in names}

    def _answer(self, name: str, future: Any | None) -> Answer:
        if future is None:
            return False, f"no service {name}"
        if not future.done():
            self._clients[name].remove_pending_request(future)
            return False, f"{name} did not answer within {_ANSWER_S:.0f} s"
        return future.result().success, future.result().message
