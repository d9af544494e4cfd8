"""Imitation: one collector for all methods, labels where they belong, and a room in which imitation must fail."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.training.imitation.behaviour_cloning import CloningConfig, clone  # noqa: E402
from dexterity_ros.training.imitation.collect import (  # noqa: E402
    Outcome,
    always_expert,
    always_student,
    collect,
    fit,
    success_rate,
)
from dexterity_ros.training.imitation.dagger import DaggerConfig, dagger  # noqa: E402
from dexterity_ros.training.imitation.dark_room import (  # noqa: E402
    ACTIONS,
    CODES,
    ENTER,
    LEFT,
    LENGTH,
    LIMIT,
    OBSERVATION,
    RIGHT,
    SWITCH,
    DarkRoom,
    act_by_plan,
    new_student,
    privileged_expert,
    restricted_expert,
    to_action,
    to_choice,
)
from dexterity_ros.training.imitation.explained import unexplained  # noqa: E402
from dexterity_ros.training.networks import Actor, ActorConfig  # noqa: E402

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
        good = np.abs(self.at[:, 0]) < 0.1
        if done[0]:
            self.restart()
        return Outcome(
            observation=self.at.copy(),
            truth=self.at.copy(),
            reward=-np.abs(self.at[:, 0]),
            done=done,
            succeeded=done & good,
        )


def steer(truth):
    return np.clip(-3.0 * truth, -1.0, 1.0)


def line_student(seed=0):
    torch.manual_seed(seed)
    return Actor(1, 1, ActorConfig(hidden=(32,)))


def test_who_acts_changes_the_data_and_who_labels_does_not():
    student = line_student()
    by_expert = collect(Line(64, 0), steer, student, 20, always_expert)
    by_student = collect(Line(64, 0), steer, student, 20, always_student)
    for batch in (by_expert, by_student):
        np.testing.assert_allclose(batch.label.numpy(), steer(batch.observation.numpy()), atol=1e-6)
        assert batch.episodes == 64 and batch.labels == 64 * 20
    assert by_expert.successes == 64 and by_student.successes < 20
    np.testing.assert_array_equal(by_expert.observation[0], by_student.observation[0])


def test_cloning_and_dagger_learn_what_can_be_learned():
    cloning = CloningConfig(rounds=2, steps=20, noise=0.2, epochs=40, minibatch=256, learning_rate=3e-3)
    student = line_student()
    clone(Line(64, 0), steer, student, cloning)
    assert success_rate(Line(64, 9), student, 64, 20)[0] > 55
    config = DaggerConfig(
        rounds=4,
        steps=20,
        beta=1.0,
        beta_decay=0.5,
        epochs=20,
        minibatch=256,
        learning_rate=3e-3,
        validation_episodes=64,
    )
    student, said = line_student(1), []
    batches = dagger(Line(64, 0), steer, student, config, said=lambda k, rate, labels: said.append((k, rate, labels)))
    assert len(batches) == 4 and [row[2] for row in said] == [1280, 2560, 3840, 5120]
    won, played = success_rate(Line(64, 9), student, 64, 20)
    assert won / played >= max(row[1] for row in said) - 0.1  # the best iterate was kept


def test_a_student_with_memory_is_fitted_over_sequences():
    torch.manual_seed(0)
    student = Actor(1, 1, ActorConfig(hidden=(16,), memory="gru", memory_width=16))
    batch = collect(Line(64, 0), steer, student, 20, always_expert)
    first = fit(student, [batch], epochs=1, minibatch=16, learning_rate=3e-3)
    assert fit(student, [batch], epochs=20, minibatch=16, learning_rate=3e-3) < first - 0.3


def test_the_rules_of_the_dark_room():
    room = DarkRoom(1, seed=3)
    seen, truth = room.restart()
    assert seen.shape == (1, OBSERVATION) and seen[0, LENGTH + 1 :].sum() == 0.0  # nothing to read in the dark
    code = int(truth[0, OBSERVATION:].argmax())

    def do(*choices):
        return [room.step(to_action(np.array([choice]))) for choice in choices][-1]

    assert do(SWITCH).observation[0, LENGTH] == 0.0  # no switch here
    lit = do(LEFT, LEFT, SWITCH)
    assert lit.observation[0, LENGTH] == 1.0 and int(lit.observation[0, LENGTH + 1 :].argmax()) == code
    opened = do(*[RIGHT] * 4, ENTER + code)
    assert opened.done[0] and opened.succeeded[0] and opened.reward[0] > 0.9
    room.restart()
    wrong = (int(room.code[0]) + 1) % CODES
    failed = do(RIGHT, RIGHT, ENTER + wrong)
    assert failed.done[0] and not failed.succeeded[0]
    room.restart()
    assert not any(room.step(to_action(np.array([LEFT]))).done[0] for _ in range(LIMIT - 1))
    assert room.step(to_action(np.array([LEFT]))).done[0]
    choices = np.arange(ACTIONS)
    np.testing.assert_array_equal(to_choice(to_action(choices)), choices)


def test_the_privileged_expert_opens_every_room_without_a_light_and_the_restricted_one_with_it():
    for expert, lit in ((privileged_expert, False), (act_by_plan(restricted_expert()), True)):
        batch = collect(DarkRoom(200, 0), expert, new_student(0), LIMIT, always_expert)
        assert batch.successes == batch.episodes >= 200
        assert bool((batch.observation[:, :, LENGTH] > 0).any()) is lit


def test_imitating_the_privileged_expert_is_chance_and_the_restricted_one_is_not():
    config = DaggerConfig(
        rounds=6,
        steps=LIMIT,
        beta=1.0,
        beta_decay=0.0,
        epochs=8,
        minibatch=512,
        learning_rate=3e-3,
        validation_episodes=200,
    )
    rates = []
    for expert in (privileged_expert, act_by_plan(restricted_expert())):
        student = new_student(0)
        dagger(DarkRoom(200, 0), expert, student, config)
        won, played = success_rate(DarkRoom(200, 99), student, 1000, LIMIT)
        rates.append(won / played)
    assert rates[0] < 0.2 and rates[1] > 0.95


def test_what_cannot_be_known_is_measured():
    student = new_student(0)
    blind = collect(DarkRoom(200, 1), privileged_expert, student, 4 * LIMIT, always_expert)
    known = collect(DarkRoom(200, 1), act_by_plan(restricted_expert()), student, 4 * LIMIT, always_expert)
    assert unexplained([blind], categorical=ACTIONS).share > 0.2
    assert unexplained([known], categorical=ACTIONS).share < 0.02
    line = collect(Line(600, 0), steer, line_student(), 20, always_expert)
    assert unexplained([line]).share < 0.05
