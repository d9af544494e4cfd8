"""A camera sees which joint moved and which way, though it knows neither where it stands nor how the joints read."""

import numpy as np
import pytest

from dexterity_ros.bringup.eyehand.onlooker import Onlooker
from dexterity_ros.bringup.person import AS_PICTURED, IS_IT_SO, NOTHING, OTHER_WAY, WHICH_MOVED, WHICH_WAY, Question
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.sim.hidden import draw_hidden
from dexterity_ros.sim.individual import IndividualHand
from dexterity_ros.sim.individual_view import IndividualView


class Eye:
    """Looks at an individual that stands as it is put."""

    def __init__(self, hand, seed):
        self.camera = load_camera("demo")
        hidden = draw_hidden(hand, self.camera, seed)
        self._joints = IndividualHand(hand, hidden)
        self._view = IndividualView(self._joints.model, hidden.placed(self.camera), hand.grasp_centre_m, seed)
        self.pose = np.array(hand.home_pos_rad) + np.random.default_rng(seed).uniform(-0.15, 0.15, len(hand.joints))
        self._seen = 0

    def see(self):
        self._seen += 1
        self._joints.data.qpos[self._joints.qpos] = self.pose
        return self._view.see(self._joints.data.qpos, self._seen)


class Nobody:
    def watch(self):
        pass

    def ask(self, question):
        return f"asked {question.about}"


@pytest.fixture(scope="module")
def watching():
    hand = load_hand("leap")
    eye = Eye(hand, 1002)
    onlooker = Onlooker(hand, eye, Nobody())
    onlooker.watch()
    return hand, eye, onlooker


@pytest.mark.parametrize(
    ("joint", "turn_rad"), [("if_mcp", 0.25), ("mf_rot", -0.25), ("rf_dip", 0.25), ("th_cmc", 0.25)]
)
def test_which_joint_moved_and_which_way(watching, joint, turn_rad):
    hand, eye, onlooker = watching
    eye.pose[hand.joint_names.index(joint)] += turn_rad
    try:
        which = Question(about=WHICH_MOVED, text="", choices=(*hand.joint_names, NOTHING), expected=NOTHING)
        way = Question(about=WHICH_WAY, text="", choices=(AS_PICTURED, OTHER_WAY), joint=joint, expected=AS_PICTURED)
        assert onlooker.ask(which) == joint
        assert onlooker.ask(way) == (AS_PICTURED if turn_rad > 0.0 else OTHER_WAY)
    finally:
        eye.pose[hand.joint_names.index(joint)] -= turn_rad


def test_a_hand_that_stands_still_is_said_to_stand_still(watching):
    hand, _, onlooker = watching
    assert (
        onlooker.ask(Question(about=WHICH_MOVED, text="", choices=(*hand.joint_names, NOTHING), expected=NOTHING))
        == NOTHING
    )


def test_what_a_camera_cannot_judge_is_asked_of_a_person(watching):
    _, _, onlooker = watching
    assert onlooker.ask(Question(about=IS_IT_SO, text="", choices=("yes", "no"), expected="yes")) == f"asked {IS_IT_SO}"
