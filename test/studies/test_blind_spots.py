"""Two tasks in which imitating an expert that sees the truth must fail, and what shows why."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.studies import slippery
from dexterity_ros.studies.blind_spots import the_dark_room
from dexterity_ros.studies.choices import to_action, to_choice
from dexterity_ros.studies.dark_room import (
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
    privileged_expert,
    restricted_expert,
)
from dexterity_ros.training.imitation.collect import always_expert, collect, success_rate
from dexterity_ros.training.imitation.dagger import dagger
from dexterity_ros.training.imitation.explained import unexplained
from dexterity_ros.training.imitation.rounds import Lesson, RoundsConfig
from dexterity_ros.training.networks import Actor, ActorConfig

pytestmark = pytest.mark.training


def test_the_rules_of_the_dark_room():
    room = DarkRoom(1, seed=3)
    seen, privileged = room.restart()
    assert seen.shape == (1, OBSERVATION) and seen[0, LENGTH + 1 :].sum() == 0.0  # nothing to read in the dark
    code = int(privileged[0, OBSERVATION:].argmax())

    def do(*choices):
        return [room.step(to_action(np.array([choice]), ACTIONS)) for choice in choices][-1]

    assert do(SWITCH).observation[0, LENGTH] == 0.0  # no switch here
    lit = do(LEFT, LEFT, SWITCH)
    assert lit.observation[0, LENGTH] == 1.0 and int(lit.observation[0, LENGTH + 1 :].argmax()) == code
    opened = do(*[RIGHT] * 4, ENTER + code)
    assert opened.restarted[0] and opened.reached[0] and opened.reward[0] > 0.9
    room.restart()
    wrong = (int(room.code[0]) + 1) % CODES
    failed = do(RIGHT, RIGHT, ENTER + wrong)
    assert failed.restarted[0] and not failed.reached[0]
    room.restart()
    assert not any(do(LEFT).restarted[0] for _ in range(LIMIT - 1))
    assert do(LEFT).restarted[0]
    choices = np.arange(ACTIONS)
    np.testing.assert_array_equal(to_choice(to_action(choices, ACTIONS), ACTIONS), choices)


def test_the_privileged_expert_opens_every_room_without_a_light_and_the_restricted_one_with_it():
    for expert, lit in ((privileged_expert, False), (act_by_plan(restricted_expert()), True)):
        batch = collect(DarkRoom(200, 0), expert, the_dark_room().student(0), LIMIT, always_expert)
        assert batch.successes == batch.attempts >= 200
        assert bool((batch.observation[:, :, LENGTH] > 0).any()) is lit


def test_imitating_the_privileged_expert_is_chance_and_the_restricted_one_is_not():
    config = RoundsConfig(
        rounds=6, steps=LIMIT, epochs=8, minibatch=512, learning_rate=3e-3, validation_attempts=200
    )  # fmt: skip
    rates = []
    for expert in (privileged_expert, act_by_plan(restricted_expert())):
        student = the_dark_room().student(0)
        dagger(Lesson(task=DarkRoom(200, 0), expert=expert, student=student), config)
        won, played = success_rate(DarkRoom(200, 99), student, 1000, LIMIT)
        rates.append(won / played)
    assert rates[0] < 0.2 and rates[1] > 0.95


def test_what_cannot_be_known_is_measured():
    student = the_dark_room().student(0)
    blind = collect(DarkRoom(200, 1), privileged_expert, student, 4 * LIMIT, always_expert)
    known = collect(DarkRoom(200, 1), act_by_plan(restricted_expert()), student, 4 * LIMIT, always_expert)
    assert unexplained([blind], categorical=ACTIONS).share > 0.2
    assert unexplained([known], categorical=ACTIONS).share < 0.02


@pytest.fixture(scope="module")
def cubes():
    task = slippery.Slippery(32, seed=0)
    yield task
    task.close()


def test_what_a_cube_feels_like_shows_only_when_it_is_squeezed(cubes):
    seen, privileged = cubes.restart()
    sticky = privileged[:, slippery.OBSERVATION] == 1.0
    assert sticky.sum() == 16
    said = slippery.knowing_expert(privileged)
    step = cubes.step(said)
    assert step.restarted.all() and step.reached.all()
    seen, _ = cubes.restart()

    def felt(seen, level):
        width = slippery.LEVELS + 1
        return seen[:, width:].reshape(len(seen), width, slippery.JOINTS)[:, level]

    def apart(readings):
        between = readings[sticky].mean(axis=0) - readings[~sticky].mean(axis=0)
        within = np.sqrt(0.5 * (readings[sticky].var(axis=0) + readings[~sticky].var(axis=0)))
        return float(np.abs(between / within).max())

    at_rest = apart(felt(seen, 0))
    for _ in range(slippery.LEVELS):
        step = cubes.step(to_action(np.full(32, slippery.SQUEEZE), slippery.ACTIONS))
        assert not step.restarted.any()
    assert apart(felt(step.observation, slippery.LEVELS)) > at_rest + 0.5
    wrong = cubes.step(to_action(slippery.SAY + 1 - sticky.astype(int), slippery.ACTIONS))
    assert wrong.restarted.all() and not wrong.reached.any()


def test_an_expert_that_squeezes_first_is_right_too_and_time_runs_out(cubes):
    batch = collect(cubes, slippery.squeezing_expert, _any_student(), slippery.LIMIT, always_expert)
    assert batch.successes == batch.attempts == 32
    cubes.restart()
    for k in range(slippery.LIMIT):
        step = cubes.step(to_action(np.full(32, slippery.RELEASE), slippery.ACTIONS))
        assert step.restarted.all() == (k == slippery.LIMIT - 1) and not step.reached.any()


def _any_student():
    return Actor(slippery.OBSERVATION, 1, ActorConfig(hidden=(8,), head="bins", bins=slippery.ACTIONS))
