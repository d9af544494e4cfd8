"""A walk keeps what is finished, goes on after it, and leaves torque off however it ends."""

from dataclasses import replace

import pytest

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.robot_file import RobotFile
from dexterity_ros.bringup.steps.table import STEPS
from dexterity_ros.bringup.walk import CURRENT_A, SPEED_RAD_S, Measured, StepRow, run, unlimited
from dexterity_ros.contracts.errors import ConfigError


def moving_step(walk):
    with walk.moving(unlimited(walk.hand)) as manual:
        manual.ease_to(manual.look().pos_rad)
        manual.hold(0.2)
    return Measured(robot=walk.robot, said="moved")


def test_the_motors_are_found_and_their_supply_is_measured(walk_on):
    on = walk_on()
    walk = on.walk()
    run(walk, STEPS, "motors")
    truth = on.hidden.supply.supply_v.nominal
    supply = RobotFile(walk.file.path, on.hand).robot.supply.supply_v
    assert supply.low - 1e-9 <= truth <= supply.high + 1e-9
    assert on.figures()["most_rad_s"] == 0.0


def test_a_finished_step_is_not_run_again_unless_it_is_named(walk_on):
    on = walk_on()
    table = {"motors": STEPS["motors"]}
    assert run(on.walk(), table) == ["motors"]
    assert run(on.walk(), table) == []
    assert run(on.walk(), table, "motors") == ["motors"]


def test_a_step_before_those_it_needs_is_refused_by_name(walk_on):
    table = {"motors": STEPS["motors"], "move": StepRow(about="", work=moving_step, needs=("motors",))}
    with pytest.raises(ConfigError, match=r"move needs \['motors'\] first"):
        run(walk_on().walk(), table, "move")
    with pytest.raises(ConfigError, match="no step 'motor'; it has"):
        run(walk_on().walk(), table, "motor")


def test_a_hand_is_not_identified_with_gains_that_nobody_has_confirmed(walk_on):
    walk = walk_on().walk()
    table = {"identify": replace(STEPS["identify"], work=lambda walk: Measured(robot=walk.robot, said=""), needs=())}
    unconfirmed = replace(walk, hand=replace(walk.hand, unverified=("home_pos_rad", "gains")))
    with pytest.raises(ConfigError, match=r"identify needs somebody who has confirmed \['gains'\] of leap"):
        run(unconfirmed, table)
    assert run(replace(walk, hand=replace(walk.hand, unverified=("home_pos_rad",))), table) == ["identify"]


def test_a_robot_yaml_of_another_hand_is_refused(walk_on):
    on = walk_on()
    run(on.walk(), {"motors": STEPS["motors"]})
    with pytest.raises(ConfigError, match="digest"):
        RobotFile(on.folder / "robot.yaml", replace(on.hand, home_pos_rad=(0.0,) * 16, joints=on.hand.joints[::-1]))


def interrupting(after):
    cycles = iter(range(10_000))
    return lambda: next(cycles) > after


def test_ctrl_c_in_a_step_leaves_torque_off_and_the_steps_before_it_finished(walk_on):
    on = walk_on()
    table = {"motors": STEPS["motors"], "move": StepRow(about="", work=moving_step)}
    with pytest.raises(KeyboardInterrupt):
        run(on.walk(asked_to_end=interrupting(10)), table)
    assert on.figures()["motors_with_torque"] == 0
    assert list(RobotFile(on.folder / "robot.yaml", on.hand).records) == ["motors"]


def test_a_cable_that_is_pulled_and_plugged_in_again_leaves_torque_off(walk_on):
    on = walk_on()
    back_ns = []

    def pull(walk):
        with walk.moving(unlimited(walk.hand)) as manual:
            manual.ease_to(manual.look().pos_rad)
            on.port.unplugged = True
            back_ns.append(on.port.now_ns() + 5_000_000_000)
            manual.hold(1.0)
        return Measured(robot=walk.robot, said="")

    class Replugged:
        """Virtual time in which the cable comes back."""

        def now_ns(self):
            return on.port.now_ns()

        def sleep(self, duration_s):
            on.port.sleep(duration_s)
            if back_ns and on.port.now_ns() > back_ns[0]:
                on.port.unplugged = False

    table = {"motors": STEPS["motors"], "pull": StepRow(about="", work=pull)}
    with pytest.raises(HandError):
        run(on.walk(clock=Replugged()), table)
    assert on.figures()["motors_with_torque"] == 0
    assert any("plug the cable in again" in line for line in on.said)
    assert list(RobotFile(on.folder / "robot.yaml", on.hand).records) == ["motors"]


def test_what_moves_stays_below_the_walks_own_speed_and_current(walk_on):
    on = walk_on()
    run(on.walk(), {"motors": STEPS["motors"], "move": StepRow(about="", work=moving_step)})
    assert on.figures()["most_rad_s"] < SPEED_RAD_S and on.figures()["most_a"] <= CURRENT_A + 1e-3
