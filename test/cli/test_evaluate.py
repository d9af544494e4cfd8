"""What `evaluate` refuses before it simulates anything, and under which name it keeps figures."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dexterity_ros.cli import evaluate as module
from dexterity_ros.cli.evaluate import evaluate
from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.resources import resource

POLICY = EvaluateOptions(bundle=Path("models/policies/leap_so3_reinforced"))
PLANNER = EvaluateOptions(bundle=Path("planner"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (replace(PLANNER, autopsy=Path("somewhere")), "asked of a policy bundle"),
        (replace(PLANNER, sweep="noise"), "asked of a policy bundle"),
        (replace(POLICY, recovery=False, recovery_spec="decoy"), "says not at all"),
        (replace(POLICY, recovery_spec="nothing_of_this_name"), "decoy"),
        (replace(PLANNER, keep=True), "bundle's own figures, not for planner"),
        (replace(POLICY, keep=True, recovery_spec="decoy"), "not for --recovery-spec"),
        (replace(POLICY, autopsy=Path("somewhere"), sweep="noise"), "ask one at a time"),
    ],
)
def test_questions_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        evaluate(options)


@pytest.fixture
def own(tmp_path, monkeypatch, leap, individual):
    """Returns options for a bundle of one's own and a small judge, the robot.yaml of one hand; nothing is simulated."""
    monkeypatch.setattr(module, "compare_with_baselines", lambda *_: {"policy": {"rate": 0.5, "trials": []}})
    monkeypatch.setattr(module, "outcome_table", lambda *_: "")
    shutil.copytree(resource(POLICY.bundle), tmp_path / "bundle")
    judge = config.read_mapping(resource("config/eval/reality.yaml")) | {"reset_pool": 4, "threads": 1}
    robot = config.to_mapping(individual(leap).robot)
    for name, content in (("judge.yaml", judge), ("robot.yaml", robot)):
        (tmp_path / name).write_text(yaml.safe_dump(content))
    options = replace(POLICY, bundle=tmp_path / "bundle", judge=str(tmp_path / "judge.yaml"), episodes=2, keep=True)
    return options, str(tmp_path / "robot.yaml")


def test_figures_are_kept_under_a_name_that_says_all_that_they_depend_on(own):
    options, robot = own
    others = (
        {},
        {"robot": robot},
        {"goal_rad": (0.5, 1.0)},
        {"protocol": "dactyl"},
        {"protocol": "dactyl", "task": "yaw"},
    )
    before = set(config.read_mapping(options.bundle / "manifest.yaml").get("results", {}))
    for other in others:
        assert evaluate(replace(options, **other)) == 0
    kept = set(config.read_mapping(options.bundle / "manifest.yaml")["results"]) - before
    assert len(kept) == len(others)
    assert len([name for name in kept if "robot one (" in name]) == 1
    with pytest.raises(BundleError, match="robot one"):
        evaluate(replace(options, robot=robot))


def test_the_head_of_a_file_of_figures_names_the_individual(own, tmp_path):
    options, robot = own
    file = tmp_path / "figures.json"
    for named, expected in (("", "None"), (robot, "one (")):
        evaluate(replace(options, keep=False, robot=named, json=file))
        assert str(config.read_mapping(file)["robot"]).startswith(expected)
