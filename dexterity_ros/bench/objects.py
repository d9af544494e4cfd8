"""How well objects of many shapes are followed by the simulated camera and the tracker, without ROS."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from dexterity_ros.bench.eyes import Disturbance, EyesJudge, Motion
from dexterity_ros.bringup.objects.labels import PALETTE
from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.faces import Face
from dexterity_ros.contracts.frames import quat_multiply, quat_normalise, rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import SPEC_FILE, ObjectSpec
from dexterity_ros.contracts.solid import Solid, Vector
from dexterity_ros.contracts.symmetry import IDENTITY, Symmetry, box_symmetry, finite
from dexterity_ros.perception.depth_cloud import CloudConfig

SMALL_M, MIDDLE_M, LARGE_M = 0.05, 0.06, 0.07
_UP, _FLIP = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0)
_DENSITY = 400.0  # kg/m3, of a printed shell
_ABOVE_M = 0.02  # the grasp centre
_SHIFT_M, _TURN_RAD_S = 0.008, 1.0


def twelve_objects() -> dict[str, ObjectSpec]:
    """Returns six shapes in two of three sizes each, by name; two have tags, three colours."""
    return {
        "cube 50, colours": _box((SMALL_M, SMALL_M, SMALL_M), tag_m=0.0),
        "cube 70, tags": _box((LARGE_M, LARGE_M, LARGE_M), tag_m=0.045),
        "brick 60, colours": _box((MIDDLE_M, 0.75 * MIDDLE_M, 0.5 * MIDDLE_M), tag_m=0.0),
        "brick 70, tags": _box((LARGE_M, 0.75 * LARGE_M, 0.6 * LARGE_M), tag_m=0.03),
        "prism 60, colours": _prism(0.5 * MIDDLE_M, 0.5 * SMALL_M, labelled=True),
        "prism 70": _prism(0.5 * LARGE_M, 0.5 * MIDDLE_M, labelled=False),
        "cylinder 50": _cylinder(0.5 * SMALL_M, 0.5 * MIDDLE_M),
        "cylinder 70": _cylinder(0.5 * LARGE_M, 0.5 * SMALL_M),
        "ball 60": _ball(0.5 * MIDDLE_M),
        "egg 70": _egg(0.5 * LARGE_M, 0.5 * SMALL_M),
        "bracket 60": _bracket(MIDDLE_M),
        "bracket 70": _bracket(LARGE_M),
    }


def bench_objects(
    hand: HandSpec, camera: CameraSpec, cloud: CloudConfig, folder: Path, seconds: float, say: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """Returns {object: figures as of EyesJudge}; each object is turned in front of the hand for so long.

    folder: where the objects' own folders are written.
    """
    rows = {}
    for k, (name, spec) in enumerate(twelve_objects().items()):
        say(name)
        place = folder / spec.name
        place.mkdir(parents=True, exist_ok=True)
        (place / SPEC_FILE).write_text(yaml.safe_dump(config.to_mapping(spec), default_flow_style=None))
        judge = EyesJudge(hand, str(place.resolve()), camera, cloud)
        rows[name] = judge.judge([turning(hand, seconds, camera.rate_hz, seed=k)], Disturbance(), seed=k)
    return rows


def turning(hand: HandSpec, seconds: float, rate_hz: float, seed: int) -> Motion:
    """Returns an object that turns about changing axes above a hand at home, at 1 rad/s at most."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    slow = rng.uniform(0.1, 0.3, size=(2, 3))
    phase = rng.uniform(0.0, 2.0 * np.pi, size=(2, 3))
    swing = np.sin(2.0 * np.pi * slow[:, None] * times[None, :, None] + phase[:, None])
    quat = [quat_normalise(rng.normal(size=4))]
    for rate in swing[0][1:] * _TURN_RAD_S / math.sqrt(3.0):
        quat.append(quat_normalise(quat_multiply(rotvec_to_quat(rate / rate_hz), quat[-1])))
    centre = np.array(hand.grasp_centre_m) + np.array([0.0, 0.0, _ABOVE_M])
    return Motion(
        stamp_ns=1_000_000_000 + np.round(times * 1e9).astype(np.int64),
        joints_rad=np.tile(hand.home_pos_rad, (len(times), 1)),
        pos_m=centre + _SHIFT_M * swing[1],
        quat_wxyz=np.stack(quat),
    )


