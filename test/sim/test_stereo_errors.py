"""The camera's error model, beside a slow reference: block matching of two rendered views with a projected pattern."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

pytest.importorskip("cv2")

import cv2

from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.object import load_box
from dexterity_ros.sim.depth_camera import DepthCamera, StereoErrors
from dexterity_ros.sim.rendered_view import STEREO
from dexterity_ros.sim.scene import PhysicsConfig, build_scene

BASELINE_M, BLOCK = 0.05, 7
PERFECT = StereoErrors()


class Reference:
    """A stereo camera as it works: two eyes, a pattern projected between them, and a search for the same block."""

    def __init__(self, scene, camera, centre):
        right = np.array(camera.pos_m) + camera.rotation @ np.array([BASELINE_M, 0.0, 0.0])
        self.camera = camera
        self.eyes = [
            DepthCamera(scene.model, replace(camera, pos_m=tuple(pos)), centre, 0.25, PERFECT, 0)
            for pos in (np.array(camera.pos_m), right)
        ]
        rng = np.random.default_rng(0)
        dots = cv2.GaussianBlur((rng.random((1400, 1800)) < 0.12).astype(np.float32), (0, 0), 1.2)
        self.pattern = dots / dots.max()
        self.projector = np.array(camera.pos_m) + camera.rotation @ np.array([BASELINE_M / 2, 0.0, 0.0])
        self.rng = rng

    def truth(self, data):
        return self.whole(self.eyes[0], self.eyes[0].cast(data))

    def whole(self, eye, window):
        image = np.zeros((self.camera.height, self.camera.width))
        image[eye._window] = window
        return image

    def photo(self, data, eye):
        """Brightness: the pattern where its ray hits, and a sensor's noise."""
        depth = self.whole(eye, eye.cast(data))
        rays = eye.camera.rays()
        points = rays * depth[..., None] + np.array(eye.camera.pos_m)
        local = (points - self.projector) @ self.camera.rotation
        z = np.where(depth > 0, local[..., 2], 1.0)
        u = (2.0 * self.camera.fx * local[..., 0] / z + 900).astype(np.float32)
        v = (2.0 * self.camera.fy * local[..., 1] / z + 700).astype(np.float32)
        lit = cv2.remap(self.pattern, u, v, cv2.INTER_LINEAR) / np.maximum(z, 0.1) ** 2 * 0.16
        lit = np.where(depth > 0, lit, 0.02)
        return (lit + 0.01 * self.rng.normal(size=lit.shape)).astype(np.float32)

    def disparity(self, data, low=30, high=62):
        """Sum of absolute differences over blocks, the best shift, a parabola through its neighbours."""
        left, right = (self.photo(data, eye) for eye in self.eyes)
        shifts = np.arange(low, high)
        cost = np.stack([cv2.blur(np.abs(left - np.roll(right, shift, axis=1)), (BLOCK, BLOCK)) for shift in shifts])
        best = np.clip(cost.argmin(axis=0), 1, len(shifts) - 2)
        a, b, c = (np.take_along_axis(cost, (best + k)[None], axis=0)[0] for k in (-1, 0, 1))
        return shifts[best] + 0.5 * (a - c) / np.maximum(a - 2 * b + c, 1e-9)


@pytest.fixture(scope="module")
def seen(leap):
    """True depth and disparities by the reference and by the model, on the same cube in the same hand."""
    camera = load_camera("demo")
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.005, substeps=1))
    data = mujoco.MjData(scene.model)
    centre = np.array(leap.grasp_centre_m)
    data.qpos[scene.joint_qpos] = leap.home_pos_rad
    data.qpos[scene.object_qpos] = [*(centre + np.array([0.0, 0.0, 0.02])), *rotvec_to_quat(np.array([0.2, 0.1, 0.4]))]
    mujoco.mj_kinematics(scene.model, data)
    reference = Reference(scene, camera, centre)
    truth = reference.truth(data)
    wanted = np.where(truth > 0, camera.fx * BASELINE_M / np.where(truth > 0, truth, 1.0), np.nan)
    found = np.where(truth > 0, reference.disparity(data), np.nan)
    model_errors = replace(STEREO, extrinsic_m=0.0, extrinsic_rad=0.0, joint_zero_rad=0.0, bias_px=0.0)
    model = DepthCamera(scene.model, camera, centre, 0.25, model_errors, 0)
    depth, _ = model.see(data, load_box("cube70"))
    modelled = np.where(depth > 0, camera.fx * BASELINE_M / np.maximum(depth * 1e-3, 1e-3), np.nan)
    return wanted, found, modelled


