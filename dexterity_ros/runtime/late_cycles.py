"""Control cycles that came too late: a busy machine, said in words."""

from dexterity_ros.contracts.errors import Fault, FaultCode

LATE_S = 0.08  # a cycle this long after the one before moves nothing; motors stop themselves after 0.1 s of silence
_BLAMED_S = 2.0  # a motor that stops itself this soon after a late cycle did so because of it


class LateCycles:
    """A stage: the time of every cycle in, a fault for a late one out."""

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._latest: tuple[int, float] | None = None

    def forget(self) -> None:
        """Begins anew: the next cycle is not late."""
        self._last_ns = self._latest = None

    def step(self, now_ns: int) -> tuple[Fault, ...]:
        """Returns a fault when this cycle came too long after the one before."""
        before, self._last_ns = self._last_ns, now_ns
        late_s = 0.0 if before is None else (now_ns - before) * 1e-9
        if late_s <= LATE_S:
            return ()
        self._latest = (now_ns, late_s)
        said = f"a control cycle came {late_s * 1e3:.0f} ms after the one before: the machine is busy"
        return (Fault(code=FaultCode.LOOP_LATE, detail=said),)

    def blamed(self, fault: Fault, now_ns: int) -> str:
        """Returns the fault as text, with a late cycle named where that made a motor's watchdog trip."""
        if fault.code is not FaultCode.MOTOR_RESET or self._latest is None:
            return str(fault)
        when_ns, late_s = self._latest
        if (now_ns - when_ns) * 1e-9 > _BLAMED_S:
            return str(fault)
        return f"{fault}; a control cycle had come {late_s * 1e3:.0f} ms late: the machine is busy"
