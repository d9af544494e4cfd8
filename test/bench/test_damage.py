"""The judge of damaged files tells the outcomes apart; a sample of damaged bags and datasets has no bad one."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap")
pytest.importorskip("rosbags")
pytest.importorskip("pyarrow")
pytest.importorskip("mujoco")

from dexterity_ros.bench.damage.kinds import KINDS
from dexterity_ros.bench.damage.rows import counts
from dexterity_ros.bench.damage.trial import BAD, Command, Damage, Facts, Kind, trials
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_writer import BagWriter
from dexterity_ros.recording.metadata import recorded_topics
from dexterity_ros.recording.types import encode, make

STATE = recorded_topics()["hand_state"]
ALWAYS = ("bag info", "bag recover", "bag from-lerobot")
SOMETIMES = {("bag export", "bag to-lerobot"): 5, ("replay", "compare"): 1}  # of how many copies; a page takes longest


def numbers(out):
    """The facts of a command that copies numbers."""
    text = (out / "copy").read_text()
    return Facts(items=Counter(text.split()), derived=text, claims=frozenset({"whole"} if "whole" in text else ()))


def kind_of(run_damaged):
    """A file of numbers whose undamaged copy is copied; `run_damaged` gets (path of the file, path of the copy)."""

    def run(arguments):
        text = Path(arguments[0]).read_text()
        if "damaged" in text:
            return run_damaged(Path(arguments[1]))
        Path(arguments[1]).write_text(text)
        return 0

    def make(folder):
        (folder / "file").write_text("1 2 3")
        return folder / "file"

    damage = Damage(name="damaged", apply=lambda path, rng: path.write_text(f"damaged {rng.integers(9)}"))
    command = Command(name="copy", arguments=("{file}", "{out}/copy"), facts=numbers)
    return Kind(name="numbers", make=make, damages=(damage,), commands=(command,)), run


def written(text, status=0, said=""):
    def run(path):
        path.write_text(text)
        print(said)
        return status

    return run


def raised(error):
    def run(path):
        raise error

    return run


def endless(path):
    while True:
        pass


@pytest.mark.parametrize(
    "what, outcome",
    [
        (written("1 2 3"), "right"),
        (written("1 2 4"), "silently_wrong"),
        (written("1 2", 1, "damaged: 3 is lost"), "partial_said"),
        (written("1 2", 1, "something is lost"), "silently_wrong"),
        (written("1 2", 0, "damaged: 3 is lost"), "silently_wrong"),
        (written("1 4", 1, "damaged: 3 is lost"), "silently_wrong"),
        (written("1 2 whole", 1, "damaged: 3 is lost"), "silently_wrong"),
        (raised(BagError("no such file")), "refused"),
        (raised(BagError("no such\nfile")), "traceback"),
        (raised(ValueError("what?")), "traceback"),
        (raised(SystemExit(2)), "traceback"),
        (endless, "hang"),
    ],
)
def test_the_judge_tells_the_outcomes_apart(tmp_path, what, outcome):
    kind, run = kind_of(what)
    (row,) = trials(kind, 1, run, tmp_path / "work", limit_s=0.1)
    assert row.outcome == outcome, row.said


def test_a_file_that_is_refused_undamaged_is_no_truth(tmp_path):
    kind, _ = kind_of(raised(ValueError()))
    with pytest.raises(ValueError, match="copy of an undamaged file"):
        list(trials(kind, 1, raised(BagError("no")), tmp_path / "work"))


def test_the_same_seed_damages_in_the_same_way(tmp_path):
    for kind in (kind_from(dispatch) for kind_from in KINDS.values()):
        for damage in kind.damages:
            found = []
            for name in ("a", "b"):
                folder = tmp_path / name / kind.name / damage.name
                for inner in ("x.mcap", "metadata.yaml", "data/chunk-000/f.parquet", "meta/info.json"):
                    (folder / inner).parent.mkdir(parents=True, exist_ok=True)
                    (folder / inner).write_bytes(MCAP if inner == "x.mcap" else b'{"a": 12, "b": 345}' * 40)
                damage.apply(folder, np.random.default_rng(3))
                files = sorted(path for path in folder.rglob("*") if path.is_file())
                found.append([(path.name, path.read_bytes()) for path in files])
            assert found[0] == found[1], damage.name


def _mcap():
    """A file of three chunks with their indexes."""
    import io

    from mcap.writer import Writer

    stream = io.BytesIO()
    writer = Writer(stream, chunk_size=50)
    writer.start()
    channel = writer.register_channel("/t", "cdr", 0)
    for i in range(3):
        writer.add_message(channel, i, bytes(100), i)
    writer.finish()
    return stream.getvalue()


MCAP = _mcap()


def small_bag(folder):
    """A bag of 60 states in many chunks."""
    writer = BagWriter(folder / "b", [STATE], {"policy": "p", "hand": "leap"})
    rng = np.random.default_rng(0)
    for i in range(60):
        text = make("std_msgs/msg/String", data=f"state {i} {rng.bytes(400).hex()}")
        writer.write(STATE, 10**18 + i * 10**7, 10**18 + i * 10**7, encode(text, STATE.message))
    writer.close()
    return folder / "b"


def test_bags_are_refused_right_or_partial_whatever_was_done_to_them(tmp_path):
    kind = KINDS["bag"](dispatch)
    quick = tuple(command for command in kind.commands if command.name in ("bag info", "bag recover", "bag export"))
    rows = list(trials(replace(kind, make=small_bag, commands=quick), 3 * 23, dispatch, tmp_path / "work"))
    assert [row for row in rows if row.outcome in BAD] == []
    found = counts(rows)["bag"]
    assert found["partial_said"] > 20 < found["refused"]


@pytest.mark.slow
@pytest.mark.parametrize("name, copies", [("bag", 23), ("LeRobot dataset", 19)])
def test_no_damage_that_a_checksum_covers_is_silent_endless_or_a_traceback(tmp_path, name, copies):
    kind = KINDS[name](dispatch)
    assert copies == len(kind.damages)  # each once
    made = kind.make(tmp_path)
    rows = []
    for names, count in ({ALWAYS: copies} | SOMETIMES).items():
        some = tuple(command for command in kind.commands if command.name in names)
        rows += trials(replace(kind, make=lambda _: made, commands=some), count, dispatch, tmp_path / names[0])
    assert [row for row in rows if row.outcome in BAD and row.checksum] == []
    assert sum(found["partial_said"] + found["refused"] for found in counts(rows).values()) > len(rows) / 2
