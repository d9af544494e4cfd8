"""A robot.yaml says what was measured of one hand; one that is of another hand, or of other joints, is refused."""

import copy

import numpy as np
import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.contracts.robot import NO_ROBOT, RobotSpec, load_placed_camera, load_robot, robot_text
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD, load_robot_hand


def whole(hand):
    """Returns a robot.yaml that says everything that can be said."""
    day = {"measured": "2026-11-21T14:03:00Z"}
    names = list(hand.joint_names)
    number = {"nominal": 0.1, "low": 0.05, "high": 0.2}
    keys = ("stiffness_nm_rad", "damping_nm_s_rad", "friction_loss_nm", "armature_kg_m2", "torque_limit_nm")
    delay = {"p50_s": 0.01, "p99_s": 0.02}
    return {
        "name": "lab 2",
        "hand": hand.name,
        "hand_digest": hand.digest,
        "wiring": {
            **day,
            "residual_share": 0.0,
            "signs": dict.fromkeys(names, 1) | {"if_dip": -1},
            "motor_ids": dict(zip(names, reversed(range(len(names))), strict=True)),
        },
        "zeros": {**day, "residual_rad": 0.003, "zeros_rad": {name: {"nominal": 3.0} for name in names}},
        "camera": {
            **day,
            "residual_m": 0.001,
            "camera": "demo",
            "pos_m": [0.1, 0.2, 0.3],
            "quat_wxyz": [1.0, 0.0, 0.0, 0.0],
            "interval_m": 0.002,
            "interval_rad": 0.01,
        },
        "dynamics": {
            **day,
            "residual_rad": 0.01,
            "joints": {"if_mcp": {key: dict(number) for key in (*keys, "backlash_rad")}},
        },
        "latency": {
            **day,
            "residual_s": 0.001,
            **{key: dict(delay) for key in ("command_to_motion", "motion_to_image", "image_to_pose")},
        },
        "supply": {**day, "residual_v": 0.02, "supply_v": {"nominal": 5.1}},
    }


@pytest.fixture
def write(tmp_path):
    def to_file(content):
        path = tmp_path / "robot.yaml"
        path.write_text(yaml.safe_dump(content))
        return str(path)

    return to_file


def test_all_that_can_be_measured_is_read_and_said(leap, write):
    content = whole(leap)
    spec = load_robot(write(content))
    assert load_robot(write(config.to_mapping(spec))) == spec
    hand = load_robot_hand("leap", write(content))
    assert hand.signs[3] == -1.0 and np.all(hand.signs[:3] == 1.0)
    assert np.all(hand.zeros_rad == 3.0)
    assert hand.motor_ids == tuple(reversed(range(16)))
    assert [motor.gains for motor in hand.motors] == [motor.gains for motor in leap.motors]
    assert hand.individual.startswith("lab 2: wiring 2026-11-21") and "supply" in hand.individual


def test_what_was_measured_changes_nothing_that_a_policy_depends_on(leap, write):
    assert load_robot_hand("leap", write(whole(leap))).digest == leap.digest == load_hand("leap").digest


def test_without_a_robot_yaml_signs_and_zeros_are_nominal(leap):
    assert load_robot(NO_ROBOT) is None
    assert np.all(leap.signs == 1.0) and np.all(leap.zeros_rad == NOMINAL_ZERO_RAD)
    assert leap.individual.startswith("no robot.yaml")


def test_a_recording_keeps_the_file_as_it_stands_there_once_it_is_known_to_be_one(leap, write, tmp_path):
    path = write(whole(leap))
    assert robot_text(path) == (tmp_path / "robot.yaml").read_text()
    assert robot_text(NO_ROBOT) == ""
    with pytest.raises(ConfigError, match="no file"):
        robot_text(str(tmp_path / "other.yaml"))


def test_every_group_may_be_absent(leap, write):
    content = whole(leap)
    for group in ("wiring", "zeros", "camera", "dynamics", "latency", "supply"):
        without = {key: value for key, value in content.items() if key != group}
        hand = load_robot_hand("leap", write(without))
        assert group not in hand.individual
    bare = {key: content[key] for key in ("name", "hand", "hand_digest")}
    assert load_robot_hand("leap", write(bare)).individual == "lab 2: nothing measured"
    del content["wiring"]["signs"], content["wiring"]["motor_ids"]
    assert np.all(load_robot_hand("leap", write(content)).signs == 1.0)


def set_at(keys, value):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


