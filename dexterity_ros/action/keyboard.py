"""Keys say what the sticks and buttons of a gamepad would."""

from collections import deque

import numpy as np

from dexterity_ros.action.gamepad import GamepadLayout
from dexterity_ros.contracts.samples import GamepadSample

PUSHES = {"w": ("joint", 1.0), "s": ("joint", -1.0), "o": ("closing", 1.0), "c": ("closing", -1.0),
          ",": ("sideways", 1.0), ".": ("sideways", -1.0)}  # fmt: skip
CHOICES = {"a": "previous", "d": "next"}
LET_GO = " "
PUSH_S = 0.15  # a terminal repeats a key that is held, after a first pause, 25 to 30 times a second
LEAD_S = 10.0  # without any key: whoever led may have gone


class KeyboardPad:
    """A stage: one key at a time in, the gamepad that it stands for out.

    Any key of the tables presses the dead-man button; LET_GO, or LEAD_S without a key, releases it. A key of PUSHES
    pushes its stick all the way for PUSH_S; a terminal does not say when a key is released.
    """

    def __init__(self, layout: GamepadLayout) -> None:
        """layout: that of the leader_node that listens."""
        self._layout = layout
        self._axes, self._buttons = np.zeros(max(layout.axes) + 1), max(layout.buttons) + 1
        self._presses: deque[int | None] = deque()
        self._pushed_ns = self._key_ns = -(10**18)

    def step(self, key: str, now_ns: int) -> GamepadSample:
        """Returns what a gamepad would say. key: pressed since the last step, or "". now_ns: of a monotonic clock."""
        self._take(key, now_ns)
        if now_ns - self._pushed_ns >= round(PUSH_S * 1e9):
            self._axes = np.zeros_like(self._axes)
        pressed = np.zeros(self._buttons, dtype=bool)
        pressed[self._layout.deadman_button] = now_ns - self._key_ns < round(LEAD_S * 1e9)
        button = self._presses.popleft() if self._presses else None
        if button is not None:
            pressed[button] = True
        return GamepadSample(stamp_ns=now_ns, axes=self._axes, pressed=pressed)

    def _take(self, key: str, now_ns: int) -> None:
        if key in PUSHES or key in CHOICES:
            self._key_ns = now_ns
        if key == LET_GO:
            self._pushed_ns = self._key_ns = -(10**18)
        elif key in PUSHES:
            stick, push = PUSHES[key]
            self._axes = np.zeros_like(self._axes)
            self._axes[getattr(self._layout, f"{stick}_axis")] = push
            self._pushed_ns = now_ns
        elif key in CHOICES:  # down and up again, or two of them would look like one
            self._presses += [getattr(self._layout, f"{CHOICES[key]}_button"), None]
