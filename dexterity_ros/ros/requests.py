"""Prepare, arm, disarm and every stop, asked for from outside the nodes that answer."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from dexterity_ros.ros.asking import Asking

STOPS = ("safety_node/estop", "hand_node/estop")  # each takes the torque without the other
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
        asked = {name: Asking(self._clients[name], Trigger.Request()) for name in names}
        end = time.monotonic() + _ANSWER_S
        while [name for name in names if not asked[name].step()] and time.monotonic() < end:
            self._pause(0.005)
        return {name: self._answer(name, asked[name]) for name in names}

    def _answer(self, name: str, asking: Asking) -> Answer:
        asking.give_up()
        if asking.asked_s is None:
            return False, f"no service {name}"
        if asking.answer is None:
            return False, f"{name} did not answer within {_ANSWER_S:.0f} s"
        return asking.answer.success, asking.answer.message
