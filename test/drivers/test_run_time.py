"""Time in which the emulator did not run is no silence of the host; a silent host still trips the watchdogs."""

from dexterity_ros.drivers.emulated.motor import WATCHDOG_TRIPPED
from dexterity_ros.drivers.emulated.run_time import RunTime

TURN_S = 0.005
WATCHDOG_UNITS = 5  # of 20 ms


class Server:
    """The loop of a served bus, in time that is an argument."""

    def __init__(self, emulated):
        self.emulated, self.run_time, self.now_s = emulated, RunTime(), 10.0
        for motor in emulated.motors:
            motor.set("torque_enable", 1)
            motor.set("bus_watchdog", WATCHDOG_UNITS)
            motor.heard(self.now_s)
        self.run_time.reached(self.now_s, TURN_S)

    def turn(self, after_s=TURN_S):
        """The thread comes round after a while, which is longer where it was starved, and finds the host silent."""
        self.now_s += after_s
        lost_s = self.run_time.reached(self.now_s, TURN_S)
        if lost_s > 0.0:
            self.emulated.forgive(lost_s)
        self.emulated.update(self.now_s)

    @property
    def tripped(self):
        return any(motor.get("bus_watchdog") == WATCHDOG_TRIPPED for motor in self.emulated.motors)


def test_a_silent_host_trips_the_watchdogs_after_100_ms(emulated):
    server = Server(emulated)
    for _ in range(19):
        server.turn()
    assert not server.tripped
    for _ in range(2):
        server.turn()
    assert server.tripped and server.emulated.watchdog_trip_ms <= 106.0


def test_a_starved_emulator_does_not_trip_them(emulated):
    server = Server(emulated)
    for _ in range(10):
        server.turn()
    server.turn(after_s=3.0)
    assert not server.tripped


def test_a_host_that_stays_silent_after_the_emulator_was_starved_trips_them_after_what_was_left(emulated):
    server = Server(emulated)
    for _ in range(10):
        server.turn()
    server.turn(after_s=3.0)
    for _ in range(8):
        server.turn()
    assert not server.tripped
    for _ in range(3):
        server.turn()
    assert server.tripped


def test_many_short_starvations_are_each_forgiven(emulated):
    server = Server(emulated)
    for _ in range(15):
        server.turn(after_s=0.040)
    assert not server.tripped
    assert server.run_time.figures() == {"count": 15, "longest_ms": 35.0}


def test_what_any_scheduler_does_is_no_starvation(emulated):
    server = Server(emulated)
    for _ in range(20):
        server.turn(after_s=0.014)
    assert server.tripped and server.run_time.count == 0
