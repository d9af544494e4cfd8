"""Sweeps cover every joint once, and nothing touches on the way."""

import mujoco
import numpy as np
import pytest

from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.sim.free_sweep import plan_sweeps


@pytest.mark.parametrize("name", ["leap", "dclaw"])
def test_sweeps_cover_every_joint_once_inside_limits_and_without_contact(name):
    hand = load_hand(name)
    sweeps = plan_sweeps(hand)
    assert sorted(joint for sweep in sweeps for joint in sweep.joints) == list(range(len(hand.joints)))
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    data = mujoco.MjData(model)
    qpos = [model.joint(joint).qposadr[0] for joint in hand.joint_names]
    for sweep in sweeps:
        assert (sweep.pose_rad >= hand.lower_rad).all() and (sweep.pose_rad <= hand.upper_rad).all()
        for share in np.linspace(0.0, 1.0, 15):
            pose, which = sweep.pose_rad.copy(), list(sweep.joints)
            pose[which] = hand.lower_rad[which] + share * (hand.upper_rad - hand.lower_rad)[which]
            data.qpos[qpos] = pose
            mujoco.mj_kinematics(model, data)
            mujoco.mj_collision(model, data)
            assert data.ncon == 0
