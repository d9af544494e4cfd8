"""A captured view is read back by its name or its file, and a wrong one is refused by what is wrong."""

import numpy as np
import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.capture import Capture, capture_path, load_capture
from dexterity_ros.contracts.errors import ConfigError

POINTS = tuple((float(k), 0.0, 100.0) for k in range(8))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A capture called side, where the command keeps it."""
    monkeypatch.chdir(tmp_path)
    path = capture_path("side")
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(config.to_mapping(Capture(name="side", hand="leap", images=3, points_mm=POINTS))))
    return path


def test_a_capture_is_found_by_its_name_and_by_its_file(kept):
    for name in ("side", str(kept)):
        read = load_capture(name)
        assert read.points_mm == POINTS and read.quat_wxyz is None
        np.testing.assert_allclose(read.points_m, 1e-3 * np.array(POINTS))


def test_a_capture_that_is_not_there_is_named(kept):
    with pytest.raises(ConfigError, match="front"):
        load_capture("front")


@pytest.mark.parametrize(
    ("key", "value", "said"), [("points_mm", [[0.0, 0.0, 0.0]], "points_mm"), ("images", 0, "images")]
)
def test_a_capture_with_a_wrong_value_is_refused_by_its_key(kept, key, value, said):
    kept.write_text(yaml.safe_dump(yaml.safe_load(kept.read_text()) | {key: value}))
    with pytest.raises(ConfigError, match=said):
        load_capture("side")


@pytest.mark.parametrize("name", ["", "a/b", "../up", "a b", "x" * 65])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(ConfigError, match="NAME"):
        capture_path(name)
