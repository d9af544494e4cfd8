"""Imitation: one collector for all methods, labels where they belong."""

import copy
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.training.imitation.behaviour_cloning import clone
from dexterity_ros.training.imitation.collect import (
    Learner,
    always_expert,
    always_student,
    collect,
    success_rate,
)
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.explained import unexplained
from dexterity_ros.training.imitation.fine_tuning import TuningConfig, fine_tune
from dexterity_ros.training.imitation.gated import close_to_expert, gated_dagger
from dexterity_ros.training.imitation.human_gated import Operator, OperatorConfig, human_gated_dagger
from dexterity_ros.training.imitation.rma import rma
from dexterity_ros.training.imitation.rounds import Lesson, RoundsConfig
from dexterity_ros.training.networks import Actor, ActorConfig, Critic
from dexterity_ros.training.ppo import PpoConfig
from dexterity_ros.training.transition import Transition

pytestmark = pytest.mark.training


class Line:
    """N points on a line that have to come to zero, with drift; the expert sees them exactly."""

    def __init__(self, count, seed):
        self.rng, self.at, self.steps = np.random.default_rng(seed), np.zeros((count, 1), np.float32), 0

    def restart(self):
        self.at, self.steps = self.rng.uniform(-1, 1, size=self.at.shape).astype(np.float32), 0
        return self.at.copy(), self.at.copy()

    def step(self, action):
        self.at = np.clip(self.at + 0.2 * action + 0.02, -2, 2).astype(np.float32)
        self.steps += 1
        done = np.full(len(self.at), self.steps >= 20)
        good, final = np.abs(self.at[:, 0]) < 0.1, self.at.copy()
        if done[0]:
            self.restart()
        return Transition(
            observation=self.at.copy(),
            privileged=self.at.copy(),
            final_privileged=final,
            reward=-np.abs(self.at[:, 0]),
            terminated=np.zeros_like(done),
            truncated=done,
            restarted=done,
            reached=done & good,
            failed=done & ~good,
        )


def steer(privileged):
    return np.clip(-3.0 * privileged, -1.0, 1.0)


def steering(student):
    return Lesson(task=Line(64, 0), expert=steer, student=student)


def line_student(seed=0):
    torch.manual_seed(seed)
    return Actor(1, 1, ActorConfig(hidden=(32,)))


def test_who_acts_changes_the_data_and_who_labels_does_not():
    student = line_student()
    by_expert = collect(Line(64, 0), steer, student, 20, always_expert)
    by_student = collect(Line(64, 0), steer, student, 20, always_student)
    for batch in (by_expert, by_student):
        np.testing.assert_allclose(batch.label.numpy(), steer(batch.observation.numpy()), atol=1e-6)
        assert batch.attempts == 64 and batch.labels == 64 * 20
    own = student.likeliest(student.parameters_of(by_expert.observation, student.begin(64))[0])
    spread = by_expert.label.var(unbiased=False)
    assert by_expert.unexplained == pytest.approx(float(((own - by_expert.label) ** 2).mean() / spread), rel=1e-3)
    assert by_expert.successes == 64 and by_student.successes < 20
    np.testing.assert_array_equal(by_expert.observation[0], by_student.observation[0])


def test_cloning_and_dagger_learn_what_can_be_learned():
    cloning = RoundsConfig(rounds=2, steps=20, epochs=40, minibatch=256, learning_rate=3e-3)
    student = line_student()
    clone(steering(student), cloning, noise=0.2)
    assert success_rate(Line(64, 9), student, 64, 20)[0] > 55
    config = RoundsConfig(
        rounds=4, steps=20, epochs=20, minibatch=256, learning_rate=3e-3, validation_attempts=64
    )  # fmt: skip
    student, rounds = line_student(1), []
    batches = dagger(steering(student), config, beta_decay=0.5, on_round=rounds.append)
    assert len(batches) == 4 and [row.labels for row in rounds] == [1280, 2560, 3840, 5120]
    won, played = success_rate(Line(64, 9), student, 64, 20)
    assert won / played >= max(row.alone for row in rounds) - 0.1  # the best iterate was kept


def test_a_gate_lets_the_student_act_only_close_to_its_expert_and_still_teaches():
    own, expert = np.array([[0.0], [0.3], [0.9]], np.float32), np.zeros((3, 1), np.float32)
    assert close_to_expert(0.5)(0, own, expert).tolist() == [True, True, False]
    config = RoundsConfig(rounds=4, steps=20, epochs=20, minibatch=256, learning_rate=3e-3)
    student = line_student()
    gated_dagger(steering(student), config)
    assert success_rate(Line(64, 9), student, 64, 20)[0] > 55


def test_an_operator_reacts_late_misses_some_and_stays():
    config = OperatorConfig(reaction_s=(0.3, 0.8), missed=0.25, stays_s=1.0, period_s=0.05)
    operator, count = Operator(1000, config, 0), 1000
    wrong, fine = np.ones((count, 1), np.float32), np.zeros((count, 1), np.float32)
    acts = np.array([~operator.choose(t, fine if t < 20 else wrong, fine) for t in range(60)])
    assert not acts[:26].any()  # nothing is wrong for 20 steps, and nobody is faster than 0.3 s
    noticed = acts.any(axis=0)
    assert 0.70 < noticed.mean() < 0.80
    first = acts[:, noticed].argmax(axis=0) - 20
    assert first.min() >= 6 and first.max() <= 18 + 4  # reaction, and the time until it looks wrong
    after = np.array([~operator.choose(t, fine, fine) for t in range(60)])
    assert after[10, noticed].all() and not after[40:].any()  # they stay for a second, then let go


