"""A checkpoint says what kind of run left it, and damage is named before anything in it is unpacked."""

import pickle

import pytest

torch = pytest.importorskip("torch")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint, restoring, write_checkpoint

pytestmark = pytest.mark.training
CONTENT = {"actor": {"weight": torch.arange(300.0)}, "progress": {"steps": 7, "widths": {"mass": 0.5}}}


@pytest.fixture
def path(tmp_path):
    write_checkpoint(tmp_path / CHECKPOINT, "teacher", CONTENT)
    return tmp_path / CHECKPOINT


def test_what_is_written_is_what_is_read(path):
    read = read_checkpoint(path, "teacher")
    assert torch.equal(read["actor"]["weight"], CONTENT["actor"]["weight"]) and read["progress"] == CONTENT["progress"]
    assert [p.name for p in path.parent.iterdir()] == [CHECKPOINT]


def test_it_stays_a_file_that_torch_reads(path):
    assert torch.load(path, weights_only=True)["progress"]["steps"] == 7


def test_another_kind_of_run_is_named(path):
    with pytest.raises(TrainingError, match=r"checkpoint.pt is of a teacher, expected one of a student"):
        read_checkpoint(path, "student")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_goes_unnoticed(path, data):
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    cut = data.draw(st.booleans())
    damaged = path.with_name("damaged.pt")
    damaged.write_bytes(whole[:place] if cut else whole[:place] + bytes([other]) + whole[place + 1 :])
    with pytest.raises(TrainingError, match=r"damaged.pt \(\d+ bytes\) is damaged"):
        read_checkpoint(damaged, "teacher")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", pickle.dumps({"actor": 1}), b"\ndexterity_ros checkpoint 1 x\n"]
)
def test_what_another_program_wrote_is_refused_without_being_unpacked(path, content):
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="written by another program or version"):
        read_checkpoint(path, "teacher")


def test_a_file_of_torch_alone_is_refused(path):
    torch.save(CONTENT, path)
    with pytest.raises(TrainingError, match="written by another program or version"):
        read_checkpoint(path, "teacher")


def test_a_missing_one_is_named(tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint .*a run directory holds"):
        read_checkpoint(tmp_path / CHECKPOINT, "teacher")


def test_a_whole_checkpoint_of_another_version_is_refused_in_one_line(tmp_path):
    from dexterity_ros.contracts.resources import shipped
    from dexterity_ros.training.teacher import Teacher
    from dexterity_ros.training.teacher_config import load_config

    teacher = Teacher(load_config(shipped("config/train/smoke.yaml")), tmp_path / "run", threads=1)
    for content in ({}, {"actor": 5}, [1, 2], {"actor": {}, "critic": {}, "optimiser": None}):
        write_checkpoint(tmp_path / CHECKPOINT, "teacher", content)
        with pytest.raises(TrainingError, match=r"checkpoint\.pt") as refused:
            teacher.restore(tmp_path / CHECKPOINT, keep_progress=True)
        assert "\n" not in str(refused.value)


def test_what_a_checkpoint_lacks_is_named_with_the_file(tmp_path):
    kept_by = r"checkpoint\.pt was kept by another version or configuration of training \(KeyError: 'actor'\)"
    with pytest.raises(TrainingError, match=kept_by), restoring(tmp_path / CHECKPOINT):
        {}["actor"]
    with pytest.raises(KeyError), restoring(tmp_path / CHECKPOINT, but=(KeyError,)):
        {}["actor"]
