"""How a process is asked to end: Ctrl-C, `kill`, a closed terminal, all alike; and the death of who started it."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

STARTER = "DEXTERITY_STARTER"  # environment variable: process id of the command that started this process
_GONE = ("", "T", "Z", "X")  # no such process, stopped, dead but not yet taken note of
INTERRUPTED = "interrupted"  # why something ended that was asked to


def on_end(ask: Callable[[], object]) -> None:
    """Calls `ask` at SIGINT, SIGTERM and SIGHUP, each time; SIGHUP stays ignored where `nohup` had it ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue
        signal.signal(number, lambda *_: ask())


def end_event() -> threading.Event:
    """Returns an event that is set when this process is asked to end."""
    done = threading.Event()
    on_end(done.set)
    return done


def interrupt_once() -> Callable[[], bool]:
    """Makes the first such signal raise KeyboardInterrupt. Later ones do nothing: closing is not interrupted.

    Returns whether there was one, for loops that must not go on: Python drops an exception that meets a destructor.
    """
    asked = False

    def ask() -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    on_end(ask)
    return lambda: asked


class Starter:
    """Who started this process, to notice their death.

    The kernel's own notice (PR_SET_PDEATHSIG) says nothing when the parent was dead before it was asked for, and comes
    also when only a thread of the parent has ended. A child whose parent dies gets another parent: that is compared.
    STARTER names the command above a wrapper such as `xterm -e`, and one that died while this process was starting.
    One that is stopped (Ctrl-Z, SIGSTOP) watches over nothing either, and counts as dead.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._watched = {pid for pid in (self._parent, int(os.environ.get(STARTER, 0))) if pid > 1}

    def gone(self) -> bool:
        """Whether they are dead or stopped. Who has no starter but process 1 (a service) is never told so."""
        return os.getppid() != self._parent or any(_state(pid) in _GONE for pid in self._watched)


def _state(pid: int) -> str:
    """Returns a process's state as the kernel's letter; empty when there is none. Source: proc_pid_stat(5)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
