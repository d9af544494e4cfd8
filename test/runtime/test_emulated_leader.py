"""The second emulated hand of `demo --leader`: another process opens it, a person moves it, it ends when asked."""

import time
from pathlib import Path

import numpy as np
import pytest

from dexterity_ros.contracts.errors import DexterityError, Fault
from dexterity_ros.drivers.open import hand_on_port
from dexterity_ros.runtime.emulated_leader import EmulatedLeader
from dexterity_ros.runtime.leader_hand import LeaderHand


def led(leader):
    """What a leader wants until it has moved every joint by 0.05 rad, (k, n); given up after 30 s."""
    end_s, said = time.monotonic() + 30.0, []
    while time.monotonic() < end_s and not (said and (np.ptp(said, axis=0) > 0.05).all()):
        if not isinstance(wanted := leader.step(time.monotonic_ns()), Fault):
            said.append(wanted)
        time.sleep(0.02)
    return np.array(said)


@pytest.mark.realtime
def test_what_a_person_does_with_it_is_read_through_its_port(leap, tmp_path):
    port = tmp_path / "leader.sock"
    with EmulatedLeader("leap", port):
        leader = LeaderHand(hand_on_port(leap, str(port), current_limit_a=0.0), leap)
        wanted = led(leader)
        assert len(wanted) >= 10 and (np.ptp(wanted, axis=0) > 0.05).all()
        np.testing.assert_allclose(wanted, np.broadcast_to(leap.home_pos_rad, wanted.shape), atol=0.16)
    assert isinstance(leader.step(time.monotonic_ns()), Fault)
    leader.close()
    assert not port.exists()


def test_a_second_one_on_the_same_port_is_refused(tmp_path):
    port = tmp_path / "leader.sock"
    with EmulatedLeader("leap", port), pytest.raises(DexterityError, match="in use"):
        EmulatedLeader("leap", port)


def test_a_hand_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DexterityError, match=r"dclaw"):
        EmulatedLeader("paw", Path("/tmp/nowhere.sock"))
