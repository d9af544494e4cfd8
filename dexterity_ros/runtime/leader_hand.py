"""A second hand without torque: a person moves its fingers, and its joints lead."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ports import HandPort

_AGAIN_S = 1.0  # between two attempts to connect


class LeaderHand:
    """Only reads; what it writes is torque off. It is connected, and connected again, while it is asked."""

    def __init__(self, port: HandPort, follower: HandSpec) -> None:
        """port: of a hand of the follower's model."""
        self._port, self._follower = port, follower
        self._connected = self._limp = False
        self._next_ns = 0

    def step(self, now_ns: int) -> Floats | Fault:
        """Returns its joints inside the follower's limits, (n,) rad, or why they are not known. now_ns: monotonic."""
        if not self._connected and (fault := self._connect(now_ns)) is not None:
            return fault
        sample = self._port.read(now_ns)
        if isinstance(sample, Fault):
            self._limp = self._limp and sample.code is not FaultCode.TORQUE_FOUND
            return sample
        if not self._limp and (fault := self._take_torque()) is not None:
            return fault
        return np.clip(sample.pos_rad, self._follower.lower_rad, self._follower.upper_rad)

    def values(self) -> dict[str, str]:
        """Returns what diagnostics say of it: nothing but what `step` does."""
        return {}

    def close(self) -> None:
        """Closes the port; its motors have no torque."""
        self._port.close()

    def _connect(self, now_ns: int) -> Fault | None:
        if now_ns < self._next_ns:
            return Fault(code=FaultCode.HAND_NOT_READY, detail="the leader's motors are not connected; trying again")
        self._next_ns = now_ns + round(_AGAIN_S * 1e9)
        problems = self._port.connect()
        if problems:
            self._port.close()
            return Fault(code=FaultCode.HAND_NOT_READY, detail=f"the leader: {'; '.join(problems)}")
        self._connected = True
        return None

    def _take_torque(self) -> Fault | None:
        fault = self._port.set_torque(False)
        self._limp = fault is None
        return fault
