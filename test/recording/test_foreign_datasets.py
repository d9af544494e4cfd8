"""A dataset of others has no digests: what cannot be right is refused, and that damage cannot be excluded is said."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("rosbags")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.recording.bag_reader import Bag

SHORT_RUN = Path(__file__).parents[1] / "data" / "short_run"
FRAMES = "data/chunk-000/file-000.parquet"


@pytest.fixture
def foreign(dataset, tmp_path):
    """The same as others would have made it."""
    folder = tmp_path / "set"
    for name in ("meta/info.json", FRAMES):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes((dataset / name).read_bytes())
    info = json.loads((folder / "meta/info.json").read_text())
    del info["dexterity_ros_sha256"]
    (folder / "meta/info.json").write_text(json.dumps(info))
    return folder


def test_only_a_dataset_without_checksums_says_that_damage_cannot_be_excluded(dataset, foreign, tmp_path, capsys):
    assert dispatch(["bag", "from-lerobot", str(dataset), str(tmp_path / "a")]) == 0
    assert "damage" not in capsys.readouterr().out
    assert dispatch(["bag", "from-lerobot", str(foreign), str(tmp_path / "b")]) == 0
    said = "note: damage cannot be excluded: the frames have no checksum, what ran has no checksum"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["observation.state", "action", "observation.goal"])
def test_numbers_that_are_not_finite_are_refused_with_their_frame(foreign, tmp_path, name, value):
    table = pq.read_table(foreign / FRAMES)
    rows = table.column(name).to_pylist()
    rows[7][0] = value
    at = table.column_names.index(name)
    pq.write_table(table.set_column(at, name, pa.array(rows)), foreign / FRAMES)
    with pytest.raises(BagError, match=f"{name} of frame 7 holds numbers that are not finite"):
        dispatch(["bag", "from-lerobot", str(foreign), str(tmp_path / "b")])
    assert not (tmp_path / "b").exists()


def test_a_pipe_in_place_of_frames_is_refused_and_not_waited_for(foreign, tmp_path):
    (foreign / FRAMES).unlink()
    os.mkfifo(foreign / FRAMES)
    with pytest.raises(BagError, match=r"file-000\.parquet is not a file"):
        dispatch(["bag", "from-lerobot", str(foreign), str(tmp_path / "b")])


def test_a_stamp_beyond_64_bits_is_refused_in_one_line(tmp_path, monkeypatch):
    from dexterity_ros.recording import lerobot

    def late(message):
        return replace(read(message), now_ns=2**70)

    read = lerobot.wire.tick_record
    monkeypatch.setattr(lerobot.wire, "tick_record", late)
    bag = Bag(SHORT_RUN)
    with pytest.raises(BagError, match="short_run: a tick has a stamp beyond 64 bits"):
        lerobot.to_lerobot(bag, tmp_path / "set", joint_names=load_hand("leap").joint_names, task="yaw", rate_hz=20.0)
