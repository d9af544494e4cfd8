"""What seeing the object costs, at rate, on images rendered before, beside the straightforward ways."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import CameraSpec, load_camera
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.frames import rotvec_to_quat
from dexterity_ros.contracts.hand import WORKSPACE_M, HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.object import load_box
from dexterity_ros.contracts.samples import DepthSample, PoseSample
from dexterity_ros.estimation.object_estimator import ObjectEstimator
from dexterity_ros.estimation.surface_tracker import TrackerConfig
from dexterity_ros.estimation.surfaces import box_surface
from dexterity_ros.estimation.symmetry import ColourVote
from dexterity_ros.perception.depth_cloud import CloudConfig, DepthCloud
from dexterity_ros.perception.face_colours import face_labels
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.sim.rendered_view import STEREO, RenderedView
from dexterity_ros.systems.spec import node_parameters

_FRAMES = 60


def demo_cloud() -> CloudConfig:
    """Returns how pose_node makes its clouds."""
    settings = node_parameters("config/nodes/pose_node.yaml", "pose_node")
    return config.from_mapping(CloudConfig, settings, where="pose_node.yaml")


@dataclass(frozen=True, kw_only=True)
class _Rig:
    hand: HandSpec
    camera: CameraSpec
    box: BoxObject
    frames: list[DepthSample]


def bench_perception(hand: HandSpec, object_name: str, camera_name: str, seconds: float) -> dict[str, dict[str, float]]:
    """Returns {stage: {p50_ms, p99_ms, cpu_ms, cpu_p99_ms}} of 640x480 images at the camera's rate.

    cloud, labels, pose: our stages. all: from image to pose. numpy_full: every pixel deprojected, cropped and put into
    voxels with numpy. opencv: the same with precomputed rays, cv2.multiply and cv2.inRange. Each stage sleeps between
    two images, as it would on the robot, with cold caches.
    """
    frames = _frames(hand, object_name, camera_name)
    rig = _Rig(hand=hand, camera=load_camera(camera_name), box=load_box(object_name), frames=frames)
    cloud = DepthCloud(rig.camera, np.array(hand.grasp_centre_m), demo_cloud(), HandBody(hand, load_shape(hand)))
    home = np.array(hand.home_pos_rad)
    estimator = ObjectEstimator(box_surface(rig.box.half_m), ColourVote(rig.box), TrackerConfig())
    seen: dict[str, Any] = {}

    def see_cloud(frame: DepthSample) -> None:
        seen["cloud"] = cloud.step(frame, home)

    def see_labels(_frame: DepthSample) -> None:
        seen["labels"] = face_labels(seen["cloud"].rgb, rig.box)

    def see_pose(_frame: DepthSample) -> None:
        seen["pose"] = estimator.step(seen["cloud"], seen["labels"])

    stages: dict[str, Callable[[DepthSample], None]] = {"cloud": see_cloud, "labels": see_labels, "pose": see_pose}
    rows = _at_rate(rig, stages, seconds)
    if isinstance(seen["pose"], Fault):
        raise RuntimeError(f"the benchmark's own object was lost: {seen['pose']}")
    alternatives = {"numpy_full": _numpy_full(rig), "opencv": _opencv(rig)}
    return rows | _at_rate(rig, alternatives, min(seconds, 10.0), total=False)


def _frames(hand: HandSpec, object_name: str, camera_name: str) -> list[DepthSample]:
    view = RenderedView(hand, object_name, load_camera(camera_name), STEREO, seed=0)
    centre, home = np.array(hand.grasp_centre_m), np.array(hand.home_pos_rad)
    frames = []
    for k in range(_FRAMES):
        swing = np.sin(2.0 * np.pi * k / _FRAMES)
        position = centre + np.array([0.0, 0.005 * swing, 0.02])
        turn = rotvec_to_quat(np.array([0.0, 0.0, 0.6 * swing]))
        frames.append(view.render(home, PoseSample(stamp_ns=0, pos_m=position, quat_wxyz=turn)))
    return frames


def _at_rate(
    rig: _Rig, stages: dict[str, Callable[[DepthSample], None]], seconds: float, *, total: bool = True
) -> dict[str, dict[str, float]]:
    walls: dict[str, list[float]] = {name: [] for name in stages}
    cpus: dict[str, list[float]] = {name: [] for name in stages}
    period_s = 1.0 / rig.camera.rate_hz
    for k in range(round(seconds / period_s)):
        time.sleep(period_s - time.monotonic() % period_s)
        frame = rig.frames[k % len(rig.frames)]
        stamped = DepthSample(stamp_ns=time.monotonic_ns(), depth_mm=frame.depth_mm, rgb=frame.rgb)
        for name, stage in stages.items():
            wall, cpu = time.perf_counter(), time.process_time()
            stage(stamped)
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(time.process_time() - cpu)
    if total:
        walls["all"] = np.sum(list(walls.values()), axis=0).tolist()
        cpus["all"] = np.sum(list(cpus.values()), axis=0).tolist()
    return {name: _row(walls[name], cpus[name]) for name in walls}


def _row(walls: list[float], cpus: list[float]) -> dict[str, float]:
    values = [*np.quantile(walls, [0.5, 0.99]), *np.quantile(cpus, [0.5, 0.99])]
    keys = ("p50_ms", "p99_ms", "cpu_ms", "cpu_p99_ms")
    return {key: round(float(value) * 1e3, 3) for key, value in zip(keys, values, strict=True)}


def _numpy_full(rig: _Rig) -> Callable[[DepthSample], None]:
    """What most scripts do."""
    camera, centre = rig.camera, np.array(rig.hand.grasp_centre_m)
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))

    def stage(frame: DepthSample) -> None:
        z = frame.depth_mm.astype(float) * 1e-3
        points = np.stack([(u - camera.cx) * z / camera.fx, (v - camera.cy) * z / camera.fy, z], axis=-1)
        points = points.reshape(-1, 3) @ camera.rotation.T + np.array(camera.pos_m)
        inside = (np.sqrt(((points - centre) ** 2).sum(axis=1)) < WORKSPACE_M) & (z.ravel() > 0)
        np.unique(np.floor(points[inside] / 0.004).astype(int), axis=0)

    return stage


def _opencv(rig: _Rig) -> Callable[[DepthSample], None]:
    camera = rig.camera
    rays = camera.rays().astype(np.float32)
    low, high = (np.array(rig.hand.grasp_centre_m) + side * WORKSPACE_M for side in (-1.0, 1.0))

    def stage(frame: DepthSample) -> None:
        metres = frame.depth_mm.astype(np.float32) * np.float32(1e-3)
        points = cv2.multiply(rays, cv2.merge([metres, metres, metres]))
        points = cv2.add(points, (*camera.pos_m, 0.0))
        inside = cv2.inRange(points, tuple(low), tuple(high)) > 0
        kept: NDArray[np.float32] = points[inside]
        np.unique(np.floor(kept / 0.004).astype(int), axis=0)

    return stage
