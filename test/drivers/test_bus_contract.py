"""Both backends do the same on the same emulated bus; each is the other's oracle."""

import time

import numpy as np
import pytest

pytest.importorskip("dynamixel_sdk")

from dexterity_ros.drivers.dynamixel.bus import BusLostError
from dexterity_ros.drivers.dynamixel.control_table import x_series
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.drivers.dynamixel.sdk_bus import SdkBus
from dexterity_ros.drivers.emulated.served_bus import ServedBus

pytestmark = pytest.mark.realtime

BAUD = 4_000_000
TIMEOUT_S = 0.05
REGISTERS = x_series()
PRESENT = (REGISTERS["present_current"].address, 10)


@pytest.fixture(params=[open_native, SdkBus], ids=["native", "sdk"])
def bus(request, pty):
    made = request.param(pty.path, BAUD, timeout_s=TIMEOUT_S)
    yield made
    made.close()


@pytest.fixture
def ids(emulated):
    return [motor.id for motor in emulated.motors]


def value(bus, motor_id, name):
    register = REGISTERS[name]
    return register.decode(bus.read(motor_id, register.address, register.size).data)


def write(bus, motor_id, name, number):
    register = REGISTERS[name]
    return bus.write(motor_id, register.address, register.encode(number))


def test_ping_tells_model_and_firmware(bus):
    reply = bus.ping(5)
    assert reply.ok and not reply.alert
    assert (int.from_bytes(reply.data[:2], "little"), reply.data[2]) == (1240, 52)


def test_a_missing_motor_is_none_and_the_next_transaction_works(bus):
    assert bus.ping(99) is None
    assert bus.ping(5) is not None


def test_writes_are_acknowledged_and_read_back(bus):
    assert write(bus, 3, "led", 1).ok
    assert value(bus, 3, "led") == 1


def test_refusals_carry_their_reason(bus):
    assert write(bus, 3, "present_position", 1).error == 7
    assert write(bus, 3, "profile_velocity", 32768).error == 4
    assert write(bus, 3, "operating_mode", 3).ok
    assert write(bus, 3, "goal_position", 9999).error == 6
    write(bus, 3, "torque_enable", 1)
    assert write(bus, 3, "return_delay_time", 5).error == 7


def test_sync_read_returns_every_motor_in_the_order_asked(bus, ids, emulated):
    order = ids[::-1]
    reply = bus.sync_read(order, *PRESENT)
    assert reply.valid.all() and not reply.alerts.any()
    position = reply.data[:, 6:10].copy().view("<i4")[:, 0]
    by_id = {motor.id: motor.get("present_position") for motor in emulated.motors}
    assert position.tolist() == [by_id[i] for i in order]


def test_one_missing_motor_spoils_only_its_own_row(bus, ids):
    reply = bus.sync_read([*ids[:3], 77, *ids[3:]], *PRESENT)
    assert reply.valid.tolist() == [True] * 3 + [False] + [True] * (len(ids) - 3)


def test_fast_sync_read_returns_the_same_as_sync_read(bus, ids, emulated):
    emulated.motors[3].latch(1 << 5)
    plain, fast = bus.sync_read(ids, *PRESENT), bus.fast_sync_read(ids, *PRESENT)
    assert fast.valid.all() and fast.alerts.tolist() == [i == 3 for i in range(len(ids))]
    np.testing.assert_array_equal(fast.data, plain.data)


def test_in_a_fast_sync_read_nothing_behind_a_missing_motor_is_believed(bus, ids, emulated):
    emulated.connected[5] = False
    reply = bus.fast_sync_read(ids, *PRESENT)
    assert not reply.valid[5:].any()
    assert bus.sync_read(ids, *PRESENT).valid.sum() == len(ids) - 1


def test_bulk_read_returns_different_registers_of_different_motors(bus, ids, emulated):
    temperature, position = REGISTERS["present_temperature"], REGISTERS["present_position"]
    asked = [(ids[0], temperature.address, 1), (77, position.address, 4), (ids[4], position.address, 4)]
    first, absent, last = bus.bulk_read(asked)
    assert absent is None
    assert temperature.decode(first.data) == emulated.motors[0].get("present_temperature")
    assert position.decode(last.data) == emulated.motors[4].get("present_position")


def test_bytes_that_look_like_a_header_survive_both_ways(bus, ids, emulated):
    header_like, place = b"\xff\xff\xfd\x00", emulated.motors[0].memory.registers["indirect_data_1"].address
    assert bus.write(ids[0], place, header_like).ok
    assert emulated.motors[0].read(place, 4) == (0, header_like)
    assert bus.read(ids[0], place, 4).data == header_like
    rows = np.frombuffer(header_like * len(ids), dtype=np.uint8).reshape(len(ids), 4)
    bus.sync_write(ids, place, rows)
    reply = bus.sync_read(ids, place, 4)
    assert reply.valid.all() and (reply.data == rows).all()


def test_the_hardware_alert_is_seen_in_every_kind_of_answer(bus, ids, emulated):
    emulated.motors[2].latch(1 << 5)
    assert bus.ping(ids[2]).alert
    reply = bus.sync_read(ids, *PRESENT)
    assert reply.alerts.tolist() == [i == 2 for i in range(len(ids))] and reply.valid.all()
    assert bus.reboot(ids[2]) is not None
    back = next(reply for _ in range(20) if (reply := bus.ping(ids[2])) is not None)
    assert not back.alert


def test_at_another_baud_rate_nobody_answers(request, pty, bus):
    bus.close()
    made = type(bus) is SdkBus and SdkBus(pty.path, 57600, timeout_s=TIMEOUT_S)
    other = made or open_native(pty.path, 57600, timeout_s=TIMEOUT_S)
    assert other.ping(5) is None
    other.close()


def test_a_pulled_cable_is_a_lost_bus_at_once_and_every_time(bus, pty):
    pty.close()
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(BusLostError):
            bus.ping(5)
        assert time.monotonic() - began < 1.0
    bus.close()


def test_a_port_that_is_not_there_is_named(bus):
    with pytest.raises(BusLostError, match="ttyNOPE"):
        (SdkBus if isinstance(bus, SdkBus) else open_native)("/dev/ttyNOPE", BAUD)


def test_native_scan_finds_all_motors(emulated):
    served = ServedBus(emulated)
    bus = open_native(served.path, BAUD)
    assert bus.scan() == {motor.id: 1240 for motor in emulated.motors}
    bus.close()
    served.close()
