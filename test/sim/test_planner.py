"""The planner turns objects without training, and its model of the world follows what is measured."""

import numpy as np
import pytest

from dexterity_ros.contracts.frames import quat_multiply, rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.samples import GoalSample, JointSample, PoseSample
from dexterity_ros.contracts.sources import OBJECT_POSE, ObservationInputs
from dexterity_ros.sim.corrector import BELIEVED, Corrector, CorrectorConfig
from dexterity_ros.sim.planner import PlannerConfig, SamplingPlanner
from dexterity_ros.sim.reset_pool import ResetPool
from dexterity_ros.sim.scene import PhysicsConfig, build_scene
from dexterity_ros.tasks.sight import goal_error_rad

PHYSICS = PhysicsConfig(timestep_s=1 / 60, substeps=3)
SMALL = PlannerConfig(physics=PHYSICS, rollouts=16, horizon_steps=10)


@pytest.fixture(scope="module")
def grasp(leap):
    scene = build_scene(leap, "cube70", PHYSICS)
    return ResetPool(leap, scene, size=4, threads=1, rng=np.random.default_rng(0)).draw(1, np.random.default_rng(1))


def samples(joint_pos, object_pos, object_quat, vel=0.0):
    stamp = np.zeros(len(joint_pos), dtype=np.int64)
    return ObservationInputs.of(
        joint_states=JointSample(stamp_ns=stamp, pos_rad=joint_pos, vel_rad_s=np.full_like(joint_pos, vel)),
        object_pose=PoseSample(stamp_ns=stamp, pos_m=object_pos, quat_wxyz=object_quat),
        goal=GoalSample(stamp_ns=stamp, quat_wxyz=object_quat),
    )


def test_two_seconds_of_planning_bring_the_object_nearer_to_a_goal(leap, grasp):
    planner = SamplingPlanner(leap, "cube70", SMALL, count=1, seed=0)
    state, target = grasp.copy(), planner.physics.joint_pos(grasp)
    begin = planner.physics.object_quat(state)
    goal = quat_multiply(rotvec_to_quat(np.array([[0.0, 0.0, 1.0]])), begin)
    planner.restart(target)
    for _ in range(40):
        target = planner.plan(state, target, goal, np.array([0]))
        states, _ = planner.physics.advance(state, np.repeat(target[:, None], 3, axis=1), which=np.array([0]))
        state = states[:, -1]
    planner.close()
    assert goal_error_rad(planner.physics.object_quat(state), goal)[0] < 0.7


def test_plans_stay_within_limits_and_the_largest_step(leap, grasp):
    planner = SamplingPlanner(leap, "cube70", SMALL, count=2, seed=0)
    states = np.repeat(grasp, 2, axis=0)
    now = planner.physics.joint_pos(states)
    planner.restart(now)
    goals = np.tile([0.0, 1.0, 0.0, 0.0], (2, 1))
    target = planner.plan(states, now, goals, np.arange(2))
    planner.close()
    assert (np.abs(target - now) <= SMALL.max_step_rad + 1e-12).all()
    assert (target >= leap.lower_rad - SMALL.max_step_rad).all() and not np.array_equal(target[0], target[1])


def test_the_same_seed_gives_the_same_plan(leap, grasp):
    targets = []
    for _ in range(2):
        planner = SamplingPlanner(leap, "cube70", SMALL, count=1, seed=3)
        now = planner.physics.joint_pos(grasp)
        planner.restart(now)
        targets.append(planner.plan(grasp, now, np.array([[0.0, 1.0, 0.0, 0.0]]), np.array([0])))
        planner.close()
    np.testing.assert_array_equal(*targets)


def test_a_believed_measurement_is_taken_over_and_a_doubted_one_in_part(leap, grasp):
    for config, share in ((BELIEVED, 0.0), (CorrectorConfig(rotation=0.25), 0.75)):
        corrector = Corrector(leap, "cube70", PHYSICS, config, count=1)
        physics = corrector.physics
        joints, position, quat = physics.joint_pos(grasp), physics.object_pos(grasp), physics.object_quat(grasp)
        corrector.restart(samples(joints, position, quat))
        seen = samples(joints, position, rotvec_to_quat(np.array([[0.0, 0.0, 0.4]])))
        corrector.step(joints, seen, np.array([0]))
        before = rotation_angle(rotation_between(quat, seen[OBJECT_POSE].quat_wxyz))[0]
        left = rotation_angle(rotation_between(physics.object_quat(corrector.state), seen[OBJECT_POSE].quat_wxyz))[0]
        assert left == pytest.approx(share * before, abs=0.05)
        corrector.close()
