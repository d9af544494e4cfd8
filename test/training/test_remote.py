"""Rollouts in other processes are those of this one, and a worker that dies costs its chunk and nothing else."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ray = pytest.importorskip("ray")

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.training.checkpoint import TrainingError
from dexterity_ros.training.remote import RayCollector, connect
from dexterity_ros.training.site import Lot
from dexterity_ros.training.student import Student, student_site
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.training.teacher import Teacher, teacher_site
from dexterity_ros.training.teacher_config import load_config

pytestmark = [pytest.mark.training, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster():
    yield connect("local", 2)
    ray.shutdown()


@pytest.fixture
def small():
    torch.set_num_threads(1)
    config = load_config(resource("config/train/leap_yaw.yaml"))
    env = replace(
        config.env, num_envs=24, reset_pool=8, threads=1, episode_s=0.5,
    )  # fmt: skip
    ppo = replace(config.ppo, minibatch=64, horizon=8, actor_hidden=(16,), critic_hidden=(16,))
    widths = replace(config.widths, redraw_updates=1)
    return replace(config, env=env, ppo=ppo, widths=widths, total_steps=10**9, goal_timeout_s=0.3)


def remote(config, site_of, workers):
    return lambda own: RayCollector(partial(site_of, config), own, workers)


def test_one_worker_learns_bit_for_bit_what_this_process_does(cluster, small, tmp_path):
    def trained(name, **named):
        teacher = Teacher(small, tmp_path / name, threads=1, **named)
        teacher.begin()
        teacher.train_until(3 * 24 * 8)
        return teacher

    here, there = trained("here"), trained("there", gather=remote(small, teacher_site, 1))
    for name, value in here.ppo.actor.state_dict().items():
        assert torch.equal(value, there.ppo.actor.state_dict()[name]), name
    assert here.fraction == there.fraction and here.progress.goal_max_rad == there.progress.goal_max_rad
    assert here.widths.snapshot()["outcomes"] == there.widths.snapshot()["outcomes"]
    there.collector.close()


def test_two_workers_bring_what_two_sites_in_this_process_bring(cluster, small, tmp_path):
    teacher = Teacher(small, tmp_path, threads=1, gather=remote(small, teacher_site, 2))
    sites = [teacher_site(small, Lot(worker=k, workers=2)) for k in range(2)]
    assert [site.env.num_envs for site in sites] == [12, 12]
    teacher.env.set_goal_range((0.5, 3.0))
    teacher.collector.restart()
    for site in sites:
        site.ppo.actor.load_state_dict(teacher.ppo.actor.state_dict())
        site.ppo.critic.load_state_dict(teacher.ppo.critic.state_dict())
        site.obey(teacher.site.orders())
        site.collector.restart()
    for _ in range(2):
        rollout, last, tally = teacher.collector.rollout()
        chunks = [site.chunk() for site in sites]
        for name, values in vars(rollout).items():
            theirs = np.concatenate([c.rollout[name] for c in chunks], 0 if name == "state" else 1)
            np.testing.assert_array_equal(values.numpy(), theirs, err_msg=name)
        np.testing.assert_array_equal(last.numpy(), np.concatenate([c.last for c in chunks]))
        assert tally.failed == sum(c.tally.failed for c in chunks)
    first, second = rollout.observation[:, :12], rollout.observation[:, 12:]
    assert not torch.equal(first, second)
    teacher.collector.close()


def test_a_reinforced_student_learns_the_same_through_a_worker(cluster, tmp_path):
    config = configs.load(StudentConfig, resource("config/train/leap_so3_reinforced.yaml"))
    ppo = replace(config.tuning.ppo, horizon=8, minibatch=32, critic_hidden=(8,))
    config = replace(
        config, env=replace(config.env, num_envs=8, reset_pool=8, threads=1, episode_s=0.5), goal_timeout_s=0.3,
        tuning=replace(config.tuning, ppo=ppo, critic_first=1, imitation=0.01), redraw_updates=2,
        rounds=replace(config.rounds, rounds=3, validation_attempts=0),
        student=replace(config.student, hidden=(8,), memory_width=8),
    )  # fmt: skip
    here = Student(config, tmp_path / "here", threads=1)
    here.train()
    there = Student(config, tmp_path / "there", threads=1, gather=remote(config, student_site, 1))
    there.train()
    for name, value in here.actor.state_dict().items():
        assert torch.equal(value, there.actor.state_dict()[name]), name
    rows = [
        [json.loads(row) for row in (tmp_path / run / "log.jsonl").read_text().splitlines()]
        for run in ("here", "there")
    ]
    for one, other in zip(*rows, strict=True):
        assert all(one[name] == other[name] for name in ("labels", "rate", "goals", "dropped", "late", "within_0.4"))
    there.reinforcement.tuner.collector.close()


def test_ten_workers_killed_in_one_run_cost_ten_chunks_and_learning_goes_on(cluster, small, tmp_path):
    teacher = Teacher(small, tmp_path, threads=1, gather=remote(small, teacher_site, 2))
    teacher.begin()
    before = teacher.ppo.actor.body[0].weight.detach().clone()
    rows = []
    for update in range(10):
        ray.kill(teacher.collector.actors[update % 2])
        rows.append(teacher.progress.steps)
        teacher.train_until(teacher.progress.steps + 1)
    assert teacher.collector.lost == 10
    assert teacher.progress.updates == 10 and teacher.progress.steps == 10 * 12 * 8  # half of each rollout
    assert not torch.equal(before, teacher.ppo.actor.body[0].weight)
    teacher.train_until(teacher.progress.steps + 1)
    assert teacher.progress.steps == 10 * 12 * 8 + 24 * 8  # everybody is back
    teacher.collector.close()


def test_a_run_resumes_through_workers_where_it_stopped(cluster, small, tmp_path):
    whole = Teacher(small, tmp_path / "whole", threads=1, gather=remote(small, teacher_site, 2))
    whole.begin()
    whole.train_until(4 * 24 * 8)
    whole.collector.close()
    parts = Teacher(small, tmp_path / "parts", threads=1, gather=remote(small, teacher_site, 2))
    parts.begin()
    parts.train_until(2 * 24 * 8)
    parts.save()
    parts.collector.close()
    more = Teacher(small, tmp_path / "parts", threads=1, gather=remote(small, teacher_site, 2))
    more.restore(tmp_path / "parts/checkpoint.pt", keep_progress=True)
    more.train_until(4 * 24 * 8)
    for name, value in whole.ppo.actor.state_dict().items():
        assert torch.equal(value, more.ppo.actor.state_dict()[name]), name
    more.collector.close()


def test_what_breaks_in_a_worker_is_said_here(cluster, small, tmp_path):
    def poisoned(lot):
        site = teacher_site(small, lot)
        step = site.env.step

        def broken(action):
            result = step(action)
            result.terms["progress"][0] = np.nan
            return result

        site.env.step = broken
        return site

    teacher = Teacher(small, tmp_path, threads=1, gather=lambda own: RayCollector(poisoned, own, 2))
    with pytest.raises(TrainingError, match="reward term progress is not finite"):
        teacher.train(quiet=True)
    teacher.collector.close()


def test_more_workers_than_the_cluster_has_room_for_are_refused(cluster):
    with pytest.raises(ConfigError, match=r"--workers is 99, the cluster has \d+ CPUs: expected 1 to"):
        connect("local", 99)


def test_a_worker_that_cannot_be_set_up_ends_the_run_in_a_line(cluster, small, tmp_path):
    def impossible(lot):
        raise ConfigError("no object 'cube99' here")

    teacher = Teacher(small, tmp_path, threads=1, gather=lambda own: RayCollector(impossible, own, 1))
    with pytest.raises(TrainingError, match="worker 0 cannot be set up: .*no object 'cube99' here"):
        teacher.begin()
    teacher.collector.close()
