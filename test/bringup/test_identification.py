"""Joints are excited safely, fitted on a model that moves as MuJoCo's, and given the gains that policies expect."""

from dataclasses import fields, replace

import mujoco
import numpy as np
import pytest

from dexterity_ros.bringup.identification import excitation
from dexterity_ros.bringup.identification.bag import write_bag
from dexterity_ros.bringup.identification.begin import first_guess
from dexterity_ros.bringup.identification.belief import as_values, starting_values
from dexterity_ros.bringup.identification.data import Data
from dexterity_ros.bringup.identification.estimate import Estimates, HeldOut
from dexterity_ros.bringup.identification.excitation import GainSet, fitted_way, held_out_way
from dexterity_ros.bringup.identification.fit import Belief, Pace, covariance, least_squares
from dexterity_ros.bringup.identification.joint_model import PARAMETERS, JointModel, Motions, held_targets
from dexterity_ros.bringup.identification.lag import lag_s
from dexterity_ros.bringup.identification.outcome import dynamics_group, left_over, not_identified, tuned
from dexterity_ros.bringup.identification.plan import groups, plan
from dexterity_ros.bringup.identification.record import Played, with_gains
from dexterity_ros.bringup.identification.stages import fit_in_stages
from dexterity_ros.bringup.steps.identify import identify
from dexterity_ros.bringup.steps.latency import latency
from dexterity_ros.bringup.walk import SPEED_RAD_S, StepRow, run
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot_hand import as_robot
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.sim.joint_mechanics import HandMechanics

JOINT = 0  # if_mcp
SUBSTEPS = 4


@pytest.fixture(scope="module")
def leap():
    return load_hand("leap")


@pytest.fixture(scope="module")
def mechanics(leap):
    return HandMechanics(leap)


def column(name):
    return PARAMETERS.index(name)


def motions_of(targets, start, looked, p_share=1.0):
    """Returns one motion of one joint. targets: (steps,)."""
    cell = np.array([[p_share]])
    return Motions(
        targets_rad=targets[None, None],
        start_rad=np.array([[start]]),
        looked_s=looked[None, None],
        p_share=cell,
        d_share=np.ones((1, 1)),
        limit_a=np.full((1, 1), 0.35),
    )


def plain(mechanics):
    """Returns the parameters of if_mcp as MuJoCo's model has them: no play, no load friction, no delay."""
    values = starting_values(mechanics.nominal())[[JOINT]]
    values[:, column("backlash_rad")], values[:, column("load_friction")] = 1e-9, 0.0
    values[:, column("delay_s")] = 0.0
    return values


def mujoco_way(leap, targets, pose):
    """Returns where if_mcp of the hand's own model goes, the others held by springs a hundred times as stiff."""
    model = mujoco.MjModel.from_xml_path(str(leap.mjcf_path))
    model.opt.timestep, model.opt.integrator = 1e-3 / SUBSTEPS, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    model.dof_solref[:], model.dof_solimp[:] = (0.004, 1.0), (0.999, 0.9999, 0.001, 0.5, 2.0)  # friction that holds
    others = [i for i in range(model.nu) if i != JOINT]
    model.actuator_gainprm[others, 0] *= 100.0
    model.actuator_biasprm[others, 1:3] *= 100.0
    model.jnt_actfrcrange[others] = [-100.0, 100.0]
    data = mujoco.MjData(model)
    data.qpos[:], data.ctrl[:] = pose, pose
    way = []
    for target in targets:
        data.ctrl[JOINT] = target
        mujoco.mj_step(model, data, nstep=SUBSTEPS)
        way.append(data.qpos[JOINT])
    return np.array(way)


