"""Workers on two nodes; a node that goes takes its workers along, and learning goes on with the others."""

from dataclasses import replace
from functools import partial

import pytest

torch = pytest.importorskip("torch")
ray = pytest.importorskip("ray")

from ray.cluster_utils import Cluster

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.training.remote import RayCollector, connect
from dexterity_ros.training.teacher import Teacher, teacher_site
from dexterity_ros.training.teacher_config import load_config

pytestmark = [pytest.mark.training, pytest.mark.slow]


def test_two_nodes_bring_their_chunks_and_one_goes_on_alone(tmp_path):
    config = load_config(resource("config/train/smoke.yaml"))
    ppo = replace(config.ppo, minibatch=64, horizon=8, actor_hidden=(16,), critic_hidden=(16,))
    config = replace(config, env=replace(config.env, num_envs=16, reset_pool=8, threads=1), ppo=ppo)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    other = cluster.add_node(num_cpus=1)
    assert connect(cluster.address) == 2  # one on each: a worker takes a CPU
    build = partial(teacher_site, config)
    teacher = Teacher(
        config, tmp_path, threads=1, gather=lambda own: RayCollector(build, own, 2, patience_s=120.0)
    )  # fmt: skip
    teacher.begin()
    teacher.train_until(1)
    assert teacher.progress.steps == 16 * 8
    teacher.collector._patience_s = 2.0
    cluster.remove_node(other)
    for _ in range(3):
        teacher.train_until(teacher.progress.steps + 1)
    assert teacher.progress.steps == 16 * 8 + 3 * 8 * 8 and teacher.collector.lost >= 1
    teacher.collector.close()
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "host:port"])
def test_an_address_where_nobody_answers_is_one_line(address):
    with pytest.raises(ConfigError, match=f"--ray is '{address}': no Ray cluster answers there") as refused:
        connect(address)
    assert "\n" not in str(refused.value)
