"""Commands as a newcomer types them, each a process of its own that starts no system."""

import json
import os
import subprocess
import sys

import pytest
import yaml

pytest.importorskip("rclpy")
pytestmark = pytest.mark.slow
FIGURES = {
    *("policy", "task", "goals_attempted", "goals_reached", "rate", "rate_ci95"),
    *("consecutive", "time_per_goal_s", "drops"),
}


def dexterity(*arguments, cwd, timeout=240):
    command = [sys.executable, "-m", "dexterity_ros.cli.main", *map(str, arguments)]
    environment = {k: v for k, v in os.environ.items() if k != "ROS_DOMAIN_ID"} | {"COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=cwd, env=environment)


def test_an_unknown_hand_ends_the_demo_with_the_hands_there_are(tmp_path):
    done = dexterity("demo", "--policy", "models/policies/leap_yaw", "--hand", "nothing", cwd=tmp_path)
    assert done.returncode == 2
    assert "it has ['dclaw', 'leap']" in done.stderr and "Traceback" not in done.stderr


def test_evaluate_prints_the_policy_beside_its_baselines(tmp_path):
    arguments = ["--goal-rad", 0.8, 1.2, "--episodes", 40, "--judge", "demo", "--json", "e.json"]
    done = dexterity("evaluate", "models/policies/leap_yaw", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "e.json").read_text())
    assert set(figures) >= FIGURES
    baselines = figures["baselines"]
    assert set(baselines) == {"still_hand", "random_policy", "open_loop"}
    assert all(figures["rate"] > row["rate"] + 0.3 for row in baselines.values())
    assert all(row["goals_attempted"] == 40 for row in baselines.values())


def test_check_accepts_what_is_shipped_and_refuses_another_hand(tmp_path, leap_content):
    assert dexterity("check", "models/policies/leap_yaw", cwd=tmp_path).returncode == 0
    leap_content["joints"][0]["upper_rad"] = 2.0
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(leap_content))
    done = dexterity("check", "models/policies/leap_yaw", "--hand", "./mine.yaml", cwd=tmp_path)
    assert done.returncode == 2 and "names, limits or MJCF differ" in done.stderr


def test_every_command_explains_itself(tmp_path):
    for command in ("demo", "up", "check", "evaluate", "train", "export", "bench", "doctor", "hand", "arm"):
        done = dexterity(command, "--help", cwd=tmp_path)
        assert done.returncode == 0 and len(done.stdout) > 300, command


def test_doctor_lists_what_it_looked_at(tmp_path):
    done = dexterity("doctor", "--json", "d.json", cwd=tmp_path)
    findings = json.loads((tmp_path / "d.json").read_text())["findings"]
    assert {"Python", "rclpy", "mujoco", "policy bundles"} <= {f["name"] for f in findings}
    assert done.returncode == int(any(f["needed"] and not f["ok"] for f in findings))
    assert all(f["fix"] for f in findings if not f["ok"])
