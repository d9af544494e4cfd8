"""An installed package finds its own files and has the scripts that ros2 launch starts."""

import os
import subprocess
import sys

import pytest

from dexterity_ros.contracts.resources import data_root

pytestmark = pytest.mark.slow


def test_pip_install_brings_data_files_and_node_scripts(tmp_path):
    target = tmp_path / "prefix"
    # --ignore-installed: without it pip would remove the package that runs this test.
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--ignore-installed",
    ]
    subprocess.run([*install, "--prefix", str(target), str(data_root())], check=True, cwd=tmp_path)
    (packages,) = target.glob("lib/python*/site-packages")
    code = "from dexterity_ros.contracts.resources import data_root; print(data_root())"
    environment = os.environ | {"PYTHONPATH": str(packages)}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert found.stdout.strip() == str(target / "share/dexterity_ros"), found.stderr
    nodes = {
        "sim_node",
        "hand_node",
        "policy_node",
        "goal_node",
        "safety_node",
        "exercise_node",
        "leader_node",
        "recorder_node",
        "player_node",
        "sim_camera_node",
        "pose_node",
        "camera_node",
        "viewer_node",
    }
    assert {path.name for path in (target / "lib/dexterity_ros").iterdir()} == nodes
    assert (target / "share/ament_index/resource_index/packages/dexterity_ros").exists()
    assert (target / "share/dexterity_ros/launch/sim.launch.py").exists()
