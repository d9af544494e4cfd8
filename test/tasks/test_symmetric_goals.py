"""A goal is reached where nobody can see a difference; a labelled object and a protocol ask for the very turn."""

import numpy as np
import yaml

from dexterity_ros.bench.objects import twelve_objects
from dexterity_ros.contracts import config
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.object import load_symmetry
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.symmetry import NO_SYMMETRY
from dexterity_ros.tasks.episode import new_episode
from dexterity_ros.tasks.sight import Moment
from dexterity_ros.tasks.spec import TaskSpec

PERIOD_NS = 50_000_000
CAN = twelve_objects()["cylinder 70"]


def reached(symmetry, quat, goal):
    """Returns whether an object that lies still for a second has reached a goal."""
    task = config.load(TaskSpec, named_resource("config/tasks", "so3"))
    episode = new_episode(task, (0.0, 0.0, 0.0), 1, period_s=PERIOD_NS * 1e-9, symmetry=symmetry)
    got = False
    for k in range(20):
        moment = Moment(
            now_ns=np.array([k * PERIOD_NS]), pos_m=np.zeros((1, 3)), quat_wxyz=quat[None], goal_quat_wxyz=goal[None]
        )
        if k == 0:
            episode = episode.given(np.array([True]), moment)
        episode, verdict = episode.step(moment)
        got |= bool(verdict.reached[0])
    return got


def test_a_can_has_reached_its_goal_however_it_is_turned_about_its_axis():
    quat, turned, tilted = (rotvec_to_quat(np.array(v)) for v in ((0.0, 0.0, 0.0), (0.0, 0.0, 2.0), (1.0, 0.0, 0.0)))
    assert reached(CAN.symmetry, quat, turned) and not reached(CAN.symmetry, quat, tilted)
    assert not reached(NO_SYMMETRY, quat, turned)


def test_labels_make_every_turn_count(tmp_path):
    for name, trivial in (("cube 50, colours", True), ("prism 70", False)):
        spec = twelve_objects()[name]
        (tmp_path / "object.yaml").write_text(yaml.safe_dump(config.to_mapping(spec)))
        assert load_symmetry(str(tmp_path)).trivial == trivial
    assert load_symmetry("cube70").trivial and load_symmetry("cube70_tags").trivial
