"""Moves one lifecycle node to where the supervisor wants it, one transition at a time, without blocking."""

import time
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node

_TRANSITIONS = {
    ("unconfigured", "inactive"): Transition.TRANSITION_CONFIGURE,
    ("unconfigured", "active"): Transition.TRANSITION_CONFIGURE,
    ("inactive", "active"): Transition.TRANSITION_ACTIVATE,
    ("active", "inactive"): Transition.TRANSITION_DEACTIVATE,
}


_PATIENCE_S = 2.0  # a question without an answer is asked again after this


class LifecycleClient:
    """Knows the node's state (None: not heard from) and drives it towards the wanted one."""

    def __init__(
        self, node: Node, name: str, on_refused: Callable[[str, str], None], on_left: Callable[[str, str], None]
    ) -> None:
        """Both get name and problem. on_refused: a transition was refused. on_left: it left `active` by itself."""
        self.name, self.state = name, None  # type: str, str | None
        self._on_refused, self._on_left = on_refused, on_left
        self._get = node.create_client(GetState, f"{name}/get_state")
        self._change = node.create_client(ChangeState, f"{name}/change_state")
        self._asked_s: float | None = None
        self._wanted = "inactive"
        self._was_active = False

    def drive(self, wanted: str) -> None:
        """Asks for the state, and for the next transition when it is not the wanted one."""
        if wanted != "active":
            self._was_active = False
        self._wanted = wanted
        if self._asked_s is not None:
            if time.monotonic() - self._asked_s < _PATIENCE_S:
                return
            self._set_state(None)
        if not self._get.service_is_ready():
            self._set_state(None)
            return
        self._asked_s = time.monotonic()
        self._get.call_async(GetState.Request()).add_done_callback(self._on_state)

    def _set_state(self, state: str | None) -> None:
        left = self._was_active and state != "active" and self._wanted == "active"
        self.state = state
        if left:
            self._was_active = False
            self._on_left(self.name, f"left the state active by itself, is {state or 'gone'}")
        elif state == "active" and self._wanted == "active":
            self._was_active = True

    def _on_state(self, future: Any) -> None:
        self._asked_s = None
        was_active = self._was_active
        self._set_state(future.result().current_state.label)
        if was_active and not self._was_active:
            return  # it left active by itself: that is a stop, and nothing here brings it back
        transition = _TRANSITIONS.get((self.state or "", self._wanted))
        if transition is None:
            return
        self._asked_s = time.monotonic()
        request = ChangeState.Request(transition=Transition(id=transition))
        self._change.call_async(request).add_done_callback(self._on_changed)

    def _on_changed(self, future: Any) -> None:
        self._asked_s = None
        if future.result().success:
            self.drive(self._wanted)
        else:
            self._on_refused(self.name, f"refused to become {self._wanted}")
