"""dexterity lead"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dexterity_ros import ros, wire
from dexterity_ros.action.gamepad import GamepadLayout
from dexterity_ros.action.keyboard import KeyboardPad
from dexterity_ros.cli.keys import pressed_keys
from dexterity_ros.cli.options.lead import LeadOptions
from dexterity_ros.cli.output import console
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.diagnostics import values
from dexterity_ros.systems.operator import Operator, visit

_KEYS = "a d: joint   w s: move it   c o: close, open   , .: apart, together   space: let go   q: end"
_LISTENER, _DEVICE = "leader_node: loop", "joy"
_WAIT_S = 10.0  # diagnostics come once a second; a busy machine takes longer


def lead(_options: LeadOptions) -> int:
    """Publishes keys as a gamepad until q, or Ctrl-C, which the caller sees."""
    with visit() as operator:
        operator.find_system()
        said = _Listener(operator)
        said.wait()
        console.print(_KEYS, highlight=False)
        with pressed_keys() as pressed, console.status("") as status:
            publish_keys(operator, pressed, lambda: status.update(said.text))
    return 0


class _Listener:
    """What the leader_node that reads the gamepad says in /diagnostics."""

    def __init__(self, operator: Operator) -> None:
        self._operator, self.text = operator, ""
        ros.observe(operator.node, "diagnostics", self._on_diagnostics)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            if (status.name, status.hardware_id) == (_LISTENER, _DEVICE):
                self.text = f"{status.message}; keys w and s move {values(status).get('joint', 'a joint')}"

    def wait(self) -> None:
        """Waits until it is heard. Raises ConfigError."""
        end = time.monotonic() + _WAIT_S
        while not self.text:
            if time.monotonic() > end:
                raise ConfigError("the running system has no leader_node for a gamepad: start it with leader:=joy")
            self._operator.spin(0.1)


def publish_keys(operator: Operator, pressed: Callable[[], str], show: Callable[[], None]) -> None:
    """Publishes the gamepad that the keys stand for, until q. show: is called in every round."""
    node, topic = operator.node, TOPICS["joy"]
    publisher, message = ros.publisher(node, "joy"), ros.message_class("joy")
    pad = KeyboardPad(shipped_layout())
    while (key := pressed()) != "q":
        sample = pad.step(key, time.monotonic_ns())
        publisher.publish(wire.fill_gamepad(message(), replace(sample, stamp_ns=ros.now_ns(node))))
        show()
        operator.spin(1.0 / topic.rate_hz)


def shipped_layout() -> GamepadLayout:
    """Returns what leader_node takes buttons and axes for, unless a system file says otherwise."""
    settings = config.read_mapping(data_root() / "config/nodes/leader_node.yaml")
    return config.from_mapping(GamepadLayout, settings["leader_node"]["ros__parameters"], where="leader_node.yaml")
