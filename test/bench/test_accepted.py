"""Files with one mistake are made from the truth, and the acceptance refuses them."""

from dataclasses import replace

import pytest

from dexterity_ros.bench.bringup.accepted import PAIR, RIGHT, SIGN, acceptances, kind_of, with_mistake
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot_hand import as_robot
from dexterity_ros.sim.hidden import draw_hidden

LEAP = load_hand("leap")


@pytest.mark.parametrize("seed", range(6))
def test_a_file_has_the_mistake_that_its_row_names_and_no_other(seed):
    hidden = draw_hidden(LEAP, None, seed)
    robot, told = with_mistake(hidden, seed)
    signs = [name for name in LEAP.joint_names if robot.wiring.signs[name] != hidden.wiring.signs[name]]
    ids = [name for name in LEAP.joint_names if robot.wiring.motor_ids[name] != hidden.wiring.motor_ids[name]]
    assert (len(signs), len(ids)) == {SIGN: (1, 0), PAIR: (0, 2), RIGHT: (0, 0)}[kind_of(seed)]
    assert all(name in told for name in (*signs, *ids)) and bool(told) == (kind_of(seed) != RIGHT)
    assert robot.zeros == hidden.zeros and as_robot(LEAP, robot).robot == robot


def test_an_individual_without_wiring_has_no_file_with_a_mistake():
    with pytest.raises(ConfigError, match="its wiring is needed"):
        with_mistake(replace(draw_hidden(LEAP, None, 1), wiring=None), 1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_flipped_sign_and_an_exchanged_pair_are_refused_and_the_truth_is_accepted():
    refused = {row.kind: row.refused for row in acceptances("leap", (0, 1, 4), 0.03)}
    assert refused[RIGHT] == "" and all(refused[kind] for kind in (SIGN, PAIR))
