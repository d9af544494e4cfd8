"""A recorded run comes out of the same stages bit by bit the same; what was changed on the way is found and named."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags")

from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.recording.bag_reader import Bag, BagMessage
from dexterity_ros.recording.mcap_records import Channel
from dexterity_ros.replay.compare import compare
from dexterity_ros.replay.differences import Differences
from dexterity_ros.replay.hypotheses import NOTHING, hypotheses
from dexterity_ros.replay.offline import _repeat_gate, replay
from dexterity_ros.replay.player import LEAD_S, Player
from dexterity_ros.replay.run_record import RunRecord, Series
from dexterity_ros.replay.timing import stream_timing
from dexterity_ros.replay.what_if import what_if
from dexterity_ros.runtime.policy_pipeline import load_pipeline
from dexterity_ros.safety.gate import Gate, Permit
from dexterity_ros.safety.limits import Tightening, gate_limits

SHORT_RUN = Path(__file__).parents[1] / "data" / "short_run"
REFERENCE = Path(__file__).parents[1] / "data" / "short_run_reference.json"


@pytest.fixture
def run():
    return RunRecord(Bag(SHORT_RUN))


@pytest.fixture(scope="module")
def pipeline(leap):
    return load_pipeline(resource("models/policies/leap_yaw"), leap)


def repeated(run, pipeline):
    return replay(run, pipeline, gate_limits(run.hand, pipeline.manifest, Tightening()))


def test_the_committed_run_is_repeated_as_its_reference_says(run, pipeline):
    result = repeated(run, pipeline)
    assert result.identical
    counts = {stage.stage: [stage.compared, stage.unrepeatable] for stage in result.stages}
    assert counts == json.loads(REFERENCE.read_text())["replay"]


def test_a_changed_input_is_found_at_its_tick_and_in_its_term(run, pipeline):
    tick = run.ticks[40]
    joints = replace(tick.inputs[JOINTS], pos_rad=tick.inputs[JOINTS].pos_rad + 1e-9 * (np.arange(16) == 3))
    run.ticks[40] = replace(tick, inputs=tick.inputs.having(JOINTS, joints))
    result = repeated(run, pipeline)
    by_stage = {stage.stage: stage for stage in result.stages}
    assert by_stage["joint_states"].differing == 1
    assert by_stage["joint_states"].first_s == pytest.approx((tick.now_ns - run.bag.start_ns) * 1e-9, abs=1e-3)


def test_a_changed_target_is_found_in_its_joint(run, pipeline):
    tick = run.ticks[20]
    target = replace(tick.target, pos_rad=tick.target.pos_rad + 0.01 * (np.arange(16) == 7))
    run.ticks[20] = replace(tick, target=target)
    result = repeated(run, pipeline)
    assert [name for name, joint in result.joints.items() if joint.differing] == [run.hand.joint_names[7]]
    assert not result.identical


def test_a_target_that_no_gate_let_through_is_found(run, pipeline):
    values = run.gated.values.copy()
    values[len(values) // 2] += 0.02
    run.__dict__["gated"] = replace(run.gated, values=values)
    (gate,) = [stage for stage in repeated(run, pipeline).stages if stage.stage == "gate"]
    assert gate.differing >= 1 and gate.largest == pytest.approx(0.02, abs=0.01)


def test_the_same_policy_would_have_done_the_same(run, pipeline):
    answer = what_if(run, pipeline)
    assert answer.agreement == 1.0 and all(row["largest_rad"] == 0.0 for row in answer.joints.values())


def test_another_bundle_under_the_same_name_is_refused(run, monkeypatch):
    run.bag.info["bundle_id"] = "0123456789ab"
    with pytest.raises(BagError, match="what ran was 0123456789ab; name a bundle with --policy"):
        run.bundle(other="--policy")


def test_a_sound_run_has_no_finding(run):
    result = compare(run, run.manifest())
    assert result.findings == () and result.diagnosis is not None


@pytest.mark.parametrize("kind", ["offset", "sign", "swap", "delay"])
def test_a_mistake_in_what_was_measured_is_named(run, kind):
    """The mistake is put into the recorded measurements, the way a wrong hand file would."""
    names, pos, vel = run.hand.joint_names, run.joint_pos, run.joint_vel
    values, speeds = pos.values.copy(), vel.values.copy()
    home = np.array(run.hand.home_pos_rad)
    if kind == "offset":
        values[:, 2] += np.deg2rad(5.0)
    elif kind == "sign":
        values[:, 12], speeds[:, 12] = 2 * home[12] - values[:, 12], -speeds[:, 12]
    elif kind == "swap":
        values[:, [2, 12]], speeds[:, [2, 12]] = values[:, [12, 2]], speeds[:, [12, 2]]
    else:
        late = round(0.1e9)
        run.__dict__["gated"] = Series(
            stamps_ns=run.gated.stamps_ns - late, log_ns=run.gated.log_ns - late, values=run.gated.values
        )
    run.__dict__["joint_pos"], run.__dict__["joint_vel"] = replace(pos, values=values), replace(vel, values=speeds)
    first = compare(run, run.manifest()).findings[0]
    concerned = {"offset": (names[2],), "sign": (names[12],), "swap": (names[2], names[12]), "delay": ()}[kind]
    assert (first.kind, first.joints) == (kind, concerned)


def test_a_pose_that_was_never_in_the_hand_is_in_another_frame(run):
    moved = run.pose.values + np.array([0.3, 0, 0, 0, 0, 0, 0])
    run.__dict__["pose"] = replace(run.pose, values=moved)
    assert compare(run, run.manifest()).findings[0].kind == "frame"


def test_an_object_that_falls_out_is_not_taken_for_another_frame(run):
    values = run.pose.values.copy()
    values[len(values) // 4 :, 2] -= 0.3
    run.__dict__["pose"] = replace(run.pose, values=values)
    assert "frame" not in [finding.kind for finding in compare(run, run.manifest()).findings]


def test_hypotheses_are_single_mistakes_and_none_comes_first():
    every = hypotheses(4)
    assert every[0] is NOTHING and len(set(every)) == len(every)
    pos = np.arange(4.0)
    for hypothesis in every:
        changed = hypothesis.true_joints(pos, pos, np.zeros(4))[0] != pos
        assert changed.sum() <= len(hypothesis.joints)


def test_gaps_in_a_stream_are_counted():
    stamps = np.delete(np.arange(100) * 10_000_000, [20, 50, 51])
    row = stream_timing(stamps, 100.0)
    assert (row["gaps"], row["longest_gap_ms"], row["missing_share"]) == (2, 30.0, 0.03)


def test_a_player_keeps_order_and_rate_and_stands_still_when_paused():
    channel = Channel(topic="t", encoding="cdr", schema=None, metadata=())
    messages = [BagMessage(channel=channel, log_ns=k * 10**9, publish_ns=0, data=b"") for k in range(5)]
    player = Player(iter(messages), 0, rate=2.0)
    assert player.step(0) == []
    lead = round(LEAD_S * 1e9)
    assert [m.log_ns for m in player.step(lead // 2 + 10**9)] == [0, 10**9, 2 * 10**9]
    player.paused = True
    assert player.step(50 * 10**9) == []
    player.paused = False
    assert [m.log_ns for m in player.step(51 * 10**9)] == [3 * 10**9, 4 * 10**9]
    assert player.ended


@pytest.mark.parametrize("late_s", [0.0, 0.15])
def test_the_gate_is_repeated_also_where_the_recorder_noted_targets_late(leap, late_s):
    limits = gate_limits(leap, None, Tightening())
    home, periods = np.array(leap.home_pos_rad), np.arange(60)
    published = (periods[::5] * 10_000_000).astype(np.int64)
    wanted = home + 0.02 * np.sin(np.arange(len(published)))[:, None]
    late = round(late_s * 1e9) * (published > 200_000_000) * (published < 300_000_000)
    logged = np.maximum.accumulate(published + late)
    targets = Series(stamps_ns=published, log_ns=logged, values=wanted)
    times = (periods * 10_000_000 + 5_000_000).astype(np.int64)
    gate, outputs = Gate(limits, home, int(times[0])), [home]
    for now in times[1:]:
        newest = JointTarget(
            stamp_ns=int(published[published <= now][-1]), pos_rad=wanted[(published <= now).sum() - 1]
        )
        outputs.append(gate.step(newest, Permit(armed=True, heartbeat_ns=int(now)), int(now)).output.pos_rad)
    gated = Series(stamps_ns=times, log_ns=times, values=np.array(outputs))
    stage = Differences("gate", 0)
    _repeat_gate(gated, periods, targets, limits, stage)
    assert stage.result().differing == 0 and stage.result().compared >= 55
