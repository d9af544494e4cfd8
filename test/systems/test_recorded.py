"""A system that plays a recording takes policy, hand and object from it, unless they are given."""

from dataclasses import replace
from pathlib import Path

import pytest

from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.systems.recorded import with_recorded
from dexterity_ros.systems.spec import Argument, load_system

SHORT_RUN = str(Path(__file__).parents[1] / "data/short_run")
LEAP_YAW = str(shipped("models/policies/leap_yaw"))


@pytest.fixture
def replay():
    return load_system("replay")


@pytest.fixture
def told(monkeypatch):
    """Changes what recordings tell."""

    def change(**texts):
        def info(bag):
            return {key: value for key, value in (bag.__dict__["info"] | texts).items() if value is not None}

        monkeypatch.setattr(Bag, "info", property(info, lambda bag, value: bag.__dict__.update(info=value)), False)

    return change


def test_what_ran_is_taken_from_the_recording(replay):
    assert with_recorded(replay, {"bag": SHORT_RUN, "rate": "2.0"}) == {
        "bag": SHORT_RUN, "rate": "2.0", "hand": "leap", "policy": LEAP_YAW,
    }  # fmt: skip


def test_what_is_given_stays(replay):
    given = {"bag": SHORT_RUN, "policy": "models/policies/leap_so3", "hand": "./mine.yaml"}
    assert with_recorded(replay, given) == given
    assert with_recorded(replay, {"bag": SHORT_RUN, "policy": "p"})["policy"] == "p"


def test_the_object_is_taken_by_a_system_that_has_one(replay):
    showing = replace(replay, arguments=replay.arguments | {"object": Argument(default="", about="name")})
    assert with_recorded(showing, {"bag": SHORT_RUN})["object"] == "cube70"


def test_other_systems_take_nothing():
    assert with_recorded(load_system("sim"), {"seed": "3"}) == {"seed": "3"}


def test_without_a_recording_one_line_says_how_to_name_one(replay):
    with pytest.raises(ConfigError, match=r"system replay plays a recording: name it with --arg bag:=BAG"):
        with_recorded(replay, {})


def test_another_bundle_than_the_one_that_ran_is_refused_with_the_option_to_give(replay, told):
    told(bundle_id="000000000000")
    with pytest.raises(BagError, match=r"what ran was 000000000000; name a bundle with --arg policy:=BUNDLE"):
        with_recorded(replay, {"bag": SHORT_RUN})


def test_a_recording_that_does_not_say_which_policy_ran_is_refused_with_the_option_to_give(replay, told):
    told(policy=None)
    with pytest.raises(BagError, match=r"does not say which policy ran; name it with --arg policy:=BUNDLE"):
        with_recorded(replay, {"bag": SHORT_RUN})
