"""Names under which the page may be asked for."""

import pytest

pytest.importorskip("websockets")

from websockets.datastructures import Headers

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.viewer.door import door


def asked(host="127.0.0.1:8080", **others):
    return Headers(Host=host, **others)


def test_a_page_on_every_address_is_reached_by_the_names_that_were_given_and_no_address():
    everywhere = door("0.0.0.0", 8080, ("lab-pc", "10.0.0.7"))
    assert everywhere.addresses[0] == "http://lab-pc:8080"
    for host in ("lab-pc:8080", "10.0.0.7:8080", "localhost:8080"):
        assert not everywhere.refusal(asked(host))
    for host in ("0.0.0.0:8080", "10.0.0.8:8080", "lab-pc", ":8080", ""):
        assert everywhere.refusal(asked(host))


def test_the_address_it_listens_on_is_one_of_its_names():
    assert not door("10.0.0.7", 8080, ()).refusal(asked("10.0.0.7:8080"))
    assert not door("fe80::1", 8080, ()).refusal(asked("[fe80::1]:8080"))


def test_browsers_leave_out_port_80():
    assert not door("127.0.0.1", 80, ()).refusal(asked("localhost", Origin="http://localhost"))


def test_two_hosts_or_two_origins_are_refused():
    page = door("127.0.0.1", 8080, ())
    twice = Headers([("Host", "127.0.0.1:8080"), ("Host", "127.0.0.1:8080")])
    assert page.refusal(twice)
    origins = [("Host", "127.0.0.1:8080"), ("Origin", "http://127.0.0.1:8080"), ("Origin", "http://127.0.0.1:8080")]
    assert page.refusal(Headers(origins))


def test_a_request_without_a_host_is_refused():
    assert door("127.0.0.1", 8080, ()).refusal(Headers())


def test_only_a_websocket_has_to_say_where_it_comes_from():
    page = door("127.0.0.1", 8080, ())
    assert not page.refusal(asked())
    assert "without Origin" in page.refusal(asked(Upgrade="websocket"))
    assert not page.refusal(asked(Upgrade="websocket", Origin="http://localhost:8080"))


@pytest.mark.parametrize("name", ["*", "http://lab-pc", "lab-pc:8080", "a b", "", ".", "x'; script-src *"])
def test_what_is_no_name_is_refused_at_the_start(name):
    with pytest.raises(ConfigError, match="is no name of a machine"):
        door("0.0.0.0", 8080, (name,))


def test_an_answer_names_only_the_pages_own_authority():
    answer = Headers()
    door("127.0.0.1", 8080, ()).fill(answer, "evil.example; script-src *")
    assert (
        "evil" not in answer["Content-Security-Policy"] and "ws://127.0.0.1:8080" in answer["Content-Security-Policy"]
    )
