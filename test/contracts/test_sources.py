"""The tables of sources and outputs agree with the rest; what no policy can see or say is refused."""

import copy
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.outputs import OUTPUTS, output_widths
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.contracts.sources import (
    GOAL,
    GOAL_CLOUD,
    JOINTS,
    OBJECT_CLOUD,
    OBJECT_POSE,
    SOURCES,
    ObservationInputs,
)
from dexterity_ros.contracts.spec import ObservationSpec, ObservationTerm
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.safety.faults import REACTIONS, Reaction
from dexterity_ros.wire.sources import CODECS

TERM = ObservationTerm(
    name="points", width=6, frame="hand", unit="m", source="object_pose", max_age_s=0.1, port="points", shape=(2, 3)
)
VECTOR = replace(TERM, name="flat", port="observation", shape=())


@pytest.fixture
def manifest(bundle) -> PolicyManifest:
    return load_manifest(bundle)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_is_a_topic_has_a_codec_and_names_fields_of_its_sample(source):
    assert SOURCES[source.name] is source and TOPICS[source.name] is source.topic and source.name in CODECS
    assert set(source.fields) <= {field.name for field in fields(source.sample)} - {"stamp_ns"}
    assert source.topic.recorded and source.topic.max_age_s is not None
    assert all(REACTIONS[code] is Reaction.HOLD for code in (source.stale, source.invalid))


def test_sources_are_called_by_different_short_names():
    assert len({source.short for source in SOURCES.values()}) == len(SOURCES)


def test_a_copy_of_a_row_in_another_process_too_is_the_row():
    assert pickle.loads(pickle.dumps(JOINTS)) is copy.deepcopy(JOINTS) is JOINTS


def test_inputs_give_each_source_its_sample_and_refuse_one_of_another_kind(inputs):
    assert inputs[OBJECT_POSE].pos_m.shape == (3,) and inputs.sources == (JOINTS, OBJECT_POSE, GOAL)
    alone = inputs.only((GOAL,))
    assert alone.get(JOINTS) is None and alone.get(GOAL) is inputs[GOAL] and alone.sources == (GOAL,)
    with pytest.raises(TypeError, match="goal is a PoseSample, expected GoalSample"):
        ObservationInputs.of(goal=inputs[OBJECT_POSE])
    with pytest.raises(KeyError, match="object_pose"):
        alone[OBJECT_POSE]


def test_targets_are_as_old_as_the_oldest_measurement_and_a_goal_is_none(inputs):
    late = replace(inputs[OBJECT_POSE], stamp_ns=5)
    assert inputs.having(OBJECT_POSE, late).having(GOAL, replace(inputs[GOAL], stamp_ns=1)).oldest_ns == 5


def test_every_output_but_the_action_is_published():
    assert OUTPUTS["action"].topic is None
    assert all(o.topic in TOPICS for name, o in OUTPUTS.items() if name != "action")
    assert output_widths(("action", "reached"), 16) == {"action": 16, "reached": 1}


def test_a_manifest_names_what_its_network_says(manifest):
    assert manifest.output_names == ("action",)
    assert replace(manifest, stop_head=True).output_names == ("action", "reached")
    assert replace(manifest, format=2, outputs=("reached",)).output_names == ("action", "reached")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2, "outputs": ("certainty",)}, r"outputs \['certainty'\]; there are \['reached', 'distance'\]"),
        ({"format": 2, "outputs": ("reached", "reached")}, "each once"),
        ({"format": 2, "outputs": ("action",)}, r"there are \['reached', 'distance'\]"),
        ({"format": 2, "stop_head": True}, "is of format 2, which has no stop_head but outputs"),
        ({"outputs": ("reached",)}, "is of format 1, which has no outputs but a stop_head"),
    ],
)
def test_outputs_that_cannot_be_are_refused(manifest, change, said):
    with pytest.raises(BundleError, match=said):
        replace(manifest, **change)


def test_outputs_at_their_default_change_no_digest(manifest):
    assert manifest.digest == replace(manifest, outputs=()).digest != replace(manifest, stop_head=True).digest


def test_vectors_lie_side_by_side_and_what_has_a_shape_beside_them():
    spec = ObservationSpec(terms=(VECTOR, TERM))
    assert (spec.width, list(spec.slices), spec.ports) == (6, ["flat"], {"observation": (6,), "points": (2, 3)})


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (lambda: (replace(TERM, shape=()),), "is of shape () at the port points"),
        (lambda: (replace(TERM, port="observation"),), "is of shape (2, 3) at the port observation"),
        (lambda: (replace(TERM, width=7),), "shape (2, 3) and width 7"),
        (lambda: (VECTOR, TERM, replace(TERM, name="more")), "each of ['points', 'points']"),
        (lambda: (TERM,), "at least one term a vector"),
        (lambda: (VECTOR, VECTOR, TERM), "terms must differ, these occur more than once: ['flat']"),
    ],
)
def test_terms_that_no_network_could_take_are_refused(terms, said):
    with pytest.raises(ConfigError) as caught:
        ObservationSpec(terms=terms())
    assert said in str(caught.value)


def test_a_pose_is_wrong_when_it_is_no_rotation_or_nowhere():
    pose = PoseSample(stamp_ns=0, pos_m=np.zeros(3), quat_wxyz=np.array([1.0, 0.0, 0.0, 0.0]))
    assert OBJECT_POSE.problem(pose) is None
    assert "is not a pose" in OBJECT_POSE.problem(replace(pose, pos_m=np.full(3, np.nan)))
    assert "is not a pose" in OBJECT_POSE.problem(replace(pose, quat_wxyz=np.zeros(4)))


def test_a_goal_is_wrong_when_it_is_no_rotation(inputs):
    assert GOAL.problem(inputs[GOAL]) is None
    assert "is not a unit quaternion" in GOAL.problem(replace(inputs[GOAL], quat_wxyz=np.array([2.0, 0.0, 0.0, 0.0])))


def test_a_row_of_a_field_is_as_wide_as_its_names_or_as_the_hand_has_joints():
    assert JOINTS.width("pos_rad", 16) == 16
    assert (OBJECT_POSE.width("pos_m", 16), OBJECT_POSE.width("quat_wxyz", 16)) == (3, 4)


def test_of_the_terms_of_a_source_the_strictest_says_how_old_it_may_be():
    spec = ObservationSpec(terms=(replace(VECTOR, max_age_s=0.05), TERM))
    assert (spec.max_age_s("object_pose"), spec.max_age_s("goal")) == (0.05, None)


def test_a_cloud_is_wrong_without_points_or_with_points_nowhere_near():
    assert OBJECT_CLOUD.problem(CloudSample(stamp_ns=0, points_m=np.zeros((1, 3)))) is None
    assert "one at least" in OBJECT_CLOUD.problem(CloudSample(stamp_ns=0, points_m=np.zeros((0, 3))))
    assert "one at least" in GOAL_CLOUD.problem(CloudSample(stamp_ns=0, points_m=np.zeros((4, 2))))
    for bad in (np.nan, 3.0):
        assert "not finite, or further" in OBJECT_CLOUD.problem(CloudSample(stamp_ns=0, points_m=np.full((2, 3), bad)))
