"""A process that dies before it is ready is an error that says so, never a traceback of the pipe."""

import multiprocessing
import os

import pytest

from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.runtime.child import first_word


def test_a_process_that_dies_is_named_with_its_exit_status():
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=os._exit, args=(3,), daemon=True)
    process.start()
    theirs.close()
    with pytest.raises(DexterityError, match="the leader at /tmp/x.sock ended with status 3 before it was ready"):
        first_word(process, ours, "the leader at /tmp/x.sock")
    assert not process.is_alive()
