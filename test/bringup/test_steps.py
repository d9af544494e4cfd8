"""Steps on an emulated individual: what they write is what it is, whatever the person says once."""

import numpy as np
import pytest

from dexterity_ros.bench.bringup.identified import damping, delay, friction, stiffness
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.person import NO, AgreeingPerson
from dexterity_ros.bringup.robot_file import RobotFile, StepRecord
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import CURRENT_A, SPEED_RAD_S, run
from dexterity_ros.reporting.bringup_page import bringup_page

pytestmark = pytest.mark.slow


@pytest.mark.timeout(1200)  # minutes of motion, and of computing what the joints are
def test_a_walk_with_a_person_who_errs_finds_what_the_hand_is_and_is_gentle(walk_on):
    on = walk_on(seed=3)
    walk = on.walk(wrong_share=0.03, seed=3)
    run(walk, STEPS)
    found = RobotFile(on.folder / "robot.yaml", on.hand).robot
    assert (found.wiring.signs, found.wiring.motor_ids) == (on.hidden.wiring.signs, on.hidden.wiring.motor_ids)
    for name, zero in on.hidden.zeros.zeros_rad.items():
        assert abs(found.zeros.zeros_rad[name].nominal - zero.nominal) < np.deg2rad(2.1)
    for errors_of, percent in ((stiffness, 10.0), (damping, 20.0), (friction, 25.0)):
        errors = errors_of(on.hidden, found)
        assert errors.missing == 0 and np.quantile(errors.errors, 0.9) < percent
    assert delay(on.hidden, found).errors[0] < 3.0
    figures = on.figures()
    assert figures["motors_with_torque"] == 0
    assert figures["most_rad_s"] < SPEED_RAD_S and figures["most_a"] <= CURRENT_A + 1e-3


def test_somebody_who_only_agrees_with_the_file_cannot_bring_up_a_hand_whose_stops_say_otherwise(walk_on):
    on = walk_on(seed=3)  # with two flipped joints
    walk = on.walk(person=AgreeingPerson())
    with pytest.raises(HandError, match="signs"):
        run(walk, STEPS)
    assert on.figures()["motors_with_torque"] == 0


class Denying(AgreeingPerson):
    """Sees no hand that stands as it should."""

    def ask(self, question):
        return NO if NO in question.choices else question.expected


def test_check_refuses_a_hand_that_does_not_stand_as_pictured(walk_on):
    on = walk_on(seed=3)
    walk = on.walk()
    truth = on.hidden
    walk.file.finish("signs", truth, StepRecord(measured="2026-11-22", said="told"))
    walk.file.finish("zeros", truth, StepRecord(measured="2026-11-22", said="told"))
    run(walk, {name: STEPS[name] for name in ("motors", "check")}, "motors")
    with pytest.raises(HandError, match="does not stand as pictured"):
        run(on.walk(person=Denying()), STEPS, "check")
    assert run(on.walk(), STEPS, "check") == ["check"]


def test_the_page_shows_before_and_after_and_what_is_missing(walk_on, tmp_path):
    on = walk_on(seed=3)
    walk = on.walk()
    walk.file.finish("zeros", on.hidden, StepRecord(measured="2026-11-22", said="told", warnings=("slipped",)))
    bringup_page(walk.file, on.hand, {name: row.about for name, row in STEPS.items()}).write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "Before and after" in text and "slipped" in text and "not yet" in text and "<svg" in text
