"""Of many faults, the one that is acted on is the first that asks for it."""

import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.safety.faults import REACTIONS, Reaction, first_holding, first_stopping

WARNS = Fault(code=FaultCode.BUS_SLOW, detail="12 ms")
HOLDS = Fault(code=FaultCode.LOOP_LATE, detail="30 ms")
STOPS = Fault(code=FaultCode.ESTOP, detail="pressed")


def test_a_warning_neither_holds_nor_stops():
    assert first_holding([WARNS]) is first_stopping([WARNS]) is first_holding([]) is first_stopping([]) is None


def test_a_hold_takes_no_torque_and_a_stop_holds_too():
    assert first_holding([WARNS, HOLDS, STOPS]) is HOLDS and first_stopping([WARNS, HOLDS, STOPS]) is STOPS
    assert first_holding([WARNS, STOPS, HOLDS]) is STOPS and first_stopping([WARNS, HOLDS]) is None


@pytest.mark.parametrize("code", FaultCode)
def test_what_a_fault_does_is_what_the_one_table_says(code):
    fault = Fault(code=code, detail="")
    assert (first_holding([fault]) is fault) == (REACTIONS[code] in (Reaction.HOLD, Reaction.STOP))
    assert (first_stopping([fault]) is fault) == (REACTIONS[code] is Reaction.STOP)
