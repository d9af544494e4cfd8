"""A camera's rays are those of its pixels at every resolution, and a camera that cannot be is refused."""

from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.contracts.camera import CameraSpec, load_camera
from dexterity_ros.contracts.errors import ConfigError


@pytest.fixture
def camera() -> CameraSpec:
    return load_camera("demo")


@pytest.mark.parametrize("depth_range_m", [(1.5, 0.15), (0.5, 0.5)])
def test_a_depth_range_without_the_nearest_first_is_refused(camera, depth_range_m):
    with pytest.raises(ConfigError, match=r"camera demo: depth_range_m is .*, expected the nearest first"):
        replace(camera, depth_range_m=depth_range_m)


def test_the_pixel_at_the_centre_sees_straight_ahead_and_each_ray_has_unit_depth(camera):
    rays = camera.rays()
    assert rays.shape == (camera.height, camera.width, 3)
    np.testing.assert_allclose(rays[240, 320], camera.rotation[:, 2], atol=1e-12)
    np.testing.assert_allclose((rays @ camera.rotation)[..., 2], 1.0, atol=1e-12)


def test_a_pixel_to_the_right_and_below_is_seen_to_the_right_and_below(camera):
    # Its quaternion has nine decimals, so the rotation is one to 1e-9.
    right, below = camera.rays()[240, 320 + 77], camera.rays()[240 + 77, 320]  # 77 pixels: a fifth of fx and fy
    np.testing.assert_allclose(right @ camera.rotation, [0.2, 0.0, 1.0], atol=1e-8)
    np.testing.assert_allclose(below @ camera.rotation, [0.0, 0.2, 1.0], atol=1e-8)


def test_at_half_the_resolution_it_sees_the_same_view(camera):
    half = camera.scaled(camera.width // 2)
    assert (half.width, half.height) == (320, 240)
    np.testing.assert_allclose(half.rays(), camera.rays(stride=2), atol=1e-12)


def test_a_camera_info_within_two_percent_agrees_and_another_is_named_with_both(camera):
    assert camera.disagreement(camera.matrix) == camera.disagreement(camera.matrix * 1.015) == ""
    other = camera.scaled(320).matrix
    said = "camera_info says fx fy cx cy [192.5, 192.5, 160.0, 120.0], demo has [385.0, 385.0, 320.0, 240.0]"
    assert camera.disagreement(other) == said
