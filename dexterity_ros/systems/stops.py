"""Every stop there is, asked for at the same time: none waits for another, each has its own time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import Trigger

from dexterity_ros.ros.asking import Asking
from dexterity_ros.ros.name_lock import NameLock
from dexterity_ros.runtime.hand_tick import Phase
from dexterity_ros.systems.operator import Operator

HAND, SUPERVISOR, DEACTIVATE = "hand_node/estop", "safety_node/estop", "hand_node/change_state"
_FIND_S = 2.0  # a service that was not found by then is not there
_BUSY_S = 5.0  # or by then, where its node runs on this machine, which may have much to do
_ANSWER_S = 3.0
_OFF = (Phase.LIMP.value, Phase.STOPPED.value)  # as hand/state begins when no motor has torque
_LAST_RESORT_S = 0.5  # the hand's own stop has this long before it is deactivated as well


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """What came of it. said: by service. torque_off: whether the hand itself said so."""

    said: dict[str, str]
    torque_off: bool


class _Stop:
    """One service on its way: looked for, asked, answered or given up."""

    def __init__(self, client: Any, request: Any, read: Callable[[Any], tuple[bool, str]], node_name: str) -> None:
        """read: returns (granted, what was said) of an answer. node_name: who offers it."""
        self._asking, self._read = Asking(client, request), read
        self._began_s = time.monotonic()
        self._runs = NameLock(node_name).held()
        self.granted = False
        self.said = ""

    @property
    def asked_in_vain(self) -> bool:
        """Whether it was asked, and refused or is still silent after a while."""
        if self._asking.asked_s is None:
            return False
        return not self.granted if self.said else time.monotonic() - self._asking.asked_s > _LAST_RESORT_S

    def step(self) -> bool:
        """Goes on. Returns whether it is over."""
        if not self.said:
            if self._asking.step():
                self.granted, self.said = self._read(self._asking.answer)
            else:
                self.said = self._silence()
        return bool(self.said)

    def _silence(self) -> str:
        """Returns why it is given up, or nothing as long as it is not."""
        asked_s = self._asking.asked_s
        limit_s = _ANSWER_S if asked_s is not None else _BUSY_S if self._runs else _FIND_S
        waited_s = time.monotonic() - (asked_s or self._began_s)
        if waited_s <= limit_s:
            return ""
        self._asking.give_up()
        if asked_s is None and not self._runs:
            return "not there"
        return f"no answer within {limit_s:.0f} s" + (", but its process lives" if self._runs else "")


def stop_hand(operator: Operator, tell: Callable[[str, str], None] = lambda _name, _said: None) -> Stopped:
    """Switches the torque off through whichever node answers; hand_node is also deactivated when its stop says nothing.

    tell: called with (service, what came of it) as soon as each is over; a frozen node keeps none of the others back.
    """
    stops = {name: _trigger(operator, name) for name in (HAND, SUPERVISOR)}
    waiting = dict(stops)
    while waiting:
        operator.spin(0.01)
        for name in [name for name, stop in waiting.items() if stop.step()]:
            tell(name, waiting.pop(name).said)
        if DEACTIVATE not in stops and stops[HAND].asked_in_vain:
            stops[DEACTIVATE] = waiting[DEACTIVATE] = _deactivation(operator)
    return Stopped(said={name: stop.said for name, stop in stops.items()}, torque_off=_torque_off(operator, stops))


def _torque_off(operator: Operator, stops: dict[str, _Stop]) -> bool:
    if stops[HAND].granted:
        return True
    if DEACTIVATE not in stops or not stops[DEACTIVATE].granted:
        return False
    end = time.monotonic() + _ANSWER_S
    while not operator.hand_state.startswith(_OFF) and time.monotonic() < end:
        operator.spin(0.05)
    return operator.hand_state.startswith(_OFF)


def _trigger(operator: Operator, name: str) -> _Stop:
    client = operator.node.create_client(Trigger, name)
    return _Stop(client, Trigger.Request(), lambda answer: (answer.success, answer.message), name.partition("/")[0])


def _deactivation(operator: Operator) -> _Stop:
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    client = operator.node.create_client(ChangeState, DEACTIVATE)
    return _Stop(client, request, lambda answer: (answer.success, _outcome(answer.success)), "hand_node")


def _outcome(granted: bool) -> str:
    return "deactivated" if granted else "was not active"
