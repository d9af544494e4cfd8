"""What `evaluate` needs to know of policies that see points: a judge with clouds, and a shape to make them of."""

from types import SimpleNamespace

import pytest
import yaml

pytest.importorskip("mujoco")

from dexterity_ros.cli.evaluate_objects import check_sight, shape_of
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.sources import JOINTS, OBJECT_CLOUD
from dexterity_ros.evaluation.simulate import JudgeConfig


def judge(name):
    return config.load_named(JudgeConfig, "config/eval", name)


def sees(*sources):
    return SimpleNamespace(guard=SimpleNamespace(sources=sources), manifest=SimpleNamespace(name="looking"))


def test_a_policy_of_points_is_not_judged_where_there_are_none():
    asked = SimpleNamespace(judge="reality")
    with pytest.raises(ConfigError, match="looking sees points, which --judge reality has not: try points"):
        check_sight(sees(JOINTS, OBJECT_CLOUD), judge("reality"), asked)
    check_sight(sees(JOINTS, OBJECT_CLOUD), judge("points"), asked)
    check_sight(sees(JOINTS), judge("reality"), asked)


def test_clouds_are_made_of_an_object_whose_parts_are_known(tmp_path):
    spec = load_catalogue().objects[0].spec
    (tmp_path / "object.yaml").write_text(yaml.safe_dump(config.to_mapping(spec)))
    assert shape_of(str(tmp_path), judge("points")) == spec
    assert shape_of("cube70", judge("reality")) is None
    with pytest.raises(ConfigError, match="cube70 is no more than an MJCF"):
        shape_of("cube70", judge("points"))
