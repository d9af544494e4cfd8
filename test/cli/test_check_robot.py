"""`dexterity check --robot` compares what was measured of one hand with what a policy was trained for."""

import json

import pytest
import yaml

from dexterity_ros.cli.check import check
from dexterity_ros.cli.options.check import CheckOptions
from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import shipped
from dexterity_ros.contracts.robot import Dynamics, Estimate, JointDynamics, RobotSpec

DAY = "2026-11-22"


@pytest.fixture
def robot_file(leap, tmp_path):
    """Returns a writer of a robot.yaml in which every joint is as trained, but if_dip as given."""

    def write(**if_dip):
        joints = {name: JointDynamics(stiffness_nm_rad=Estimate(nominal=3.0)) for name in leap.joint_names}
        joints["if_dip"] = JointDynamics(**{key: Estimate(nominal=value) for key, value in if_dip.items()})
        dynamics = Dynamics(measured=DAY, residual_rad=0.001, joints=joints)
        spec = RobotSpec(name="lab", hand=leap.name, hand_digest=leap.digest, dynamics=dynamics)
        path = tmp_path / "robot.yaml"
        path.write_text(yaml.safe_dump(config.to_mapping(spec)))
        return str(path)

    return write


def test_a_robot_with_a_soft_joint_is_refused_by_its_name(refusal, robot_file):
    said = refusal(robot=robot_file(stiffness_nm_rad=1.0))
    assert "was not trained for the robot lab: stiffness_nm_rad of if_dip is 1, trained 2.25 to 3.75" in said


def test_a_robot_as_trained_fits_and_what_is_not_measured_is_said(copy, capsys, tmp_path, robot_file):
    out = tmp_path / "out.json"
    assert check(CheckOptions(bundle=copy, robot=robot_file(stiffness_nm_rad=3.1), json=out)) == 0
    figures = json.loads(out.read_text())
    assert figures["robot"] == f"lab: dynamics {DAY}"
    assert "damping_nm_s_rad of if_dip" in figures["not measured"]
    assert "by the data sheet" not in capsys.readouterr().out


def test_a_p_gain_that_no_data_sheet_reconciles_with_the_training_is_named(copy, capsys, tmp_path):
    hand = tmp_path / "soft.yaml"
    hand.write_text(
        shipped("config/hands/leap.yaml").read_text().replace("id: 3, gains: {p: 800", "id: 3, gains: {p: 300")
    )
    check(CheckOptions(bundle=copy, hand=str(hand)))
    out = " ".join(capsys.readouterr().out.split())
    assert "P 300 of if_dip makes 0.8 to 1.6 N.m/rad by the data sheet, trained 2.25 to 3.75" in out
    assert "P 800" not in out
