"""A gamepad leads: its sticks move one joint, or many together, as fast as they are pushed, while a button is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import Checked, Range, shown
from dexterity_ros.contracts.samples import GamepadSample

_PAUSE_S = 0.1  # a longer pause between two steps moves the hand no further than this
_PLACE = Range(0, 63, "the place of an axis or a button in sensor_msgs/Joy")
_SHARE = Range(-1.0, 1.0, "how far a joint moves while the stick asks for 1 rad")


@dataclass(frozen=True, kw_only=True)
class GamepadLayout(Checked):
    """What axes and buttons are for, by their places in sensor_msgs/Joy. speed_rad_s: of a stick pushed all the way.

    deadman_button: nothing is commanded while it is not held. previous_button, next_button: choose the joint that
    joint_axis moves. closing_axis, sideways_axis: move the joints of a synergy; down closes, left is positive.
    """

    deadman_button: Annotated[int, _PLACE]
    previous_button: Annotated[int, _PLACE]
    next_button: Annotated[int, _PLACE]
    joint_axis: Annotated[int, _PLACE]
    closing_axis: Annotated[int, _PLACE]
    sideways_axis: Annotated[int, _PLACE]
    speed_rad_s: Annotated[float, Range(0.01, 3.0, "a person has to follow it with their eyes")]

    def __post_init__(self) -> None:
        super().__post_init__()
        for kind, places in (("button", self.buttons), ("axis", self.axes)):
            if len(set(places)) < len(places):
                raise ConfigError(f"one {kind} is for two things: {list(places)}")

    @property
    def buttons(self) -> tuple[int, ...]:
        """Places of the buttons in use."""
        return self.deadman_button, self.previous_button, self.next_button

    @property
    def axes(self) -> tuple[int, ...]:
        """Places of the axes in use."""
        return self.joint_axis, self.closing_axis, self.sideways_axis


@dataclass(frozen=True, kw_only=True)
class Synergies(Checked):
    """Joints of a hand that move together, by name, with their shares. closing: a grasp. sideways: across it.

    A few such directions account for most of the posture of human hands that grasp: two for more than 80 %.
    Source: Santello, Flanders, Soechting, Postural hand synergies for tool use, J. Neurosci. 18 (1998).
    """

    closing: Annotated[dict[str, float], _SHARE]
    sideways: Annotated[dict[str, float], _SHARE]


class Gamepad:
    """A stage: what is pressed in, the wanted joints out; it begins where the hand stands when the button goes down."""

    def __init__(self, hand: HandSpec, layout: GamepadLayout, synergies: Synergies | None) -> None:
        """synergies: of this hand; None: only single joints move. Raises ConfigError for joints of another hand."""
        self._hand, self._layout = hand, layout
        none: dict[str, float] = {}
        self._closing = _direction(hand, none if synergies is None else synergies.closing)
        self._sideways = _direction(hand, none if synergies is None else synergies.sideways)
        self._chosen = 0
        self._pressed_before: tuple[bool, ...] = (True, True)  # what is down at first was pressed for something else
        self._target: Floats | None = None
        self._stepped_ns = 0

    @property
    def joint(self) -> str:
        """Name of the joint that joint_axis moves."""
        return self._hand.joint_names[self._chosen]

    def release(self) -> None:
        """As if the dead-man button had been released: nothing is known of the gamepad."""
        self._target = None

    def step(self, pad: GamepadSample, measured_rad: Floats, now_ns: int) -> Floats | Fault | None:
        """Returns the wanted joints, (n,) rad; None while the dead-man button is not held.

        measured_rad: (n,). Returns a fault for a gamepad that has fewer buttons or axes than the layout names.
        """
        if (fault := self._lacking(pad)) is not None:
            self.release()
            return fault
        self._choose(pad)
        if not pad.pressed[self._layout.deadman_button]:
            self.release()
            return None
        if self._target is None:
            self._target, self._stepped_ns = measured_rad, now_ns
        elapsed_s = min(max(now_ns - self._stepped_ns, 0) * 1e-9, _PAUSE_S)
        moved = self._target + self._layout.speed_rad_s * elapsed_s * self._push(pad)
        self._target, self._stepped_ns = np.clip(moved, self._hand.lower_rad, self._hand.upper_rad), now_ns
        return self._target.copy()

    def _lacking(self, pad: GamepadSample) -> Fault | None:
        for kind, places, there in (
            ("button", self._layout.buttons, len(pad.pressed)),
            ("axis", self._layout.axes, len(pad.axes)),
        ):
            if max(places) >= there:
                said = f"the gamepad has no {kind} {max(places)}, it has {there}; another layout is needed"
                return Fault(code=FaultCode.MESSAGE_REFUSED, detail=said)
        return None

    def _choose(self, pad: GamepadSample) -> None:
        pressed = tuple(bool(pad.pressed[i]) for i in (self._layout.previous_button, self._layout.next_button))
        back, on = (now and not before for now, before in zip(pressed, self._pressed_before, strict=True))
        self._chosen = (self._chosen + int(on) - int(back)) % len(self._hand.joints)
        self._pressed_before = pressed

    def _push(self, pad: GamepadSample) -> Floats:
        """Returns how the sticks are pushed, in joints, (n,)."""
        joint = np.zeros(len(self._hand.joints))
        joint[self._chosen] = pad.axes[self._layout.joint_axis]
        closing, sideways = pad.axes[self._layout.closing_axis], pad.axes[self._layout.sideways_axis]
        return np.clip(joint - closing * self._closing + sideways * self._sideways, -1.0, 1.0)


def _direction(hand: HandSpec, shares: Mapping[str, float]) -> Floats:
    """Returns the shares in policy order, (n,). Raises ConfigError."""
    if unknown := sorted(set(shares) - set(hand.joint_names)):
        raise ConfigError(f"synergies name the joints {shown(unknown)}; {hand.name} has {list(hand.joint_names)}")
    return np.array([shares.get(name, 0.0) for name in hand.joint_names])