def inner(wanted):
    """Pixels well inside smooth surfaces."""
    smooth = np.nan_to_num(wanted, nan=0.0).astype(np.float32)
    steps = cv2.dilate(smooth, np.ones((9, 9))) - cv2.erode(smooth, np.ones((9, 9)))
    return (steps < 2.0) & np.isfinite(wanted)


def spread(error):
    """Returns a robust standard deviation."""
    return 1.4826 * np.nanmedian(np.abs(error - np.nanmedian(error)))


def likeness(error, lag):
    """Returns the correlation of errors `lag` pixels apart."""
    a, b = error[:, lag:].ravel(), error[:, :-lag].ravel()
    both = np.isfinite(a) & np.isfinite(b)
    return np.corrcoef(a[both], b[both])[0, 1]


def overgrown(wanted, found):
    """Returns the share of pixels up to 4 behind an edge, along the baseline, that show what is in front."""
    before = np.nan_to_num(wanted, nan=0.0).astype(np.float32)
    near = cv2.dilate(before, np.ones((1, 9), dtype=np.uint8))
    behind = (near - before > 2.0) & np.isfinite(found)
    return float((found[behind] > 0.5 * (near + before)[behind]).mean())


def errors(wanted, found):
    error = np.where(inner(wanted), found - wanted, np.nan)
    return np.where(np.abs(error) < 2.0, error, np.nan)


def test_noise_is_about_as_large_as_a_block_matchers_and_as_smooth(seen):
    wanted, found, modelled = seen
    reference, model = errors(wanted, found), errors(wanted, modelled)
    assert 0.6 < spread(model) / spread(reference) < 1.6, (spread(model), spread(reference))
    for lag in (1, 3, 6, 10):
        assert abs(likeness(model, lag) - likeness(reference, lag)) < 0.25, lag


def test_edges_grow_along_the_baseline_as_a_block_matchers_do(seen):
    wanted, found, modelled = seen
    assert 0.5 < overgrown(wanted, modelled) / overgrown(wanted, found) < 2.0


def test_every_error_does_what_it_says(leap):
    camera = load_camera("demo")
    scene = build_scene(leap, "cube70", PhysicsConfig(timestep_s=0.005, substeps=1))
    data = mujoco.MjData(scene.model)
    centre = np.array(leap.grasp_centre_m)
    data.qpos[scene.joint_qpos] = leap.home_pos_rad
    data.qpos[scene.object_qpos] = [*(centre + np.array([0.0, 0.0, 0.02])), 1.0, 0.0, 0.0, 0.0]
    mujoco.mj_kinematics(scene.model, data)
    box = load_box("cube70")

    def depth(**change):
        return (
            DepthCamera(scene.model, camera, centre, 0.12, replace(PERFECT, **change), 0)
            .see(data, box)[0]
            .astype(float)
        )

    clean = depth()
    there = clean > 0
    assert np.array_equal(depth(), clean)
    biased = depth(bias_px=1.0)[there] - clean[there]
    expected = clean[there].mean() ** 2 * 1e-3 / (camera.fx * BASELINE_M)
    assert abs(np.abs(np.median(biased)) / expected - 1.0) < 0.15 and spread(biased) < 0.2 * expected
    steps = np.unique(np.rint(camera.fx * BASELINE_M / (depth(step_px=1.0)[there] * 1e-3) * 10) / 10)
    assert len(steps) < 20 and np.allclose(steps, np.rint(steps), atol=0.11)
    assert (depth(hole_share=0.3) == 0)[there].mean() == pytest.approx(0.3, abs=0.08)
    assert 0.0 < (depth(grazing_dropout=1.0) == 0)[there].mean() < 0.2
    assert 0.2 < (depth(dark_dropout=0.5) == 0)[there].mean() < 0.5  # the hand is dark, the cube is not
    grown = depth(fattening_px=3)
    assert (grown > 0).sum() > there.sum() and (grown <= np.where(there, clean, np.inf)).all()
    assert np.abs(depth(extrinsic_m=0.01) - clean)[there].max() > 3.0
