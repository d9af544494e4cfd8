"""`hand setup` mends the motors of a whole hand where they are, and `hand accept` needs somebody who answers."""

import pytest

from dexterity_ros.bringup import acceptance
from dexterity_ros.bringup.acceptance import run_acceptance
from dexterity_ros.bringup.acceptance_rig import Rig
from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.bringup.motor_setup import mend_whole_hand
from dexterity_ros.bringup.person import AgreeingPerson
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort


@pytest.fixture
def port(emulated):
    return VirtualPort(emulated)


@pytest.fixture
def open_bus(port):
    return lambda: NativeBus(port, timeout_s=0.01)


def test_what_another_program_changed_is_stored_again_and_said(leap, emulated, open_bus):
    for name, value in (("homing_offset", 77), ("shutdown", 1), ("status_return_level", 0), ("torque_enable", 1)):
        emulated.motors[3].set(name, value)
    emulated.motors[5].set("operating_mode", 3)
    assert mend_whole_hand(leap, open_bus) == [
        "motor 3 (if_dip): homing_offset 77 -> 0, shutdown 1 -> 52",
        "motor 4 (mf_rot): operating_mode 3 -> 5",
    ]
    assert mend_whole_hand(leap, open_bus) == [] and not emulated.motors[3].torque
    assert ManualHand(leap, open_bus, VirtualPort(emulated)).driver.connect() == []


def test_a_motor_that_does_not_let_itself_be_mended_is_named(leap, emulated, open_bus):
    emulated.motors[3].set("homing_offset", 77)
    emulated.motors[3].eeprom_locked = True
    with pytest.raises(HandError, match="motor 3: homing_offset = 0 was refused with error 7"):
        mend_whole_hand(leap, open_bus)


@pytest.mark.parametrize("change", [("id", 77), ("model_number", 1020), ("baud_rate", 3)])
def test_a_hand_that_is_not_whole_is_left_as_it_is(leap, emulated, open_bus, change):
    emulated.motors[3].set(*change)
    emulated.motors[5].set("operating_mode", 3)
    assert mend_whole_hand(leap, open_bus) is None and emulated.motors[5].get("operating_mode") == 3


def test_an_acceptance_without_anybody_to_answer_ends_limp_in_one_line(leap, emulated, open_bus, port, monkeypatch):
    def nobody(_question):
        raise EOFError

    untimed = tuple(step for step in acceptance._STEPS if step[0] != "bus rate")  # this one depends on the machine
    monkeypatch.setattr(acceptance, "_STEPS", untimed)
    manual = ManualHand(leap, open_bus, port)
    rig = Rig(
        manual=manual,
        open_bus=open_bus,
        clock=port,
        ask=nobody,
        person=AgreeingPerson(),
        kill_holding=lambda: None,
        hold_s=1.0,
    )
    said = []
    results = run_acceptance(rig, said.append)
    assert results == said and [r.ok for r in results] == [True, True, False]
    assert results[-1].said == "nobody can answer: the input is closed; run it in a terminal"
    assert not any(motor.torque for motor in emulated.motors)
