"""The curves that TensorBoard draws are the rows of the log."""

import json

import pytest

pytest.importorskip("torch")
reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

from dexterity_ros.training.run_folder import RunFolder

pytestmark = pytest.mark.training
ROWS = {512: {"steps": 512, "reward": 0.25, "widths": {"mass": 0.5}}, 1024: {"steps": 1024, "reward": 0.5}}


def test_every_number_of_the_log_is_a_point_of_its_curve(tmp_path):
    folder = RunFolder(tmp_path, "teacher")
    folder.draw_curves()
    for at, row in ROWS.items():
        folder.log(row, at)
    folder._board.close()
    events = reading.EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["scalars"]) == {"steps", "reward"}
    assert [(point.step, point.value) for point in events.Scalars("reward")] == [(512, 0.25), (1024, 0.5)]
    assert [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()] == list(ROWS.values())


def test_a_run_without_curves_writes_its_log_alone(tmp_path):
    RunFolder(tmp_path, "student").log(ROWS[512], 512)
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]
