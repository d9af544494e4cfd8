"""Recording the whole demo, as typed: what comes out of the bag is what ran, bit by bit."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("mcap")
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMAND = [sys.executable, "-u", "-m", "dexterity_ros.cli.main"]


def dexterity(*arguments, cwd, status=0):
    environment = {k: v for k, v in os.environ.items() if k != "ROS_DOMAIN_ID"} | {"COLUMNS": "160"}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=200, cwd=cwd, env=environment
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_a_recorded_demo_is_repeated_bit_by_bit(tmp_path):
    dexterity("demo", "--goals", 6, "--minutes", 0.25, "--record", "run", cwd=tmp_path)
    dexterity("replay", "run", "--json", "r.json", cwd=tmp_path)
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["identical"]
    stages = {row["stage"]: row for row in result["stages"]}
    assert stages["eyes"]["compared"] > 50
    assert stages["observation"]["compared"] > 50 and stages["observation"]["unrepeatable"] == 0
    dexterity("bag", "info", "run", "--json", "i.json", cwd=tmp_path)
    info = json.loads((tmp_path / "i.json").read_text())
    assert info["info"]["policy"] == "models/policies/leap_so3_mended" and "hand_node" in info["info"]["configuration"]
    assert info["topics"]["/policy/tick"]["messages"] == stages["observation"]["compared"]
    eyes_are_not_called_different_for_what_the_recorder_lost(tmp_path / "run", stages["eyes"])


def eyes_are_not_called_different_for_what_the_recorder_lost(path, whole):
    from dexterity_ros.contracts.topics import TOPICS
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.replay.perception import repeat_perception
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.wire import stamp_ns

    said = [json.loads(value.data) for _, value in Bag(path).values(TOPICS["pose_basis"].name)]
    late = said[-whole["compared"] // 2]["stamp_ns"]
    for lost in ("joint_states", "color/image_raw"):

        class Lossy(Bag):
            def messages(self, names=None, lost=lost):
                for message in super().messages(names):
                    if not (message.topic.endswith(lost) and stamp_ns(message.value.header) > late):
                        yield message

        (eyes,) = repeat_perception(RunRecord(Lossy(path)))
        assert eyes.differing == 0 and 0 < eyes.compared < whole["compared"], lost