def drop(*keys):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_at(["hand"], "dclaw"), "robot lab 2 is a dclaw, this is the hand leap"),
        (set_at(["hand_digest"], "0" * 64), "measured as a leap with digest 0{64}, the hand's file has 4a49"),
        (set_at(["zeros", "zeros_rad", "if_mpc"], {"nominal": 3.0}), r"zeros.zeros_rad names \['if_mpc'\], leap has"),
        (set_at(["dynamics", "joints", "x"], {}), r"dynamics.joints names \['x'\]"),
        (drop("zeros", "zeros_rad", "if_mcp"), r"zeros.zeros_rad lacks \['if_mcp'\], expected every joint of leap"),
        (drop("wiring", "signs", "th_ipl"), r"wiring.signs lacks \['th_ipl'\]"),
        (set_at(["wiring", "signs", "if_mcp"], 0), "signs are {'if_mcp': 0}, expected 1 or -1"),
        (set_at(["wiring", "signs", "if_mcp"], 2), "signs.if_mcp is 2, expected -1 to 1"),
        (set_at(["wiring", "motor_ids", "if_mcp"], 3), r"motor ids must differ, .*\[3\]"),
        (set_at(["wiring", "motor_ids", "if_mcp"], 254), "motor_ids.if_mcp is 254"),
        (set_at(["zeros", "zeros_rad", "if_mcp", "nominal"], 7.0), "zeros_rad.if_mcp.nominal is 7.0, expected -6.28"),
        (
            set_at(["zeros", "zeros_rad", "if_mcp", "nominal"], float("nan")),
            r"\(line \d+\) is .nan, expected a finite",
        ),
        (set_at(["zeros", "zeros_rad", "if_mcp", "low"], 1.0), "an interval has low and high"),
        (set_at(["supply", "supply_v"], {"nominal": 5.0, "low": 5.1, "high": 5.2}), "5.0 is not between low 5.1"),
        (set_at(["supply", "supply_v"], {"nominal": 500.0}), "supply_v.nominal is 500.0, expected 1 to 60"),
        (set_at(["dynamics", "joints", "if_mcp", "backlash_rad", "high"], 3.0), "backlash_rad.high is 3.0"),
        (set_at(["latency", "motion_to_image"], {"p50_s": 0.2, "p99_s": 0.1}), "p50_s 0.2 is above p99_s 0.1"),
        (set_at(["camera", "quat_wxyz"], [2.0, 0.0, 0.0, 0.0]), "not a unit quaternion"),
        (set_at(["zeros", "measured"], "yesterday"), "measured is 'yesterday', expected a date such as"),
        (drop("zeros", "measured"), "zeros.measured is missing"),
        (drop("zeros", "residual_rad"), "zeros.residual_rad is missing"),
        (drop("hand_digest"), "hand_digest is missing"),
        (set_at(["ceros"], {}), "ceros is not a known key"),
    ],
)
def test_one_that_is_of_another_hand_or_cannot_be_is_refused_in_one_line(leap, write, change, message):
    content = copy.deepcopy(whole(leap))
    change(content)
    with pytest.raises(ConfigError, match=message) as raised:
        load_robot_hand("leap", write(content))
    assert str(raised.value).isprintable()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no file .*robot.yaml"):
        load_robot_hand("leap", str(tmp_path / "robot.yaml"))


def test_the_camera_stands_where_it_was_measured(leap, write):
    camera, content = load_camera("demo"), whole(leap)
    placed = load_placed_camera(camera, write(content))
    assert placed.pos_m == (0.1, 0.2, 0.3) and placed.fx == camera.fx
    assert load_placed_camera(camera, NO_ROBOT) is camera
    del content["camera"]
    assert load_placed_camera(camera, write(content)) is camera


def test_another_camera_than_the_measured_one_is_refused(leap, write):
    content = whole(leap)
    content["camera"]["camera"] = "other"
    with pytest.raises(ConfigError, match="lab 2 was measured with the camera other, not demo"):
        load_placed_camera(load_camera("demo"), write(content))


def test_the_hand_that_is_named_need_not_be_the_shipped_one(leap):
    assert config.from_mapping(RobotSpec, whole(leap), where="r").check_hand(load_hand("leap")) is None


def test_the_example_of_the_page_is_a_robot_yaml(write):
    page = (data_root() / "docs/add_a_hand.md").read_text()
    (example,) = [text.split("```")[0] for text in page.split("```yaml\n") if text.startswith("name: dclaw 1")]
    hand = load_robot_hand("dclaw", write(config.parse_mapping(example, where="page")))
    np.testing.assert_allclose(hand.zeros_rad[:2], [np.pi / 2, np.pi], atol=1e-4)
