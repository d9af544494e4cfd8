"""The one collector: what follows a step is worth what the critic says of the true next state."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.training.imitation.fine_tuning import TaskWorld
from dexterity_ros.training.networks import Actor, ActorConfig, Critic
from dexterity_ros.training.ppo import Ppo, advantages
from dexterity_ros.training.rollouts import Collector, MeanFirst
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.training.transition import Transition

pytestmark = pytest.mark.training
NO, YES = np.array([False]), np.array([True])


def column(value):
    return np.array([[value]], np.float32)


class Script:
    """One environment that says what it is made to say; its value, according to `ValueIsPlace`, is where it is."""

    def __init__(self, steps):
        self.steps, self.actions = iter(steps), []

    def restart(self):
        return column(0.0), column(2.0)

    def snapshot(self):
        return {}

    def step(self, action):
        self.actions.append(float(action[0, 0]))
        said = {"terminated": NO, "truncated": NO, "restarted": NO, "reached": NO, "failed": NO} | next(self.steps)
        final = said.pop("final", None)
        place = column(said.pop("to"))
        return Transition(
            observation=np.zeros_like(place), privileged=place, reward=np.ones(1, np.float32),
            final_privileged=place if final is None else column(final), **said,
        )  # fmt: skip


class ValueIsPlace(Critic):
    def value(self, privileged):
        return privileged[:, 0]


def ppo_config(**changes):
    config = configs.load(StudentConfig, resource("config/train/leap_so3_reinforced.yaml"))
    return replace(config.tuning.ppo, horizon=2, minibatch=4, gamma=0.5, gae_lambda=1.0, critic_hidden=(4,), **changes)


def returns_of(world, **named):
    torch.manual_seed(0)
    actor, config = Actor(1, 1, ActorConfig(hidden=(4,), memory="gru", memory_width=2)), ppo_config()
    collector = Collector(world, Ppo(actor, ValueIsPlace(1, (4,)), config), **named)
    collector.restart()
    rollout, last, tally = collector.rollout()
    return advantages(rollout, last, config)[1][:, 0].tolist(), rollout, tally, collector


def test_an_unbroken_rollout_ends_with_the_value_of_where_it_stands():
    returns, *_ = returns_of(Script([{"to": 4.0}, {"to": 8.0}]))
    assert returns == [1.0 + 0.5 * (1.0 + 0.5 * 8.0), 1.0 + 0.5 * 8.0]


def test_a_truncation_is_worth_the_state_before_it_not_the_old_nor_the_restarted_one():
    late = {"to": 3.0, "final": 10.0, "truncated": YES, "restarted": YES, "failed": YES}
    returns, rollout, tally, _ = returns_of(Script([late, {"to": 8.0}]))
    assert returns == [1.0 + 0.5 * 10.0, 1.0 + 0.5 * 8.0]  # with the old state's value it would be 2.0
    assert rollout.value[:, 0].tolist() == [2.0, 3.0]
    assert (tally.reached, tally.failed) == (0, 1)


def test_a_truncation_in_the_last_step_counts_the_same():
    late = {"to": 3.0, "final": 10.0, "truncated": YES, "restarted": YES}
    returns, *_ = returns_of(Script([{"to": 4.0}, late]))
    assert returns == [1.0 + 0.5 * (1.0 + 0.5 * 10.0), 1.0 + 0.5 * 10.0]


def test_nothing_follows_a_failure_even_where_the_hand_goes_on_and_remembers():
    late = {"to": 3.0, "terminated": YES, "failed": YES}
    returns, rollout, _, collector = returns_of(Script([late, {"to": 8.0}]))
    assert returns == [1.0, 1.0 + 0.5 * 8.0]
    assert rollout.done[:, 0].tolist() == [1.0, 0.0] and rollout.restarted[:, 0].tolist() == [0.0, 0.0]
    assert bool((collector.snapshot()["state"] != 0.0).all())
    *_, collector = returns_of(Script([{"to": 4.0}, late | {"restarted": YES}]))
    assert bool((collector.snapshot()["state"] == 0.0).all())


def test_a_task_is_worth_what_is_privileged_before_its_restart():
    class Truncated:
        def restart(self):
            return column(0.0), column(2.0)

        def step(self, action):
            return Transition(
                observation=column(0.0), privileged=column(3.0), final_privileged=column(10.0),
                reward=np.ones(1, np.float32), terminated=NO, truncated=YES, restarted=YES, reached=NO, failed=YES,
            )  # fmt: skip

    returns, *_ = returns_of(TaskWorld(Truncated(), lambda privileged: privileged, 0.1))
    assert returns == [1.0 + 0.5 * 10.0] * 2


def test_attempts_that_begin_by_the_mean_do_so_unlearned_from_and_the_critic_knows():
    torch.manual_seed(0)
    actor = Actor(1, 1, ActorConfig(hidden=(4,), memory="gru", memory_width=2))
    world = Script([{"to": 0.0}] * 2 + [{"to": 0.0, "reached": YES}] + [{"to": 0.0}] * 60)
    config = replace(ppo_config(), horizon=60)
    first = MeanFirst(share=1.0, most_steps=30)
    collector = Collector(world, Ppo(actor, Critic(2, (4,)), config), mean_first=first)
    collector.restart()
    rollout, _, _ = collector.rollout()
    used, said = rollout.used[:, 0].numpy(), rollout.privileged[:, 0, 1].numpy()
    np.testing.assert_array_equal(used, 1.0 - said)
    assert 0.0 < used.mean() < 1.0
    mean = rollout.packed[:, 0, 0].numpy()
    np.testing.assert_array_equal(rollout.action[:, 0, 0].numpy() == mean, used == 0.0)
    np.testing.assert_allclose(world.actions, rollout.action[:, 0, 0])


@pytest.mark.parametrize("counted", [0, 2])
def test_the_actor_learns_nothing_from_steps_that_were_not_drawn(counted):
    torch.manual_seed(0)
    actor, config = Actor(1, 1, ActorConfig(hidden=(4,))), ppo_config(critic_learning_rate=1e-3, beyond_clip=0.0)
    ppo = Ppo(actor, Critic(1, (4,)), replace(config, horizon=4, epochs=1))
    collector = Collector(Script([{"to": 4.0}, {"to": 8.0}, {"to": 4.0}, {"to": 8.0}]), ppo)
    collector.restart()
    rollout, last, _ = collector.rollout()
    used = torch.zeros(4, 1)
    used[:counted] = 1.0
    before = [p.detach().clone() for p in actor.parameters()]
    losses = ppo.update(replace(rollout, used=used), last)
    assert np.isfinite(list(losses.values())).all()
    learned = any(bool((p != b).any()) for p, b in zip(actor.parameters(), before, strict=True))
    assert learned is (counted > 0)


def test_a_price_keeps_means_within_the_clip():
    torch.manual_seed(0)
    actor = Actor(1, 1, ActorConfig(hidden=(4,)))
    with torch.no_grad():
        actor.body[-1].bias.fill_(2.0)
    config = ppo_config(beyond_clip=10.0, critic_learning_rate=1e-3)
    ppo = Ppo(actor, Critic(1, (4,)), replace(config, learning_rate_range=(1e-2, 1e-2), learning_rate=1e-2))
    for _ in range(20):
        collector = Collector(Script([{"to": 0.0}] * 2), ppo)
        collector.restart()
        rollout, last, _ = collector.rollout()
        ppo.update(replace(rollout, reward=torch.zeros(2, 1)), last)
    assert float(actor.body[-1].bias.detach()) < 1.7


@pytest.mark.parametrize("change", [{"beyond_clip": 0.1}, {"final_std": 0.1}])
def test_what_only_a_gaussian_has_is_refused_of_bins(change):
    actor = Actor(1, 1, ActorConfig(hidden=(4,), head="bins"))
    with pytest.raises(ConfigError, match="the actor's head is bins"):
        Ppo(actor, Critic(1, (4,)), ppo_config(**change))
