"""Ranges grow where their ends are mastered, shrink where they are not, and only there."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.sensors import SampleNoise
from dexterity_ros.training.teacher import Teacher
from dexterity_ros.training.teacher_config import load_config
from dexterity_ros.training.widths import NOISE, WidthConfig

pytestmark = pytest.mark.training
WIDTHS = WidthConfig(start=0.2, step=0.1, up=0.6, down=0.3, window_goals=10, redraw_updates=5)


@pytest.fixture(scope="module")
def config():
    config = load_config(resource("config/train/leap_yaw.yaml"))
    ranges = ModelRandomisation(copies=8, friction=(0.5, 2.0), object_mass=(0.5, 1.5))
    noise = SampleNoise(joint_pos_rad=0.01)
    env = replace(config.env, num_envs=16, reset_pool=16, threads=1, randomisation=ranges, noise=noise)
    ppo = replace(config.ppo, minibatch=64, horizon=8, actor_hidden=(16,), critic_hidden=(16,))
    return replace(config, env=env, ppo=ppo, widths=WIDTHS, total_steps=3 * 16 * 8)


@pytest.fixture
def teacher(config, tmp_path):
    return Teacher(config, tmp_path)


def friction(teacher):
    nominal = teacher.env.scene.model.geom_friction[0, 0]
    return np.array([model.geom_friction[0, 0] / nominal for model in teacher.env.models])


def goals(copy_numbers, reached, copies=np.arange(16) % 8):
    ended = np.isin(copies, copy_numbers)
    return SimpleNamespace(reached=ended & reached, failed=ended & (not reached))


def test_some_hands_stand_at_the_ends_of_one_range_and_the_others_within(teacher):
    assert teacher.widths.terms == ("friction", "object_mass", NOISE)
    found = friction(teacher)
    np.testing.assert_allclose(found[[0, 8]], 1.2)  # 0.2 of the way from 1 to 2
    np.testing.assert_allclose(found[[1, 9]], 0.9)
    assert ((found[2:8] > 0.9) & (found[2:8] < 1.2)).all()
    scale = teacher.env.sensors.scale
    np.testing.assert_allclose(scale[[4, 5, 12, 13]], 0.2)
    assert scale.max() <= 0.2 and len(np.unique(scale)) > 8


def test_a_range_grows_where_its_ends_are_mastered_and_nowhere_else(teacher):
    for _ in range(5):
        teacher.widths.record(goals([0, 1], reached=True))
    teacher.widths.update()
    assert teacher.widths.widths == {"friction": 0.3, "object_mass": 0.2, NOISE: 0.2}
    for _ in range(5):
        teacher.widths.record(goals([2, 3], reached=False))
    teacher.widths.update()
    assert teacher.widths.widths["object_mass"] == 0.1
    for _ in range(50):
        teacher.widths.record(goals([4, 5], reached=True))
        teacher.widths.update()
    assert teacher.widths.widths[NOISE] == 1.0  # and not beyond


def test_models_are_drawn_anew_now_and_then_at_the_present_widths(teacher):
    before = friction(teacher)
    teacher.widths.widths["friction"] = 1.0
    for _ in range(WIDTHS.redraw_updates - 1):
        teacher.widths.update()
    np.testing.assert_array_equal(friction(teacher), before)
    teacher.widths.update()
    np.testing.assert_allclose(friction(teacher)[[0, 1]], [2.0, 0.5])


def test_widths_are_part_of_a_checkpoint(config, tmp_path):
    teacher = Teacher(config, tmp_path / "a")
    teacher.widths.widths["friction"] = 0.7
    teacher.widths.redraw()
    teacher.train(quiet=True)
    other = Teacher(config, tmp_path / "b")
    other.restore(tmp_path / "a" / CHECKPOINT, keep_progress=True)
    assert other.widths.widths["friction"] == pytest.approx(0.7)
    np.testing.assert_allclose(friction(other)[0], 1.7)
    np.testing.assert_array_equal(friction(other), friction(teacher))
    log = (tmp_path / "a/log.jsonl").read_text()
    assert '"widths"' in log and '"width"' in log
