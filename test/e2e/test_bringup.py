"""Bring-up commands on an emulated hand behind a pseudo-terminal, as typed."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time

import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def dexterity(*arguments, cwd, status=0):
    command = [sys.executable, "-m", "dexterity_ros.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd)
    assert done.returncode == status, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


@contextlib.contextmanager
def served(*options):
    """An emulated hand in a process of its own; gives its port."""
    command = [sys.executable, "-m", "dexterity_ros.drivers.emulated.serve", "--hand", "leap", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)


@pytest.fixture
def serve():
    with contextlib.ExitStack() as running:
        yield lambda *options: running.enter_context(served(*options))


@pytest.fixture(scope="module")
def port():
    """Of one hand that is held and let go again and again."""
    with served() as path:
        yield path


def test_read_jog_and_accept_on_an_emulated_hand(serve, tmp_path):
    port = serve()
    dexterity("hand", "read", "--port", port, "--json", "r.json", cwd=tmp_path)
    joints = json.loads((tmp_path / "r.json").read_text())["joints"]
    assert len(joints) == 16 and joints["th_ipl"]["motor"] == 15
    dexterity("hand", "jog", "if_pip", "--by-rad", 0.2, "--seconds", 0.2, "--port", port, cwd=tmp_path)
    dexterity("hand", "read", "--port", port, "--json", "s.json", cwd=tmp_path)
    moved = json.loads((tmp_path / "s.json").read_text())["joints"]["if_pip"]["pos_rad"] - joints["if_pip"]["pos_rad"]
    assert moved == pytest.approx(0.2, abs=0.01)
    said = dexterity("hand", "accept", "--yes", "--seconds", 1, "--port", port, "--json", "a.json", cwd=tmp_path)
    assert "accepted; wrote" in said and json.loads((tmp_path / "a.json").read_text())["accepted"]
    assert "kill -9" in (tmp_path / "acceptance.md").read_text()


def torques(port, leap):
    """Returns how many motors have torque."""
    from dexterity_ros.drivers.dynamixel.control_table import x_series
    from dexterity_ros.drivers.dynamixel.native_bus import open_native

    bus, register = open_native(port, leap.drive.baud_rate), x_series()["torque_enable"]
    answers = [bus.read(motor_id, register.address, register.size) for motor_id in leap.motor_ids]
    bus.close()
    assert all(answer is not None and answer.ok for answer in answers)
    return sum(register.decode(answer.data) for answer in answers)


def _own_terminal():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under nohup
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def in_terminal(*arguments):
    """Returns a command that runs in a terminal of its own, and the other end of that terminal."""
    master, slave = os.openpty()
    command = [sys.executable, "-u", "-m", "dexterity_ros.cli.main", *map(str, arguments)]
    started = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_own_terminal,  # its only thread is the one that forks
    )  # fmt: skip
    os.close(slave)
    return started, master


def read_until(master, text):
    seen = b""
    while text not in seen:
        seen += os.read(master, 4096)


@pytest.mark.parametrize("action", [("hold",), ("home",), ("jog", "if_pip")])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, "closed terminal"])
def test_however_a_held_hand_is_ended_it_lets_go(port, leap, action, how):
    holding, master = in_terminal("hand", *action, "--port", port)
    read_until(master, b"holding")
    if how == "closed terminal":
        os.close(master)
    else:
        holding.send_signal(how)
        time.sleep(0.1)
        holding.send_signal(signal.SIGTERM)  # a second one while it lets go interrupts nothing
    status = holding.wait(timeout=10)
    assert torques(port, leap) == 0
    assert how == "closed terminal" or status == 0


def test_a_hand_that_is_killed_while_it_eases_lets_go_at_whatever_moment(serve, leap):
    port = serve()
    for delay_s in np.linspace(0.0, 0.3, 6):
        moving, master = in_terminal("hand", "jog", "if_pip", "--by-rad", 1.0, "--port", port)
        read_until(master, b"if_pip: to")
        time.sleep(delay_s)
        moving.terminate()
        moving.wait(timeout=10)
        assert torques(port, leap) == 0, delay_s
        os.close(master)


def test_an_unknown_joint_and_a_port_that_is_not_there_are_named(tmp_path):
    assert "it has ['if_mcp'" in dexterity("hand", "jog", "thumb", "--port", "/dev/x", cwd=tmp_path, status=2)
    assert "/dev/nope" in dexterity("hand", "read", "--port", "/dev/nope", cwd=tmp_path, status=2)


def test_doctor_is_content_with_a_good_bus(serve, tmp_path):
    said = dexterity("doctor", "--port", serve(), cwd=tmp_path)
    assert "all 16 of leap at 4000000 baud" in said


def test_doctor_names_the_latency_timer(serve, tmp_path):
    said = dexterity("doctor", "--port", serve("--usb-latency-ms", "16"), cwd=tmp_path, status=1)
    assert "latency_timer" in said and "fix read and write rate" in said


def test_doctor_finds_motors_at_another_baud_rate(serve, tmp_path):
    said = dexterity("doctor", "--port", serve("--baud", "1000000"), cwd=tmp_path, status=1)
    assert "16 at 1000000 baud" in said and "dexterity hand setup" in said