def test_one_joint_of_the_model_moves_as_mujoco_moves_it(leap, mechanics):
    pose = np.array(leap.home_pos_rad)
    targets = pose[JOINT] + 0.3 * np.sin(2.0 * np.arange(2000) * 1e-3 * 2.0 * np.pi)
    seen = mujoco_way(leap, targets, pose)
    looked = 1e-3 * np.arange(1, 1999)
    model = JointModel(mechanics.links(pose, [JOINT]))
    ours = model.follow(motions_of(targets, pose[JOINT], looked), plain(mechanics)[None]).pos_rad[0, 0, 0]
    assert np.abs(ours - seen[:1998]).max() < 5e-4
    assert np.ptp(seen) > 0.2


def test_a_delay_shifts_the_motion_by_as_much(leap, mechanics):
    pose = np.array(leap.home_pos_rad)
    steps = np.arange(2000) * 1e-3
    targets = pose[JOINT] + 0.1 * np.sin(4.0 * steps + 6.0 * steps**2)
    model = JointModel(mechanics.links(pose, [JOINT]))
    sets = np.repeat(plain(mechanics)[None], 2, axis=0)
    sets[1, :, column("delay_s")] = 0.0125
    looked = np.arange(0.3, 1.9, 0.01)
    pos = model.follow(motions_of(targets, pose[JOINT], looked), sets).pos_rad[:, 0, 0]
    assert lag_s(looked, pos[1], pos[0]) == pytest.approx(0.0125, abs=1e-3)


def test_motions_that_are_nothing_alike_have_no_lag():
    looked = np.arange(0.0, 2.0, 0.01)
    assert lag_s(looked, np.sin(3.0 * looked), np.random.default_rng(0).normal(size=len(looked))) is None
    assert lag_s(looked, np.zeros_like(looked), np.zeros_like(looked)) is None


def test_targets_are_held_until_the_next_one():
    held = held_targets(np.array([0.0, 0.0025]), np.array([1.0, 3.0]), 5)
    assert held == pytest.approx([1.0, 1.0, 2.0, 3.0, 3.0])


def test_least_squares_finds_lines_and_says_how_well():
    rng = np.random.default_rng(0)
    x, truth = np.linspace(0.0, 1.0, 200), np.array([[1.0, -2.0], [0.5, 3.0]])
    seen = truth[:, :1] + truth[:, 1:] * x + 0.1 * rng.normal(size=(2, 200))

    def residuals(sets):
        return (sets[..., :1] + sets[..., 1:] * x - seen) / 0.1

    wide = np.full((2, 2), 100.0)
    before = Belief(mean=np.zeros((2, 2)), deviation=wide, low=-wide, high=wide, probe=np.full(2, 1e-3))
    fitted = least_squares(residuals, np.zeros((2, 2)), before, Pace(rounds=20, enough=1e-9))
    deviation = np.sqrt(np.diagonal(covariance(fitted, before), axis1=1, axis2=2))
    assert (np.abs(fitted.unknowns - truth) < 4.0 * deviation).all()
    assert deviation[0] == pytest.approx([0.014, 0.0245], rel=0.05)  # of a line through 200 points on [0, 1]


def test_a_controller_s_delay_is_guessed_before_anything_is_simulated(leap, mechanics):
    pose = np.array(leap.home_pos_rad)
    steps = np.arange(4000) * 1e-3
    targets = pose[JOINT] + 0.15 * np.sin(2.0 * steps + 3.0 * steps**2)
    model, truth = JointModel(mechanics.links(pose, [JOINT])), plain(mechanics)
    truth[:, column("delay_s")] = 0.015
    motions = motions_of(targets, pose[JOINT], np.arange(0.0, 3.9, 0.01))
    seen = model.follow(motions, truth[None])
    there = np.ones(seen.pos_rad[0].shape, dtype=bool)
    data = Data(motions=motions, pos_rad=seen.pos_rad[0], current_a=seen.current_a[0], there=there)
    guess = first_guess(model, data, plain(mechanics))
    assert guess[0, column("delay_s")] == pytest.approx(0.015, abs=0.004)
    assert guess[0, column("stiffness_nm_rad")] == pytest.approx(3.0, rel=0.3)


