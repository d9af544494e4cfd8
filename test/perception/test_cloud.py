"""From depth to cloud: what is kept of an image, and what is taken out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("cv2")
pytest.importorskip("mujoco")

from dexterity_ros.contracts.errors import ConfigError, FaultCode
from dexterity_ros.contracts.frames import quat_to_matrix
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.estimation.surfaces import box_distance
from dexterity_ros.perception.depth_cloud import DepthCloud, fixed_size, one_per_voxel

BOX = load_box("cube70")
HALF = BOX.half_m


def test_the_cloud_is_the_cubes_and_not_the_hands(stage):
    pose = stage.pose(turn=(0.1, 0.2, 0.5))
    cloud = stage.see(pose)
    assert cloud.points_m.shape == (512, 3)
    local = (cloud.points_m - pose.pos_m) @ quat_to_matrix(pose.quat_wxyz)
    distance, _ = box_distance(local, np.array(HALF))
    assert np.quantile(np.abs(distance), 0.95) < 0.003


def test_without_the_mask_the_hand_is_in_the_cloud(leap, camera, scene, stage, cloud_config):
    stage.cloud = DepthCloud(camera, np.array(leap.grasp_centre_m), cloud_config(), None)
    pose = stage.pose()
    distance, _ = box_distance(stage.see(pose).points_m - pose.pos_m, np.array(HALF))
    assert (np.abs(distance) > 0.006).mean() > 0.1


def test_a_flying_pixel_is_dropped_and_an_edge_is_kept(leap, camera, cloud_config):
    cloud = DepthCloud(camera, np.array(leap.grasp_centre_m), cloud_config(pixels_across=640, radius_m=0.2), None)
    depth = np.full((480, 640), 450, dtype=np.uint16)
    depth[200:280, 300:340] = 400
    whole = len(cloud.deproject(depth)[0])
    depth[240, 300] = 425  # between the near part and what is behind it
    assert len(cloud.deproject(depth)[0]) == whole - 1


def test_the_same_stamp_draws_the_same_points_and_few_are_repeated():
    np.testing.assert_array_equal(fixed_size(900, 100, 7), fixed_size(900, 100, 7))
    assert not np.array_equal(fixed_size(900, 100, 7), fixed_size(900, 100, 8))
    assert len(np.unique(fixed_size(900, 100, 7))) == 100
    few = fixed_size(5, 100, 7)
    assert few.shape == (100,) and set(few) == set(range(5))


@given(arrays(np.float64, (40, 3), elements=st.floats(-1.0, 1.0)))
def test_every_voxel_keeps_one_point_and_none_is_lost(points):
    cells = np.floor(points / 0.1).astype(int)
    kept = one_per_voxel(points, 0.1)
    assert len(kept) == len(np.unique(cells, axis=0)) == len(np.unique(cells[kept], axis=0))


@pytest.mark.parametrize(
    "image, said",
    [
        (np.ones((240, 320), dtype=np.uint16), "uint16 320x240, expected uint16 640x480"),
        (np.ones((480, 640), dtype=np.float32), "float32 640x480"),
        (np.zeros((480, 640), dtype=np.uint16), "every depth is zero"),
    ],
)
def test_a_bad_image_is_a_fault_that_says_what_it_is(stage, image, said):
    fault = stage.cloud.step(DepthSample(stamp_ns=0, depth_mm=image), stage.home)
    assert fault.code == FaultCode.DEPTH_INVALID and said in fault.detail


def test_an_empty_workspace_is_a_fault(stage):
    far = np.full((480, 640), 1400, dtype=np.uint16)
    assert stage.cloud.step(DepthSample(stamp_ns=0, depth_mm=far), stage.home).code == FaultCode.CLOUD_EMPTY


def test_a_camera_that_cannot_be_is_refused(camera):
    with pytest.raises(ConfigError, match="fx is 0"):
        replace(camera, fx=0.0)
    with pytest.raises(ConfigError, match="not a unit quaternion"):
        replace(camera, quat_wxyz=(1.0, 1.0, 0.0, 0.0))
