"""The pipeline acts only on inputs it may act on, and forgets when told to."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE
from dexterity_ros.observation.builder import _TERMS, _Term, observation_spec
from dexterity_ros.runtime.guard import Guard, Workspace
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.wire import TickRecord, pack_tick, unpack_tick

NOW_NS = 1_000_000_000_000
S = 1_000_000_000


class Constant:
    """A network that always says the same."""

    def __init__(self, value):
        self.value = value

    state_width = 1

    def __call__(self, seen, state):
        return {"action": np.full((len(seen["observation"]), 16), self.value, dtype=np.float32)}, state + 1


@pytest.fixture
def manifest(bundle):
    return load_manifest(bundle)


@pytest.fixture
def pipeline(manifest, leap):
    workspace = Workspace(centre_m=leap.grasp_centre_m, radius_m=0.09)
    return PolicyPipeline(manifest, Constant(0.5), leap, workspace=workspace)


def code(result):
    assert isinstance(result, Fault), result
    return result.code


def test_the_first_target_starts_from_the_measured_pose(pipeline, inputs, leap):
    tick = pipeline.step(inputs, NOW_NS)
    assert isinstance(tick, Tick)
    np.testing.assert_allclose(tick.target.pos_rad, np.array(leap.home_pos_rad) + 0.1)


def test_targets_add_up_and_stop_at_the_limits(pipeline, leap, inputs_at):
    for k in range(40):
        now = NOW_NS + k * 50_000_000
        tick = pipeline.step(inputs_at(now), now)
    np.testing.assert_array_equal(tick.target.pos_rad, leap.upper_rad)


def test_after_a_reset_it_starts_again_from_the_measured_pose(pipeline, inputs, leap):
    for _ in range(5):
        pipeline.step(inputs, NOW_NS)
    pipeline.reset()
    tick = pipeline.step(inputs, NOW_NS)
    np.testing.assert_allclose(tick.target.pos_rad, np.array(leap.home_pos_rad) + 0.1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [(JOINTS, FaultCode.JOINTS_STALE), (OBJECT_POSE, FaultCode.POSE_STALE), (GOAL, FaultCode.GOAL_STALE)],
)
def test_an_input_older_than_its_limit_is_a_fault_and_at_the_limit_it_is_not(
    pipeline, manifest, inputs, source, expected
):
    limit_ns = round(manifest.observation.max_age_s(source.name) * 1e9)
    at_limit = replace(inputs[source], stamp_ns=NOW_NS - limit_ns)
    assert isinstance(pipeline.step(inputs.having(source, at_limit), NOW_NS), Tick)
    older = replace(at_limit, stamp_ns=NOW_NS - limit_ns - 1_000_000)
    assert code(pipeline.step(inputs.having(source, older), NOW_NS)) == expected


def test_a_dead_goal_node_is_noticed_in_time_for_the_hand_to_stand_within_150_ms(manifest):
    period_s = manifest.period_ns * 1e-9
    assert manifest.observation.max_age_s("goal") <= 0.15 - period_s + 1e-9


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda i: i.having(JOINTS, replace(i[JOINTS], pos_rad=np.full(16, np.nan))), FaultCode.JOINTS_INVALID),
        (lambda i: i.having(JOINTS, replace(i[JOINTS], vel_rad_s=np.full(16, np.inf))), FaultCode.JOINTS_INVALID),
        (lambda i: i.having(OBJECT_POSE, replace(i[OBJECT_POSE], pos_m=np.full(3, np.nan))), FaultCode.POSE_INVALID),
        (lambda i: i.having(OBJECT_POSE, replace(i[OBJECT_POSE], quat_wxyz=np.zeros(4))), FaultCode.POSE_INVALID),
        (lambda i: i.having(GOAL, replace(i[GOAL], quat_wxyz=np.full(4, np.nan))), FaultCode.GOAL_INVALID),
        (lambda i: i.having(OBJECT_POSE, replace(i[OBJECT_POSE], pos_m=np.ones(3))), FaultCode.OUTSIDE_WORKSPACE),
    ],
)
def test_values_that_cannot_be_are_faults(pipeline, inputs, change, expected):
    assert code(pipeline.step(change(inputs), NOW_NS)) == expected


def test_a_network_that_returns_nan_is_a_fault_and_moves_nothing(manifest, leap, inputs):
    pipeline = PolicyPipeline(manifest, Constant(np.nan), leap)
    assert code(pipeline.step(inputs, NOW_NS)) == FaultCode.ACTION_INVALID


def test_beside_the_action_a_policy_says_how_sure_it_is(manifest, leap, inputs):
    class Sure(Constant):
        def __call__(self, seen, state):
            outputs, after = super().__call__(seen, state)
            return outputs | {"reached": np.array([[0.8]], np.float32)}, after

    tick = PolicyPipeline(manifest, Sure(0.5), leap).step(inputs, NOW_NS)
    np.testing.assert_allclose(tick.target.pos_rad, np.array(leap.home_pos_rad) + 0.1)
    assert abs(float(tick.reached) - 0.8) < 1e-6
    assert PolicyPipeline(manifest, Constant(0.5), leap).step(inputs, NOW_NS).reached is None


@pytest.fixture
def blind(manifest, leap):
    """A pipeline that is given joints only."""
    spec = observation_spec(("joint_pos", "joint_vel", "last_action"), 16, {JOINTS.name: 0.1})
    ranges = {term.name: manifest.training_range[term.name] for term in spec.terms}
    workspace = Workspace(centre_m=leap.grasp_centre_m, radius_m=0.09)
    manifest = replace(manifest, observation=spec, training_range=ranges)
    return PolicyPipeline(manifest, Constant(0.5), leap, workspace=workspace)


def test_a_policy_that_uses_no_object_pose_does_not_wait_for_one(blind, pipeline, inputs, leap):
    assert blind.guard.sources == (JOINTS,) and pipeline.guard.sources == (JOINTS, OBJECT_POSE, GOAL)
    assert blind.guard.check_arrivals({"joint_states": 0.01}) is None
    assert pipeline.guard.check_arrivals({"joint_states": 0.01}).code is FaultCode.POSE_STALE
    alone = inputs.only((JOINTS,))
    assert code(pipeline.step(alone, NOW_NS)) == FaultCode.POSE_STALE
    for k in (1, 2):
        tick = blind.step(alone, NOW_NS)
        np.testing.assert_allclose(tick.target.pos_rad, np.array(leap.home_pos_rad) + 0.1 * k)
    assert isinstance(blind.towards(np.array(leap.home_pos_rad), alone), np.ndarray)


def test_a_goal_term_needs_the_objects_pose_too(manifest):
    spec = observation_spec(("joint_pos", "goal_rotvec"), 16, {JOINTS.name: 0.1, GOAL.name: 0.1})
    guard = Guard(spec)
    assert guard.sources == (JOINTS, OBJECT_POSE, GOAL)
    late = guard.check_arrivals({"joint_states": 0.0, "object_pose": 0.2, "goal": 0.0})
    assert late.code is FaultCode.POSE_STALE  # by the topics table, for no term of its own says how old it may be


def test_a_tick_of_a_policy_that_sees_joints_only_records_joints_only(blind, inputs):
    tick = blind.step(inputs.only((JOINTS,)), NOW_NS)
    record = TickRecord(
        now_ns=NOW_NS, reset=0, inputs=tick.inputs, observation=tick.observation, outputs=tick.outputs,
        target=tick.target,
    )  # fmt: skip
    again = unpack_tick(*pack_tick(record))
    assert again.inputs.sources == (JOINTS,) and again.inputs.oldest_ns == NOW_NS
    np.testing.assert_array_equal(again.raw_action, tick.raw_action)


def test_what_has_a_shape_of_its_own_has_a_port_of_its_own(manifest, leap, inputs, monkeypatch):
    class Pointed(Constant):
        def __call__(self, seen, state):
            assert {name: values.shape for name, values in seen.items()} == {
                "observation": (1, 16), "points": (1, 2, 3),
            }  # fmt: skip
            self.seen = seen["points"]
            return super().__call__(seen, state)

    corners = _Term(
        compute=lambda i, m: np.stack([i[OBJECT_POSE].pos_m, -i[OBJECT_POSE].pos_m], axis=-2),
        width=6, frame="hand", unit="m", source=OBJECT_POSE, port="points", shape=(2, 3),
    )  # fmt: skip
    monkeypatch.setitem(_TERMS, "corners", corners)
    spec = observation_spec(("joint_pos", "corners"), 16, {JOINTS.name: 0.1, OBJECT_POSE.name: 0.1})
    assert spec.width == 16 and spec.ports == {"observation": (16,), "points": (2, 3)}
    ranges = {"joint_pos": manifest.training_range["joint_pos"]}
    network = Pointed(0.5)
    pipeline = PolicyPipeline(replace(manifest, observation=spec, training_range=ranges), network, leap)
    tick = pipeline.step(inputs.only((JOINTS, OBJECT_POSE)), NOW_NS)
    assert tick.observation.shape == (16,)
    np.testing.assert_allclose(network.seen[0, 1], -np.array(leap.grasp_centre_m), atol=1e-6)


def test_an_operators_target_is_reached_as_fast_as_the_policy_itself_could_move(pipeline, inputs, leap):
    home = np.array(leap.home_pos_rad)
    wanted = home.copy()
    wanted[0] += 0.05
    tick = pipeline.step(inputs, NOW_NS, instead=pipeline.towards(wanted, inputs))
    np.testing.assert_allclose(tick.target.pos_rad, wanted, atol=1e-6)
    assert tick.led
    far = pipeline.step(inputs, NOW_NS, instead=pipeline.towards(wanted + 10.0, inputs))
    scale = pipeline.manifest.action.scale_rad
    np.testing.assert_allclose(far.target.pos_rad, np.minimum(wanted + scale, leap.upper_rad), atol=1e-6)
    own = pipeline.step(inputs, NOW_NS)  # and the policy goes on from there
    assert not own.led
    np.testing.assert_allclose(own.target.pos_rad, np.minimum(far.target.pos_rad + 0.1, leap.upper_rad), atol=1e-6)


def test_a_fault_leaves_the_memory_as_it_was(pipeline, inputs, leap):
    pipeline.step(inputs, NOW_NS)
    bad = inputs.having(OBJECT_POSE, replace(inputs[OBJECT_POSE], pos_m=np.full(3, np.nan)))
    assert isinstance(pipeline.step(bad, NOW_NS), Fault)
    tick = pipeline.step(inputs, NOW_NS)
    np.testing.assert_allclose(tick.target.pos_rad, np.array(leap.home_pos_rad) + 0.2)


def test_velocity_comes_from_two_poses_and_survives_a_pose_seen_twice(pipeline, manifest, inputs_at):
    part = manifest.observation.slices["object_lin_vel"]
    first = inputs_at(NOW_NS)
    moved = inputs_at(NOW_NS + S // 20)
    pose = moved[OBJECT_POSE]
    moved = moved.having(OBJECT_POSE, replace(pose, pos_m=pose.pos_m + np.array([0.001, 0, 0])))
    pipeline.step(first, NOW_NS)
    for _ in range(2):
        tick = pipeline.step(moved, NOW_NS + S // 20)
        np.testing.assert_allclose(tick.observation[part], [0.02, 0.0, 0.0], atol=1e-6)


def test_the_goal_term_is_the_turn_that_remains(pipeline, manifest, inputs):
    part = manifest.observation.slices["goal_rotvec"]
    np.testing.assert_allclose(pipeline.step(inputs, NOW_NS).observation[part], [0.0, 0.0, 1.0], atol=1e-6)


def test_a_recording_in_which_an_operator_led_repeats_exactly(manifest, pipeline, leap, inputs_at):
    pytest.importorskip("mcap")
    from dexterity_ros.replay.offline import repeat

    records = []
    for k in range(1, 31):
        now = NOW_NS + k * 50_000_000
        seen = inputs_at(now)
        instead = pipeline.towards(np.array(leap.home_pos_rad) + 0.013 * k, seen) if 10 <= k < 20 else None
        tick = pipeline.step(seen, now, instead=instead)
        record = TickRecord(
            now_ns=now, reset=0, inputs=seen, observation=tick.observation, outputs=tick.outputs,
            target=tick.target, led=tick.led,
        )  # fmt: skip
        records.append(unpack_tick(*pack_tick(record)))
    assert sum(record.led for record in records) == 10
    for record, again, known in repeat(records, PolicyPipeline(manifest, Constant(0.5), leap)):
        assert known and again.led == record.led
        np.testing.assert_array_equal(again.target.pos_rad, record.target.pos_rad)
    others = repeat(records, PolicyPipeline(manifest, Constant(-0.5), leap), overrule=True)
    assert not any(again.led for _, again, _ in others)  # what another policy would have done is its own
