"""Several datasets become one that says what is in it; datasets of others are read through a file of names."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rosbags")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.recording.lerobot_foreign import ForeignColumns
from dexterity_ros.recording.lerobot_join import join
from dexterity_ros.recording.lerobot_reader import dataset_ticks, task_names

FRAMES = "data/chunk-000/file-000.parquet"


@pytest.fixture
def other(dataset, tmp_path):
    """The same frames as episodes of another task."""
    folder = tmp_path / "other"
    for path in dataset.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(dataset)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(dataset)).write_bytes(path.read_bytes())
    pq.write_table(pa.table({"task_index": [0], "task": ["another"]}), folder / "meta/tasks.parquet")
    return folder


def frames(folder):
    return pq.read_table(folder / FRAMES).to_pydict()


def test_two_datasets_become_one_with_both_tasks(dataset, other, tmp_path):
    done = join([dataset, other], tmp_path / "both")
    one, both = frames(dataset), frames(tmp_path / "both")
    n = len(one["index"])
    assert done.frames == 2 * n and done.tasks == ("another", "yaw")
    assert both["index"] == list(range(2 * n))
    episodes = one["episode_index"][-1] + 1
    assert both["episode_index"] == one["episode_index"] + [k + episodes for k in one["episode_index"]]
    names = task_names(tmp_path / "both")
    assert {names[k] for k in both["task_index"][:n]} == {"yaw"} and names[both["task_index"][-1]] == "another"
    assert both["action"] == one["action"] * 2
    assert len(dataset_ticks(tmp_path / "both", joint_names=load_hand("leap").joint_names)) == 2 * n


def test_validation_episodes_come_last_and_are_left_out_of_the_statistics(dataset, other, tmp_path):
    parts = [dataset, other, dataset, other]
    done = join(parts, tmp_path / "split", validation=0.25, seed=3)
    info = json.loads((tmp_path / "split/meta/info.json").read_text())
    train = done.episodes - done.validation
    assert done.validation == round(0.25 * done.episodes) > 0
    assert info["splits"] == {"train": f"0:{train}", "validation": f"{train}:{done.episodes}"}
    shown = sum(episode < train for episode in frames(tmp_path / "split")["episode_index"])
    assert json.loads((tmp_path / "split/meta/stats.json").read_text())["action"]["count"] == [shown]
    again = join(parts, tmp_path / "again", validation=0.25, seed=3)
    assert again == done and frames(tmp_path / "again") == frames(tmp_path / "split")


def test_datasets_that_do_not_go_together_are_refused(dataset, other, tmp_path):
    info = json.loads((other / "meta/info.json").read_text())
    (other / "meta/info.json").write_text(json.dumps(info | {"fps": 30}))
    with pytest.raises(BagError, match="has 30 fps"):
        join([dataset, other], tmp_path / "a")
    with pytest.raises(BagError, match="exists already"):
        join([dataset], tmp_path)
    with pytest.raises(BagError, match="0 datasets"):
        join([], tmp_path / "b")
    with pytest.raises(ConfigError, match="validation is 1"):
        join([dataset], tmp_path / "c", validation=1.0)


def test_frames_of_a_task_that_has_no_name_are_refused(dataset, other, tmp_path):
    pq.write_table(pa.table({"task_index": [5], "task": ["x"]}), other / "meta/tasks.parquet")
    with pytest.raises(BagError, match=r"frames of the tasks \[0\]"):
        join([other], tmp_path / "a")


@pytest.fixture
def foreign(dataset, tmp_path):
    """Two episodes with other names, in degrees, with two more joints, in another order."""
    hand, rng = load_hand("leap"), np.random.default_rng(0)
    names = ["wrist", *reversed(hand.joint_names), "lid"]
    state = rng.uniform(-20.0, 20.0, (10, 18))
    folder = tmp_path / "foreign"
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta").mkdir()
    table = {
        "robot.q": state.tolist(),
        "robot.cmd": (state + 1.0).tolist(),
        "episode_index": [0] * 6 + [1] * 4,
        "index": list(range(10)),
        "task_index": [0] * 10,
    }
    pq.write_table(pa.table(table), folder / FRAMES)
    info = {"codebase_version": "v3.0", "fps": 10, "features": {}, "total_frames": 10}
    (folder / "meta/info.json").write_text(json.dumps(info))
    columns = ForeignColumns(state="robot.q", action="robot.cmd", unit="deg", joints=tuple(names))
    return folder, columns, np.deg2rad(state)[:, 16:0:-1]


def test_a_dataset_of_others_is_read_by_its_own_names(foreign):
    folder, columns, state = foreign
    hand = load_hand("leap")
    ticks = dataset_ticks(folder, joint_names=hand.joint_names, columns=columns)
    from dexterity_ros.contracts.sources import JOINTS

    np.testing.assert_allclose(np.stack([t.inputs[JOINTS].pos_rad for t in ticks]), state)
    np.testing.assert_allclose(ticks[3].target.pos_rad, state[3] + np.deg2rad(1.0))
    np.testing.assert_allclose(ticks[3].inputs[JOINTS].vel_rad_s, (state[3] - state[2]) * 10.0)
    assert not ticks[6].inputs[JOINTS].vel_rad_s.any(), "an episode begins at rest"
    assert [t.reset for t in ticks] == [1] * 6 + [2] * 4
    assert ticks[1].now_ns - ticks[0].now_ns == 100_000_000 and ticks[6].now_ns - ticks[5].now_ns > 1e9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "robot.x"}, "the dataset has no column robot.x; there are"),
        ({"joints": ("wrist",)}, r"joints do not have \['if_mcp'"),
        ({"joints": ()}, r"has the shape \(18,\) per frame, expected \(16,\)"),
    ],
)
def test_names_that_do_not_fit_are_refused_with_what_there_is(foreign, change, said):
    folder, columns, _ = foreign
    with pytest.raises(BagError, match=said):
        dataset_ticks(folder, joint_names=load_hand("leap").joint_names, columns=replace(columns, **change))


def test_a_mapping_file_makes_a_bag(foreign, tmp_path, capsys):
    folder, columns, _ = foreign
    file = tmp_path / "columns.yaml"
    lines = ["state: robot.q", "action: robot.cmd", "unit: deg", f"joints: [{', '.join(columns.joints)}]"]
    file.write_text("\n".join(lines) + "\n")
    out = tmp_path / "bag"
    assert dispatch(["bag", "from-lerobot", str(folder), str(out), "--columns", str(file)]) == 0
    assert "10 ticks" in capsys.readouterr().out


def test_the_card_of_a_dataset_says_what_is_in_it_and_what_looks_wrong(dataset, tmp_path):
    pytest.importorskip("matplotlib")
    from dexterity_ros.reporting.data_page import data_page

    page = data_page(dataset)
    assert {label: value for label, value, _ in page.tiles}["joints"] == "16"
    page.write(tmp_path / "card.html")
    text = (tmp_path / "card.html").read_text()
    assert "if_mcp" in text and "observation.state" in text and "<svg" in text
    table = pq.read_table(dataset / FRAMES)
    state = np.array(table.column("observation.state").to_pylist())
    state[:, 3] = 0.5
    still = tmp_path / "still"
    for name in ("meta/info.json", "meta/tasks.parquet", FRAMES):
        (still / name).parent.mkdir(parents=True, exist_ok=True)
        (still / name).write_bytes((dataset / name).read_bytes())
    at = table.column_names.index("observation.state")
    pq.write_table(table.set_column(at, "observation.state", pa.array(state.tolist())), still / FRAMES)
    assert any("never move: if_dip" in alarm for alarm in data_page(still).alarms)


def test_report_writes_the_card_of_a_dataset(dataset, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "card.html"
    assert dispatch(["report", str(dataset), "--out", str(out)]) == 0
    assert "Dataset set" in out.read_text()
