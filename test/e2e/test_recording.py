"""Recording the whole demo, as typed: what comes out of the bag is what ran, bit by bit."""

import json
import os
import shutil
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
    stages = a_recording_whose_eyes_can_be_repeated(tmp_path)
    assert stages["observation"]["compared"] > 50 and stages["observation"]["unrepeatable"] == 0
    dexterity("bag", "info", "run", "--json", "i.json", cwd=tmp_path)
    info = json.loads((tmp_path / "i.json").read_text())
    assert info["info"]["policy"] == "models/policies/leap_so3_mended" and "hand_node" in info["info"]["configuration"]
    assert info["topics"]["/policy/tick"]["messages"] == stages["observation"]["compared"]
    eyes_are_not_called_different_for_what_the_recorder_lost(tmp_path / "run", stages["eyes"])


def a_recording_whose_eyes_can_be_repeated(path):
    """Records again when the object was found before the recorder heard of pose_node: discovery takes its time."""
    for _ in range(4):
        shutil.rmtree(path / "run", ignore_errors=True)
        dexterity("demo", "--goals", 6, "--minutes", 0.25, "--record", "run", cwd=path)
        dexterity("replay", "run", "--json", "r.json", cwd=path)
        result = json.loads((path / "r.json").read_text())
        assert result["identical"]
        stages = {row["stage"]: row for row in result["stages"]}
        if stages["eyes"]["compared"] >= 20:
            return stages
    pytest.fail(f"in none of four recordings could the eyes be repeated: {stages['eyes']}")


def eyes_are_not_called_different_for_what_the_recorder_lost(path, whole):
    from dexterity_ros.contracts.topics import TOPICS
    from dexterity_ros.estimation.object_estimator import FOUND_ONCE
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.replay.perception import repeat_perception
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.wire import stamp_ns

    said = [json.loads(value.data) for _, value in Bag(path).values(TOPICS["pose_basis"].name)]
    first = next(k for k, row in enumerate(said) if FOUND_ONCE in row["basis"])
    late = said[first + whole["compared"] // 2]["stamp_ns"]
    for lost in ("joint_states", "color/image_raw"):

        class Lossy(Bag):
            def messages(self, names=None, lost=lost):
                for message in super().messages(names):
                    if not (message.topic.endswith(lost) and stamp_ns(message.value.header) > late):
                        yield message

        (eyes,) = repeat_perception(RunRecord(Lossy(path)))
        assert eyes.differing == 0 and 0 < eyes.compared < whole["compared"], lost
