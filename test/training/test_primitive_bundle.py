"""A movement primitive is a policy like any other: it begins where the hand stands and goes its way in the pipeline."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from dexterity_ros.action.primitive import Rollout
from dexterity_ros.action.primitive_fit import fit
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.runtime.policy_pipeline import Tick, load_pipeline
from dexterity_ros.training.primitive_bundle import export_primitive

pytestmark = pytest.mark.training
T, NOW = 50_000_000, 1_000_000_000_000


@pytest.fixture(scope="module")
def primitive(leap):
    t = 0.05 * np.arange(61)[:, None]
    return fit([np.array(leap.home_pos_rad) + 0.2 * np.sin(2.0 * np.pi * 0.5 * t + np.arange(16))], 0.05)


@pytest.fixture(scope="module")
def wave(primitive, leap, bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "wave"
    export_primitive(primitive, folder, like=load_manifest(bundle), hand=leap, current_limit_a=0.2)
    return folder


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_the_policy_does_what_the_primitive_does_from_wherever_the_hand_stands(
    wave, primitive, leap, inputs_at, offset
):
    pipeline, start = load_pipeline(wave, leap), np.array(leap.home_pos_rad) + offset
    rollout = Rollout(primitive, start, lower_rad=leap.lower_rad, upper_rad=leap.upper_rad)
    for k in range(80):
        now = NOW + k * T
        inputs = inputs_at(now)
        joints = replace(inputs[JOINTS], pos_rad=start + 0.01 * np.sin(k))  # where the hand is later does not matter
        tick = pipeline.step(inputs.having(JOINTS, joints if k else replace(joints, pos_rad=start)), now)
        assert isinstance(tick, Tick)
        np.testing.assert_allclose(tick.target.pos_rad, rollout.step(0.05), atol=1e-4)
    np.testing.assert_allclose(tick.target.pos_rad, primitive.goal_rad, atol=0.02)


def test_it_needs_nothing_but_the_joints_and_begins_anew_after_a_reset(wave, leap, inputs_at):
    pipeline = load_pipeline(wave, leap)
    assert pipeline.guard.sources == (JOINTS,)
    first = pipeline.step(inputs_at(NOW), NOW)
    pipeline.step(inputs_at(NOW + T), NOW + T)
    pipeline.reset()
    again = pipeline.step(inputs_at(NOW + 2 * T), NOW + 2 * T)
    np.testing.assert_array_equal(first.target.pos_rad, again.target.pos_rad)
    assert pipeline.manifest.current_limit_a == 0.2 and pipeline.manifest.kind == "recurrent"
