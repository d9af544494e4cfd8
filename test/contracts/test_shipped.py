"""Every configuration file that ships is within its own ranges."""

import importlib.util

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.hand import WORKSPACE_M, load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.motor import load_ceilings
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.drivers.dynamixel.control_table import BAUD_CODES, load_motor
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.simulate import JudgeConfig
from dexterity_ros.systems.spec import load_system
from dexterity_ros.tasks.spec import TaskSpec

LOADERS = {
    "config/cameras/*.yaml": lambda path: load_camera(str(path)),
    "config/eval/*.yaml": lambda path: config.load(JudgeConfig, path),
    "config/hands/*.yaml": lambda path: load_shape(load_hand(str(path))),
    "config/learners/*.yaml": lambda path: load_learning(path),
    "config/motors/x[cml]*.yaml": lambda path: load_motor(str(path)),
    "config/objects/*.yaml": lambda path: load_catalogue(str(path)),
    "config/protocols/*.yaml": lambda path: load_protocol(str(path)),
    "config/recovery/*.yaml": lambda path: config.load(RecoverySpec, path),
    "config/systems/*.yaml": lambda path: load_system(str(path)),
    "config/tasks/*.yaml": lambda path: config.load(TaskSpec, path),
    "config/train/*.yaml": lambda path: load_training(path),
    "models/objects/*/faces.yaml": lambda path: load_box(path.parent.name),
    "models/policies/*/manifest.yaml": lambda path: load_manifest(path.parent),
}


def load_learning(path):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    from dexterity_ros.training.learners.data_run import DataConfig

    return config.load(DataConfig, path, "config/learners")


def load_training(path):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    from dexterity_ros.training.distillation import PointStudentConfig
    from dexterity_ros.training.student_config import StudentConfig
    from dexterity_ros.training.teacher_config import TeacherConfig

    content = config.read_resolved(path, "config/train")
    if "teacher_run" in content:
        return config.load(PointStudentConfig, path, "config/train")
    return config.load(StudentConfig if "teacher" in content else TeacherConfig, path, "config/train")


@pytest.mark.parametrize(
    ("load", "path"),
    [
        pytest.param(load, path, id=str(path.relative_to(data_root())))
        for pattern, load in LOADERS.items()
        for path in sorted(data_root().glob(pattern))
    ],
)
def test_what_ships_loads(load, path):
    assert load(path)


@pytest.mark.parametrize("name", ["XC330-M288", "XL330-M288", "XM430-W210", "XM430-W350"])
def test_a_hand_may_only_have_baud_rates_that_the_driver_knows(name):
    assert set(load_ceilings(name).baud_rates) <= set(BAUD_CODES.values())
    assert load_ceilings(name).name == load_motor(name).name == name


@pytest.mark.parametrize("kind", ["tasks", "nodes"])
def test_every_file_that_says_how_far_an_object_may_go_says_the_same(kind):
    names = ("drop_distance_m", "workspace_radius_m", "radius_m")
    found = {}
    for path in (data_root() / "config" / kind).glob("*.yaml"):
        content = config.read_mapping(path)
        for table in (content, *(part["ros__parameters"] for part in content.values() if kind == "nodes")):
            found |= {(path.name, name): table[name] for name in names if name in table}
    assert found and set(found.values()) == {WORKSPACE_M}, found