def test_nothing_is_asked_to_move_faster_than_the_walk_allows():
    for way in (fitted_way(0.5), held_out_way(0.5), fitted_way(0.2)):
        assert np.abs(np.diff(way)).max() * excitation.RATE_HZ < SPEED_RAD_S
        assert way[0] == way[-1] == pytest.approx(0.0)
        assert np.abs(way).max() <= 0.5 + 1e-9


def test_joints_that_move_together_are_of_different_fingers(leap):
    found = groups(leap.joint_names)
    assert sorted(joint for group in found for joint in group) == list(range(16))
    for group in found:
        assert len({leap.joint_names[j].split("_")[0] for j in group}) == len(group)


def test_a_pose_in_which_fingers_touch_is_not_clear(leap, mechanics):
    home = np.array(leap.home_pos_rad)
    closed = home.copy()
    closed[[leap.joint_names.index(name) for name in ("if_rot", "mf_rot")]] = [1.0, -1.0]
    assert mechanics.clear(np.stack([home, closed]), margin_m=0.004).tolist() == [True, False]


def test_links_rest_on_one_tooth_while_their_joints_are_identified(leap, mechanics):
    for excited in plan(leap, mechanics):
        way = np.repeat(excited.pose_rad[None], 9, axis=0)
        way[:, list(excited.joints)] += np.linspace(-excited.reach_rad, excited.reach_rad, 9)[:, None]
        assert mechanics.clear(way, margin_m=0.002).all()
        for joint in excited.joints:
            weights = mechanics.weights_nm(way)[:, joint]
            assert len(set(np.sign(weights))) == 1
            assert np.ptp(weights) > 0.003


def estimates_of(leap, nominal, **factors):
    """Returns estimates of which each is the model's times a factor, within 5 %, all identified."""
    values = starting_values(nominal)
    for name, factor in factors.items():
        values[:, column(name)] *= factor
    n, p = values.shape
    return Estimates(
        values=values,
        low=0.95 * values,
        high=1.05 * values,
        identified=np.ones((n, p), dtype=bool),
        fitted_rad=np.full(n, 5e-4),
        held_out_rad=np.full(n, 6e-4),
        floor_rad=np.full(n, 4e-4),
        singular=np.tile(np.geomspace(1.0, 1e-3, p), (n, 1)),
        weakest=np.zeros((n, p)),
        held_out=HeldOut(looked_s=np.zeros((n, 1)), seen_rad=np.zeros((n, 1)), predicted_rad=np.zeros((n, 1))),
    )


def test_gains_make_joints_as_stiff_and_damped_as_the_model(leap, mechanics):
    nominal = mechanics.nominal()
    found = estimates_of(leap, nominal, stiffness_nm_rad=0.5, damping_nm_s_rad=0.8)
    setting = tuned(found, as_robot(leap, None).motors, nominal)
    assert [gains.p for gains in setting.gains[:2]] == [1600, 1200]
    assert setting.gains[0].d > 200
    dynamics = dynamics_group(setting, found, leap.joint_names, "2026-11-22")
    joint = dynamics.joints["if_mcp"]
    assert joint.stiffness_nm_rad.nominal == pytest.approx(3.0, rel=2e-3)
    assert joint.damping_nm_s_rad.nominal == pytest.approx(0.2, rel=5e-3)
    assert left_over(setting, found, leap.joint_names, nominal) == []


def test_what_no_gain_can_set_right_is_named(leap, mechanics):
    nominal = mechanics.nominal()
    found = estimates_of(leap, nominal, friction_loss_nm=2.0, damping_nm_s_rad=2.5)
    lines = left_over(tuned(found, as_robot(leap, None).motors, nominal), found, leap.joint_names, nominal)
    assert "if_mcp: friction 0.04 N.m, expected 0.02, which no gain changes" in lines
    assert any(line.startswith("if_mcp: damping 0.3 N.m.s/rad, expected 0.2") for line in lines)