def test_only_interventions_are_learned_from_when_a_person_teaches():
    student = line_student()
    clone(steering(student), RoundsConfig(rounds=1, steps=5, epochs=2, minibatch=256, learning_rate=1e-3))
    before = success_rate(Line(64, 9), student, 64, 20)[0]
    config = RoundsConfig(rounds=8, steps=20, epochs=20, minibatch=256, learning_rate=3e-3)
    person = OperatorConfig(reaction_s=(0.05, 0.15), missed=0.1, wrong=0.2, stays_s=0.3)
    batches = human_gated_dagger(steering(student), config, operator=person)
    labels = [batch.labels for batch in batches]
    assert 64 * 20 > labels[0] > labels[-1]  # the better it gets, the less they have to do
    assert success_rate(Line(64, 9), student, 64, 20)[0] > max(before + 10, 55)


class Wind(Line):
    """Points that an unseen wind blows away, differently strong in every episode; the expert knows it."""

    def restart(self):
        self.wind = self.rng.uniform(-0.15, 0.15, size=self.at.shape).astype(np.float32)
        self.did = np.zeros_like(self.at)
        super().restart()
        return self._seen()

    def step(self, action):
        self.at += self.wind
        self.did = np.array(action)
        near = np.abs(np.clip(self.at + 0.2 * action + 0.02, -2, 2)[:, 0]) < 0.03
        step = super().step(action)
        seen, privileged = self._seen()
        reached, failed = step.restarted & near, step.restarted & ~near
        return replace(step, observation=seen, privileged=privileged, reached=reached, failed=failed)

    def _seen(self):
        return np.concatenate([self.at, self.did], axis=1), np.concatenate([self.at, self.wind], axis=1)


def against_wind(privileged):
    return np.clip(-3.0 * privileged[:, :1] - 5.0 * privileged[:, 1:] - 0.1, -1.0, 1.0)


def test_rapid_motor_adaptation_guesses_what_only_the_expert_knows():
    torch.manual_seed(0)
    student = Actor(2, 1, ActorConfig(hidden=(32,), memory="gru", memory_width=16, latent=2))
    config = RoundsConfig(rounds=12, steps=20, epochs=4, minibatch=32, learning_rate=3e-3, keep=6, updates=60)
    rma(Lesson(task=Wind(256, 0), expert=against_wind, student=student), config)
    blind = Actor(2, 1, ActorConfig(hidden=(32,)))
    dagger(Lesson(task=Wind(256, 0), expert=against_wind, student=blind), replace(config, minibatch=256))
    adapted, guessless = (success_rate(Wind(256, 9), one, 256, 20)[0] for one in (student, blind))
    assert adapted > 0.95 * 256 and adapted > guessless + 20


def test_a_student_with_memory_is_fitted_over_sequences():
    torch.manual_seed(0)
    student = Actor(1, 1, ActorConfig(hidden=(16,), memory="gru", memory_width=16))
    batch = collect(Line(64, 0), steer, student, 20, always_expert)
    learner = Learner(student, learning_rate=3e-3)
    learner.add(batch)
    first = learner.fit(epochs=1, minibatch=16)
    assert learner.fit(epochs=20, minibatch=16) < first - 0.3


def test_reinforcement_takes_a_student_beyond_its_expert():
    def stops_short(privileged):
        return np.clip(-3.0 * (privileged - 0.2), -1.0, 1.0)

    student = line_student()
    clone(
        Lesson(task=Line(64, 0), expert=stops_short, student=student),
        RoundsConfig(rounds=2, steps=20, epochs=40, minibatch=256, learning_rate=3e-3),
    )
    before, played = success_rate(Line(64, 9), student, 200, 20)
    assert before == 0
    ppo = PpoConfig(
        horizon=20, epochs=4, minibatch=256, gamma=0.9, gae_lambda=0.95, clip=0.2, entropy=0.0, value_weight=1.0,
        learning_rate=1e-3, learning_rate_range=(1e-4, 3e-3), target_kl=0.02, max_grad_norm=1.0, initial_std=0.3,
        actor_hidden=(32,), critic_hidden=(32,), critic_learning_rate=3e-3,
    )  # fmt: skip
    tuning = TuningConfig(imitation=0.05, fade_updates=5, alike=0.3, critic_first=2, ppo=ppo)
    policies = [copy.deepcopy(student.body.state_dict())]
    fine_tune(
        Lesson(task=Line(64, 0), expert=stops_short, student=student), Critic(1, (32,)), tuning, range(25),
        lambda _update, _rate: policies.append(copy.deepcopy(student.body.state_dict())),
    )  # fmt: skip

    def same(one, other):
        return all(bool((one[name] == other[name]).all()) for name in one)

    assert same(policies[0], policies[2]) and not same(policies[2], policies[3])  # the critic learned first
    after, _ = success_rate(Line(64, 9), student, 200, 20)
    assert after / played > 0.9


def test_what_a_student_can_know_is_explained():
    line = collect(Line(600, 0), steer, line_student(), 20, always_expert)
    assert unexplained([line]).share < 0.05
