"""What becomes of an object above a hand is said before anything is trained."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.sim.first_grasps import drop_height_m, try_grasps
from dexterity_ros.sim.reset_pool import ResetPool
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

PHYSICS = PhysicsConfig(timestep_s=0.005, substeps=10)


def test_the_shipped_cube_rests_in_the_hand_and_not_inside_it(leap):
    grasps = try_grasps(leap, "cube70", 32)
    assert grasps.rested > 0.2 and grasps.flung < 0.2 and grasps.deep_m < 0.002
    grasps.check(leap.name)
    assert "% of the objects let go above the hand rest in it" in grasps.described


def test_a_grasp_centre_inside_the_palm_is_refused_before_training(leap):
    x, y, z = leap.grasp_centre_m
    buried = replace(leap, grasp_centre_m=(x, y, z - 0.06))
    scene = build_scene(buried, "cube70", PHYSICS)
    with pytest.raises(ConfigError, match="flung up|no object came to rest"):
        ResetPool(buried, scene, size=32, threads=1, rng=np.random.default_rng(0))


def test_larger_objects_are_let_go_higher_and_the_cube_where_it_always_was(leap):
    ball = ObjectSpec(name="ball", parts=(Solid(kind="sphere", size_m=(0.1,)),), mass_kg=0.1)
    heights = [drop_height_m(build_scene(leap, item, PHYSICS)) for item in ("cube70", ball)]
    assert heights[0] == 0.035 and abs(heights[1] - 0.035 - 0.039) < 1e-6