def test_what_the_motions_do_not_tell_is_named_and_not_written(leap, mechanics):
    nominal = mechanics.nominal()
    found = estimates_of(leap, nominal)
    known = found.identified.copy()
    known[0, column("backlash_rad")] = False
    found = replace(found, identified=known)
    (line,) = not_identified(found, leap.joint_names)
    assert line.startswith("if_mcp: backlash_rad (least singular value 1.0e-03")
    setting = tuned(found, as_robot(leap, None).motors, nominal)
    joints = dynamics_group(setting, found, leap.joint_names, "2026-11-22").joints
    assert joints["if_mcp"].backlash_rad is None
    assert joints["if_pip"].backlash_rad is not None


def test_motors_are_given_the_gains_of_a_set(leap):
    hand = with_gains(as_robot(leap, None), GainSet(p_share=0.5, d_share=1.5))
    assert (hand.motors[0].gains.p, hand.motors[0].gains.d) == (400, 300)


@pytest.mark.parametrize("step", [identify, latency])
def test_joints_are_not_moved_before_signs_and_zeros_are_known(walk_on, step):
    on = walk_on()
    with pytest.raises(ConfigError, match="has no wiring and no zeros"):
        run(on.walk(), {"it": StepRow(about="", work=step)}, "it")
    assert on.figures()["most_rad_s"] == 0.0


def test_the_excitation_is_a_bag_like_any_other(leap, tmp_path):
    n = len(leap.joints)
    played = Played(
        gains=GainSet(p_share=1.0, d_share=1.0),
        group=0,
        origin_ns=1_000_000_000,
        written_s=np.array([0.002, 0.012]),
        targets_rad=np.ones((2, n)),
        looked_s=np.array([0.0, 0.01]),
        pos_rad=np.full((2, n), 0.5),
        current_a=np.full((2, n), 0.03),
        limit_a=0.25,
    )
    write_bag(tmp_path / "bag", as_robot(leap, None), [played])
    bag = Bag(tmp_path / "bag")
    seen = bag.values("joint_states")
    assert len(seen) == len(bag.values("gated_targets")) == 2
    assert seen[0][1].effort[0] == pytest.approx(0.03)
    assert "if_mcp: {d: 200, i: 0, p: 800}" in bag.info["gains"]


def test_a_joint_that_nobody_knew_is_found_with_its_delay_from_what_ticks_show(leap, mechanics):
    pose = np.array(leap.home_pos_rad)
    t = np.arange(2400) * 1e-3
    way = np.where(t < 1.2, 0.2 * np.sin(5.2 * t), 0.08 * np.sin(8.0 * (t - 1.2) + 14.0 * (t - 1.2) ** 2))
    model, truth = JointModel(mechanics.links(pose, [JOINT])), plain(mechanics)
    changed = {"stiffness_nm_rad": 1.5, "damping_nm_s_rad": 0.32, "friction_loss_nm": 0.035, "delay_s": 0.018}
    truth[:, [column(name) for name in changed]] = list(changed.values())
    gains = [motions_of(pose[JOINT] + way, pose[JOINT], np.arange(0.0, 2.39, 0.01), p_share=p) for p in (1.0, 2.0)]
    motions = Motions(**{f.name: np.concatenate([getattr(m, f.name) for m in gains]) for f in fields(Motions)})
    seen = model.follow(motions, truth[None])
    tick, milliampere = 2.0 * np.pi / 4096, 1e-3
    data = Data(
        motions=motions,
        pos_rad=tick * np.round(seen.pos_rad[0] / tick),
        current_a=milliampere * np.round(seen.current_a[0] / milliampere),
        there=np.broadcast_to(motions.looked_s > 0.1, seen.pos_rad[0].shape),
    )
    fitted, _ = fit_in_stages(model, data, starting_values(mechanics.nominal())[[JOINT]])
    found = as_values(fitted.unknowns)[0]
    for name, tolerance in (("stiffness_nm_rad", 0.05), ("damping_nm_s_rad", 0.1), ("friction_loss_nm", 0.15)):
        assert found[column(name)] == pytest.approx(changed[name], rel=tolerance)
    assert found[column("delay_s")] == pytest.approx(0.018, abs=5e-4)
