"""How well the object's pose is known from images, against the simulator's truth, in motions that a policy makes.

The hand is simulated once, without ROS; every camera and every disturbance then sees the same motions.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import SHIPPED_OBJECT, load_symmetry
from dexterity_ros.contracts.resources import named_resource
from dexterity_ros.contracts.samples import DepthSample, JointSample, PoseSample
from dexterity_ros.contracts.symmetry import Symmetry
from dexterity_ros.estimation.object_estimator import Estimate
from dexterity_ros.evaluation.simulate import JudgeConfig
from dexterity_ros.perception.depth_cloud import CloudConfig
from dexterity_ros.runtime.object_pipeline import ObjectPipeline
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.sim.rendered_view import STEREO, RenderedView, more_noise
from dexterity_ros.tasks.spec import TaskSpec

_EVERY_S = 10.0  # a disturbance comes once in this time
_TURN_RAD = np.deg2rad(30.0)
_WRONG_RAD = np.deg2rad(15.0)
_IN_HAND_M = 0.06  # an object further from the grasp centre has been dropped
_STAMP_0_NS = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Motion:
    """One hand's motion at each image: stamp_ns (k,), joints_rad (k, n), pos_m (k, 3), quat_wxyz (k, 4)."""

    stamp_ns: NDArray[np.int64]
    joints_rad: Floats
    pos_m: Floats
    quat_wxyz: Floats


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What is wrong. noise: factor on the camera's. The rest happens every 10 s.

    blackout_s: no images. occluded_s: half of the view is covered. turned: the object is elsewhere in the next image,
    by 30 degrees about a random axis, and back half a period later. extrinsic_m, extrinsic_rad, joint_zero_rad: errors
    of calibration, instead of the camera's own.
    """

    noise: float = 1.0
    blackout_s: float = 0.0
    occluded_s: float = 0.0
    turned: bool = False
    extrinsic_m: float | None = None
    extrinsic_rad: float | None = None
    joint_zero_rad: float | None = None


SWEEP: dict[str, Disturbance] = {
    "noise x0": Disturbance(noise=0.0),
    "noise x1": Disturbance(),
    "noise x2": Disturbance(noise=2.0),
    "noise x3": Disturbance(noise=3.0),
    "half occluded 2 s": Disturbance(occluded_s=2.0),
    "blackout 0.5 s": Disturbance(blackout_s=0.5),
    "turned 30 deg at once": Disturbance(turned=True),
    "extrinsic 10 mm, 2 deg": Disturbance(extrinsic_m=0.01, extrinsic_rad=float(np.deg2rad(2.0))),
    "joint zero 1.5 deg": Disturbance(joint_zero_rad=float(np.deg2rad(1.5))),
}


def simulate_motions(
    pipeline: PolicyPipeline, task_name: str, *, seconds: float, hands: int, seed: int, rate_hz: float = 15.0
) -> list[Motion]:
    """Returns the motions of so many hands under a policy, each so long, sampled at the camera's rate.

    The simulator is the one that judges. A dropped object, or one whose goal was missed, is put back at once, as by a
    person in an instant.
    """
    judge = config.load_named(JudgeConfig, "config/eval", "demo")
    env = ReorientEnv(
        hand=pipeline.hand,
        task=config.load(TaskSpec, named_resource("config/tasks", task_name)),
        observation=pipeline.manifest.observation,
        action=pipeline.manifest.action,
        config=EnvConfig(
            num_envs=hands,
            physics=judge.physics,
            object=SHIPPED_OBJECT,
            episode_s=60.0,
            noise=judge.noise,
            randomisation=None,
            reset_pool=256,
        ),
        seed=seed,
    )
    observation, _ = env.reset()
    columns: list[list[Floats]] = []
    stamps: list[int] = []
    network_state: NDArray[np.float32] | None = None
    for step in range(round(seconds / judge.physics.control_period_s)):
        action, network_state = pipeline.raw_action(observation, network_state)
        result = env.step(action[:, : len(env.hand.joints)])
        observation = result.observation
        network_state = network_state * ~result.restarted[:, None]
        for k in range(judge.physics.substeps):
            now_s = step * judge.physics.control_period_s + (k + 1) * judge.physics.timestep_s
            if now_s * rate_hz >= len(stamps):
                sim_state = env.recent[:, k]
                columns.append([part(sim_state) for part in _parts(env)])
                stamps.append(_STAMP_0_NS + round(now_s * 1e9))
    env.close()
    joints, pos, quat = (np.stack(column, axis=1) for column in zip(*columns, strict=True))
    stamp_ns = np.array(stamps)
    return [Motion(stamp_ns=stamp_ns, joints_rad=joints[i], pos_m=pos[i], quat_wxyz=quat[i]) for i in range(hands)]


def _parts(env: ReorientEnv) -> tuple[Callable[[Floats], Floats], ...]:
    return env.physics.joint_pos, env.physics.object_pos, env.physics.object_quat


@dataclass(kw_only=True)
class _Tally:
    position_mm: list[float]
    rotation_deg: list[float]
    recoveries_s: list[float]
    wrong_events_s: list[float]
    render_s: list[float] = field(default_factory=list)
    pose_s: list[float] = field(default_factory=list)
    images: int = 0
    lost: int = 0
    wrong: int = 0


class EyesJudge:
    """Runs a camera and the estimator over motions and compares with the truth."""

    def __init__(self, hand: HandSpec, object_name: str, camera: CameraSpec, cloud: CloudConfig) -> None:
        self._hand, self._object, self._camera, self._cloud = hand, object_name, camera, cloud
        self._symmetry = load_symmetry(object_name)

    def judge(self, motions: list[Motion], what: Disturbance, seed: int) -> dict[str, float]:
        """Returns minutes, images, lost_percent, wrong_percent and the quantiles of errors and recoveries.

        lost: no pose while the object was in the hand and could be seen. wrong: more than 15 degrees off and reported
        good. recovery: from the first image without a pose to the next pose. Angles are modulo the object's symmetry.
        """
        tally = _Tally(position_mm=[], rotation_deg=[], recoveries_s=[], wrong_events_s=[])
        for index, motion in enumerate(motions):
            self._follow(motion, what, seed + index, tally)
        seconds = sum(float(m.stamp_ns[-1] - m.stamp_ns[0]) * 1e-9 for m in motions)
        return _figures(tally) | {"minutes": round(seconds / 60.0, 2)}

    def _follow(self, motion: Motion, what: Disturbance, seed: int, tally: _Tally) -> None:
        errors = more_noise(STEREO, what.noise)
        for name in ("extrinsic_m", "extrinsic_rad", "joint_zero_rad"):
            if getattr(what, name) is not None:
                errors = replace(errors, **{name: getattr(what, name)})
        view = RenderedView(self._hand, self._object, self._camera, errors, seed)
        pipeline = ObjectPipeline(self._hand, self._camera, self._object, self._cloud)
        centre = np.array(self._hand.grasp_centre_m)
        lost_since: int | None = None
        wrong_since: int | None = None
        for joints, pose in _disturbed(motion, what, seed):
            stamp = int(pose.stamp_ns)
            pipeline.joints(JointSample(stamp_ns=stamp, pos_rad=joints, vel_rad_s=np.zeros_like(joints)))
            begun = time.process_time()
            image = view.render(joints, pose)
            tally.render_s.append(time.process_time() - begun)
            if what.occluded_s and _phase_s(stamp) < what.occluded_s:
                image = _half_covered(image)
            begun = time.process_time()
            result = pipeline.step(image).result
            tally.pose_s.append(time.process_time() - begun)
            if float(np.linalg.norm(pose.pos_m - centre)) > _IN_HAND_M:
                lost_since = wrong_since = None
                continue
            tally.images += 1
            if not isinstance(result, Estimate):
                tally.lost += 1
                lost_since = stamp if lost_since is None else lost_since
                _close(tally.wrong_events_s, wrong_since, stamp)
                wrong_since = None
                continue
            _close(tally.recoveries_s, lost_since, stamp)
            lost_since = None
            wrong_since = _compare(tally, result, pose, self._symmetry, wrong_since)


def _compare(
    tally: _Tally, estimate: Estimate, truth: PoseSample, symmetry: Symmetry, wrong_since: int | None
) -> int | None:
    """Adds one estimate's errors. Returns since when the estimates have been wrong."""
    stamp, pose = int(truth.stamp_ns), estimate.track.pose
    angle = float(symmetry.angle_rad(truth.quat_wxyz, pose.quat_wxyz))
    tally.position_mm.append(float(np.linalg.norm(pose.pos_m - truth.pos_m)) * 1e3)
    tally.rotation_deg.append(float(np.rad2deg(angle)))
    if angle <= _WRONG_RAD:
        _close(tally.wrong_events_s, wrong_since, stamp)
        return None
    tally.wrong += 1
    return stamp if wrong_since is None else wrong_since


