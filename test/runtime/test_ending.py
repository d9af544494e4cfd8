"""A process ends alike at Ctrl-C, `kill` and a closed terminal, once, and notices that who started it is dead."""

import os
import signal
import subprocess
import sys

import pytest

from dexterity_ros.runtime import ending

pytestmark = pytest.mark.realtime

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_every_way_of_asking_is_the_same(number):
    done = ending.end_event()
    os.kill(os.getpid(), number)
    assert done.wait(1.0)


def test_a_closed_terminal_ends_nothing_that_was_started_with_nohup():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    done = ending.end_event()
    os.kill(os.getpid(), signal.SIGHUP)
    assert not done.is_set() and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("second", SIGNALS)
def test_a_second_signal_does_not_interrupt_closing(second):
    asked = ending.interrupt_once()
    assert not asked()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), second)
    assert asked()


LOOK = """
import sys, time
from dexterity_ros.runtime.ending import Starter
starter = Starter()
print("looking", flush=True)
while not starter.gone():
    time.sleep(0.01)
    if select.select([sys.stdin], [], [], 0)[0]:
        print(sys.stdin.readline().strip(), flush=True)
print("gone", flush=True)
""".replace("import sys", "import select, sys")


def parent_of(child, *, threaded=False):
    """Returns a process that starts `child` (its pipes are the child's), says so, and sleeps; its id is in STARTER."""
    start = f"subprocess.Popen({[sys.executable, *child]!r})"
    if threaded:
        start = f"t = threading.Thread(target=lambda: {start}); t.start(); t.join()"
    name = f"os.environ['{ending.STARTER}'] = str(os.getpid())"
    code = f"import os, subprocess, threading, time; {name}; {start}; print('started', flush=True); time.sleep(60)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    parent = subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)
    assert parent.stdout.readline() == "started\n"
    return parent


def kill(process):
    process.kill()
    process.wait()


@pytest.mark.parametrize("threaded", [False, True])
def test_a_child_notices_that_its_parent_was_killed_and_takes_the_end_of_a_thread_for_nothing(threaded):
    parent = parent_of(["-c", LOOK], threaded=threaded)
    assert parent.stdout.readline() == "looking\n"
    print("still here", file=parent.stdin, flush=True)
    assert parent.stdout.readline() == "still here\n"
    kill(parent)
    assert parent.stdout.readline() == "gone\n"


def test_a_parent_that_was_stopped_watches_over_nothing_and_counts_as_gone():
    parent = parent_of(["-c", LOOK])
    assert parent.stdout.readline() == "looking\n"
    parent.send_signal(signal.SIGSTOP)
    assert parent.stdout.readline() == "gone\n"
    kill(parent)


def test_a_starter_that_died_before_its_child_looked_is_noticed():
    starter = subprocess.Popen([sys.executable, "-c", ""])
    starter.wait()
    environment = os.environ | {ending.STARTER: str(starter.pid)}
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, env=environment, timeout=30)
    assert done.stdout.split() == ["looking", "gone"]


def test_the_empty_loop_of_a_killed_demo_ends():
    parent = parent_of(["-m", "dexterity_ros.runtime.deadline_loop", "50"])
    kill(parent)
    assert parent.stdout.read().startswith('{"p50"')
