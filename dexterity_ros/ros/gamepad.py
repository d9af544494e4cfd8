"""A gamepad on the topic joy as what leads the hand."""

from collections.abc import Callable

from rclpy.node import Node

from dexterity_ros import wire
from dexterity_ros.action.gamepad import Gamepad
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode, WireError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.ros.inbox import Inbox
from dexterity_ros.ros.topics import refused

_KEYS = ("joy", "joint_states")


class GamepadTopics:
    """Reads gamepad and joints; what is silent, or not what its topic promises, counts as released."""

    def __init__(self, node: Node, hand: HandSpec, gamepad: Gamepad, say: Callable[[str], None]) -> None:
        """say: tells the person which joint was chosen."""
        self._node, self._gamepad, self._say = node, gamepad, say
        self._joints = wire.JointReader(hand.joint_names)
        self._inbox = Inbox(node, _KEYS)

    def step(self, now_ns: int) -> Floats | Fault | None:
        """Returns the wanted joints, (n,) rad; None while the dead-man button is not held."""
        wanted, before = self._step(now_ns), self._gamepad.joint
        if isinstance(wanted, Fault):
            self._gamepad.release()
        if self._gamepad.joint != before:
            self._say(f"the stick moves {self._gamepad.joint}")
        return wanted

    def _step(self, now_ns: int) -> Floats | Fault | None:
        if faults := refused(self._node):
            return faults[0]
        ages_s = self._inbox.ages_s()
        for key in _KEYS:
            age_s, limit_s = ages_s[key], TOPICS[key].max_age_s or 0.0
            if age_s is None or age_s > limit_s:
                return Fault(code=FaultCode.SOURCE_STALE, detail=f"{TOPICS[key].name}: nothing for {limit_s:g} s")
        try:
            pad = wire.gamepad_sample(self._inbox["joy"])
            measured = self._joints.sample(self._inbox["joint_states"])
        except WireError as error:
            return Fault(code=FaultCode.SOURCE_INVALID, detail=str(error))
        return self._gamepad.step(pad, measured.pos_rad, now_ns)

    def values(self) -> dict[str, str]:
        """Returns what diagnostics say of it: the joint that a stick moves."""
        return {"joint": self._gamepad.joint}

    def close(self) -> None:
        """Nothing is held."""
