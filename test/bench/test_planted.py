"""A planted cause is what the report says first; a run without one is not accused."""

import pytest

pytest.importorskip("mcap")
pytest.importorskip("rosbags")
pytest.importorskip("mujoco")

from dexterity_ros.bench.planted.score import first_sentence, names
from dexterity_ros.bench.planted.trouble import CLEAN, PLANTED
from dexterity_ros.bench.planted.virtual_system import VirtualSystem
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.finding import first_cause_first
from dexterity_ros.replay.offline import replay
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.troubles import troubles
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.safety.limits import Tightening, gate_limits

BY_NAME = {trouble.name: trouble for trouble in (*PLANTED, *CLEAN)}


def recorded(name, folder, seconds, seed=3):
    VirtualSystem(BY_NAME[name], folder / "bag", seed).run(seconds)
    return RunRecord(Bag(folder / "bag"))


@pytest.mark.parametrize(
    ("name", "seconds"), [("watchdog stop", 7.0), ("slow camera", 7.5), ("dropped object", 7.0), ("stale goal", 7.0)]
)
def test_what_was_planted_is_said_first(name, seconds, tmp_path):
    findings = first_cause_first(troubles(recorded(name, tmp_path, seconds)))
    assert names(BY_NAME[name], findings[0].says)


def test_a_clean_run_reaches_goals_is_not_accused_and_is_repeated_bit_by_bit(tmp_path):
    run = recorded("clean 1", tmp_path, 5.0)
    assert troubles(run) == []
    assert "reached" in [event["event"] for _, event in run.told("goal_event", ("event",))]
    pipeline = load_pipeline(resource("models/policies/leap_yaw"), run.hand)
    result = replay(run, pipeline, gate_limits(run.hand, pipeline.manifest, Tightening()))
    assert result.identical and all(stage.compared for stage in result.stages if stage.stage != "eyes")


def test_twelve_causes_are_planted_and_five_runs_are_clean():
    assert len(PLANTED) == 12 and all(trouble.says for trouble in PLANTED)
    assert len(CLEAN) == 5 and not any(trouble.says for trouble in CLEAN)


def test_a_sentence_ends_at_its_full_stop_and_not_in_a_number():
    assert first_sentence("It took 2.0 s. Look at it.") == "It took 2.0 s"


def test_a_run_that_is_not_there_is_said():
    with pytest.raises(ConfigError, match=r"no run is called \['flood'\]; there are \['clean 1'"):
        dispatch(["bench", "reports", "--runs", "flood"])