def _close(durations_s: list[float], since: int | None, now: int) -> None:
    """Adds how long something that has ended lasted."""
    if since is not None:
        durations_s.append((now - since) * 1e-9)


def _disturbed(motion: Motion, what: Disturbance, seed: int) -> Iterator[tuple[Floats, PoseSample]]:
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    turn = rotvec_to_quat(_TURN_RAD * axis / np.linalg.norm(axis))
    for stamp, joints, pos, quat in zip(
        motion.stamp_ns, motion.joints_rad, motion.pos_m, motion.quat_wxyz, strict=True
    ):
        if what.blackout_s and _phase_s(int(stamp)) < what.blackout_s:
            continue
        if what.turned and _phase_s(int(stamp)) < 0.5 * _EVERY_S:
            quat = quat_multiply(turn, quat)
        yield joints, PoseSample(stamp_ns=int(stamp), pos_m=pos, quat_wxyz=quat)


def _phase_s(stamp_ns: int) -> float:
    """Returns the time since the last disturbance began; the first begins half a period after the start."""
    return ((stamp_ns - _STAMP_0_NS) * 1e-9 + 0.5 * _EVERY_S) % _EVERY_S


def _half_covered(image: DepthSample) -> DepthSample:
    """Returns an image whose left half shows something dark, close to the camera."""
    depth, rgb = image.depth_mm.copy(), None if image.rgb is None else image.rgb.copy()
    columns = np.flatnonzero(depth.any(axis=0))
    middle = int(columns.mean()) if len(columns) else depth.shape[1] // 2
    depth[:, :middle] = 200
    if rgb is not None:
        rgb[:, :middle] = 20
    return DepthSample(stamp_ns=image.stamp_ns, depth_mm=depth, rgb=rgb)


def _figures(tally: _Tally) -> dict[str, float]:
    images = max(tally.images, 1)
    rows: dict[str, float] = {"images": tally.images}
    for name, values in (("position_mm", tally.position_mm), ("rotation_deg", tally.rotation_deg)):
        for key, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            rows[f"{name}_{key}"] = round(float(np.quantile(values, share)), 2) if values else float("nan")
    return rows | {
        "lost_percent": round(100.0 * tally.lost / images, 3),
        "recovery_max_s": round(max(tally.recoveries_s, default=0.0), 2),
        "wrong_percent": round(100.0 * tally.wrong / images, 3),
        "wrong_events": len(tally.wrong_events_s),
        "wrong_longest_s": round(max(tally.wrong_events_s, default=0.0), 2),
        "render_cpu_ms": round(1e3 * float(np.median(tally.render_s)), 2),
        "pose_cpu_ms": round(1e3 * float(np.median(tally.pose_s)), 2),
    }