def _box(size_m: Vector, tag_m: float) -> ObjectSpec:
    half = (0.5 * size_m[0], 0.5 * size_m[1], 0.5 * size_m[2])
    faces = tuple(
        _face(sign * np.eye(3)[axis], half[axis], 2 * axis + (sign < 0), tagged=tag_m > 0.0)
        for axis in range(3)
        for sign in (1.0, -1.0)
    )
    name = f"box_{_mm(size_m)}{'_tags' if tag_m else ''}"
    solid = Solid(kind="box", size_m=half)
    return _object(name, (solid,), box_symmetry(half), volume_m3=8.0 * math.prod(half), faces=faces, tag_m=tag_m)


def _prism(radius_m: float, half_m: float, *, labelled: bool) -> ObjectSpec:
    angles = np.arange(6) * np.pi / 3.0
    ring = radius_m * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    corners = [(round(x, 6), round(y, 6), z) for z in (-half_m, half_m) for x, y in ring.tolist()]
    sides = [np.array([np.cos(a + np.pi / 6.0), np.sin(a + np.pi / 6.0), 0.0]) for a in angles]
    normals = [*sides, np.array(_UP), -np.array(_UP)]
    offsets = [radius_m * math.cos(math.pi / 6.0)] * 6 + [half_m] * 2
    faces = tuple(_face(n, d, k, tagged=False) for k, (n, d) in enumerate(zip(normals, offsets, strict=True)))
    about = [rotvec_to_quat(np.array([0.0, 0.0, a])) for a in angles]
    group = finite([*about, *(quat_multiply(turn, np.array(_FLIP)) for turn in about)])
    volume = 1.5 * math.sqrt(3.0) * radius_m**2 * 2.0 * half_m
    solid = Solid(kind="hull", points_m=tuple(corners))
    name = f"prism_{_mm((2 * radius_m, 2 * half_m))}"
    return _object(name, (solid,), group, volume_m3=volume, faces=faces if labelled else ())


def _cylinder(radius_m: float, half_m: float) -> ObjectSpec:
    solid = Solid(kind="cylinder", size_m=(radius_m, half_m))
    name = f"cylinder_{_mm((2 * radius_m, 2 * half_m))}"
    volume = 2.0 * math.pi * radius_m**2 * half_m
    return _object(name, (solid,), Symmetry(turns=(IDENTITY, _FLIP), axis=_UP), volume_m3=volume)


def _ball(radius_m: float) -> ObjectSpec:
    volume = 4.0 / 3.0 * math.pi * radius_m**3
    solid = Solid(kind="sphere", size_m=(radius_m,))
    return _object(f"ball_{_mm((2 * radius_m,))}", (solid,), Symmetry(every=True), volume_m3=volume)


def _egg(long_m: float, short_m: float) -> ObjectSpec:
    solid = Solid(kind="ellipsoid", size_m=(short_m, short_m, long_m))
    volume = 4.0 / 3.0 * math.pi * short_m**2 * long_m
    group = Symmetry(turns=(IDENTITY, _FLIP), axis=_UP)
    return _object(f"egg_{_mm((2 * long_m, 2 * short_m))}", (solid,), group, volume_m3=volume)


def _bracket(size_m: float) -> ObjectSpec:
    """An L with one end thicker, which looks alike in no two poses."""
    one = Solid(kind="box", size_m=(0.5 * size_m, 0.15 * size_m, 0.22 * size_m), pos_m=(0.0, -0.2 * size_m, 0.0))
    two = Solid(
        kind="box", size_m=(0.15 * size_m, 0.3 * size_m, 0.15 * size_m), pos_m=(-0.35 * size_m, 0.15 * size_m, 0.0)
    )
    volume = 8.0 * (math.prod(one.size_m) + math.prod(two.size_m))
    return _object(f"bracket_{_mm((size_m,))}", (one, two), Symmetry(), volume_m3=volume)


def _face(normal: Floats, offset_m: float, number: int, *, tagged: bool) -> Face:
    up = (0.0, 1.0, 0.0) if abs(normal[2]) > 0.9 else _UP
    return Face(
        normal=(float(normal[0]), float(normal[1]), float(normal[2])),
        rgb=PALETTE[number],
        offset_m=offset_m,
        tag=number if tagged else None,
        tag_at_m=tuple(float(v) for v in normal * offset_m) if tagged else None,  # type: ignore[arg-type]
        tag_up=up if tagged else None,
    )


def _object(
    name: str, parts: tuple[Solid, ...], symmetry: Symmetry, *, volume_m3: float, faces: tuple[Face, ...] = (),
    tag_m: float = 0.0,
) -> ObjectSpec:  # fmt: skip
    mass = round(_DENSITY * volume_m3, 4)
    return ObjectSpec(name=name, parts=parts, mass_kg=mass, symmetry=symmetry, faces=faces, tag_m=tag_m)


def _mm(sizes_m: tuple[float, ...]) -> str:
    return "x".join(f"{1e3 * size:.0f}" for size in sizes_m)
