"""One browser commands, for as long as its connection lasts; guessing becomes slow."""

import pytest

from dexterity_ros.safety.supervisor import READY_S
from dexterity_ros.viewer.authority import Authority, new_secret

SECRET = new_secret()


def holding(client=7):
    authority = Authority(SECRET)
    assert authority.claim(client, SECRET, 0.0)[0]
    return authority


def test_a_secret_has_128_bits_and_is_never_the_same():
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(bytes.fromhex(new_secret())) == 16


def test_nobody_holds_the_right_at_first_and_then_one_who_knows_the_secret():
    authority = Authority(SECRET)
    assert authority.holder is None
    assert authority.claim(7, f" {SECRET}\n", 0.0)[0]
    assert authority.holder == 7


@pytest.mark.parametrize(
    "entered",
    ["", SECRET[:-1], SECRET + "0", "Grüße", "\x00"],
    ids=["nothing", "too short", "too long", "letters", "zero"],
)
def test_anything_else_is_refused(entered):
    authority = Authority(SECRET)
    assert authority.claim(1, entered, 0.0) == (False, "the token is not the one that was printed")
    assert authority.holder is None


def test_after_five_wrong_tries_of_whomever_the_pauses_double_up_to_a_minute():
    authority, now_s, pauses_s = Authority(SECRET), 0.0, []
    for client in range(4):
        assert "looked at" not in authority.claim(client, "guess", now_s)[1]
    for _ in range(8):
        said = authority.claim(9, "guess", now_s)[1]
        pauses_s.append(int(said.split()[-2]))
        assert not authority.claim(9, SECRET, now_s + pauses_s[-1] - 0.01)[0]
        now_s += pauses_s[-1]
    assert pauses_s == [1, 2, 4, 8, 16, 32, 60, 60]
    assert authority.claim(9, SECRET, now_s)[0]
    assert "looked at" not in authority.claim(9, "guess", now_s)[1]


def test_a_try_in_the_pause_does_not_make_it_longer():
    authority = Authority(SECRET)
    for _ in range(100):
        authority.claim(1, "guess", 0.0)
    assert authority.claim(1, SECRET, 1.0)[0]


def test_who_disconnects_loses_the_right_and_nobody_elses_leaving_matters():
    authority = holding(7)
    authority.release(3)
    assert authority.holder == 7
    authority.release(7)
    assert authority.holder is None


def test_arming_is_open_for_a_while_after_preparing_and_for_the_holder_alone():
    authority = holding(7)
    assert authority.may_arm_s(7, 0.0) == 0.0
    authority.prepared(3, 1.0)
    assert authority.may_arm_s(3, 1.0) == authority.may_arm_s(7, 1.0) == 0.0
    authority.prepared(7, 1.0)
    assert authority.may_arm_s(7, 1.0) == READY_S and authority.may_arm_s(3, 1.0) == 0.0
    assert authority.may_arm_s(7, 1.0 + READY_S) == 0.0
    authority.close_arming()
    assert authority.may_arm_s(7, 1.0) == 0.0


def test_what_one_prepared_another_who_takes_the_right_cannot_arm():
    authority = holding(7)
    authority.prepared(7, 1.0)
    authority.claim(8, SECRET, 2.0)
    assert authority.may_arm_s(8, 2.0) == authority.may_arm_s(7, 2.0) == 0.0
    authority.release(8)
    authority.claim(7, SECRET, 3.0)
    assert authority.may_arm_s(7, 3.0) == 0.0
