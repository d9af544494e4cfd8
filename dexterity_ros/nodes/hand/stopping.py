"""How hand_node answers an emergency stop, and how it ends: nothing is said before the motors confirm it."""

import time
from collections.abc import Callable

from dexterity_ros.contracts.ports import HandPort
from dexterity_ros.runtime.hand_control import HandControl
from dexterity_ros.runtime.hand_tick import Phase

_ANSWER_S = 0.3  # an emergency stop waits this long for the motors to confirm that their torque is off
_LAST_TRY_S = 1.0  # at the end of the process, torque off is repeated for this long


def emergency_stop(control: HandControl | None) -> tuple[bool, str]:
    """Asks the control loop to stop. Returns (whether the torque is off, what to say)."""
    if control is None:
        return True, "hand_node is not connected to any motor"
    control.stop("emergency stop")
    end = time.monotonic() + _ANSWER_S
    while control.phase is not Phase.STOPPED and time.monotonic() < end:
        time.sleep(0.002)
    if control.phase is Phase.STOPPED:
        return True, "torque off; disarm, then arm, to go on"
    return False, control.state


def last_torque_off(control: HandControl | None, port: HandPort, now_ns: Callable[[], int]) -> str | None:
    """Switches the torque off when no loop does so any more. Returns which motors did not confirm it, or None."""
    end = time.monotonic() + _LAST_TRY_S
    while control is not None and (fault := control.deactivate()) is not None:
        if time.monotonic() > end:
            return fault.detail
        port.read(now_ns())  # opens a lost port again
    return None
