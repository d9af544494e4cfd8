"""Finds the rotations that leave a surface as it is, by turning samples of it and looking how far off they come."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import quat_multiply, quat_rotate, rotation_angle, rotation_between, rotvec_to_quat
from dexterity_ros.contracts.symmetry import IDENTITY, Symmetry, finite

_ALIKE = 0.012  # of the radius: what lies further off (95th percentile) was turned; no tracker tells less apart
_LOOSE = 0.1  # of the radius, for an axis that is up to 3 degrees off
_AXES = 800  # looked along at first: 5 degrees apart
_REFINED = 40  # axes that are worked out
_ORDERS = (2, 3, 5, 7)  # an axis has one of these, or nothing
_HIGHEST = 12
_ODD_TURNS_RAD = (0.37, 1.0, 2.3)  # none of these is a whole part of a turn
_SAME_RAD = np.deg2rad(6.0)
_MOST_TURNS = 60  # of an icosahedron; more are those of an axis


@dataclass(frozen=True, kw_only=True)
class _Axis:
    direction: Floats
    order: int  # 0: any turn


class _Sampled:
    """A surface by its samples, centred; says how far off it is after a turn, as a share of its radius."""

    def __init__(self, points: Floats) -> None:
        self.radius = float(np.linalg.norm(points, axis=1).max())
        self._tree = cKDTree(points)
        spacing, _ = self._tree.query(points[::10], k=2)
        self._grain = float(np.quantile(spacing[:, 1], 0.95)) / self.radius
        self.few, self.many = points[:: max(len(points) // 150, 1)], points[:: max(len(points) // 600, 1)]

    def off(self, points: Floats, quat: Floats) -> float:
        distance, _ = self._tree.query(quat_rotate(quat, points))
        return float(np.quantile(distance, 0.95)) / self.radius

    def rms(self, points: Floats, quat: Floats) -> float:
        distance, _ = self._tree.query(quat_rotate(quat, points))
        return float(np.sqrt((distance**2).mean())) / self.radius

    def alike(self, quat: Floats) -> bool:
        return self.off(self.many, quat) < _ALIKE + self._grain


def find_symmetry(points_m: Floats) -> Symmetry:
    """Returns the rotations about the origin that leave a surface as it is.

    points_m: dense samples of the surface, (n, 3), whose centre of volume is the origin.
    """
    surface = _Sampled(points_m)
    if all(surface.alike(turn) for turn in rotvec_to_quat(np.random.default_rng(0).normal(size=(12, 3)) * 1.5)):
        return Symmetry(every=True)
    axes = _axes(surface)
    endless = next((axis for axis in axes if axis.order == 0), None)
    if endless is not None:
        return _about(endless.direction, surface)
    return _generated(axes, surface)


def _axes(surface: _Sampled) -> list[_Axis]:
    found: list[_Axis] = []
    for direction in _promising(surface):
        order = next((n for n in _ORDERS if surface.rms(surface.few, _turn(direction, n)) < _LOOSE), 0)
        if not order:
            continue
        best = _refined(surface, direction, order)
        if any(abs(float(best @ axis.direction)) > np.cos(_SAME_RAD) for axis in found):
            continue
        if all(surface.alike(rotvec_to_quat(angle * best)) for angle in _ODD_TURNS_RAD):
            return [_Axis(direction=best, order=0)]
        orders = [n for n in range(2, _HIGHEST + 1) if surface.alike(_turn(best, n))]
        if orders:
            found.append(_Axis(direction=best, order=max(orders)))
    return found


def _promising(surface: _Sampled) -> list[Floats]:
    """Returns directions, (3,) each, along which a symmetry axis may lie, the likeliest first and none beside it."""
    principal = np.linalg.svd(surface.many, full_matrices=False)[2]
    candidates = np.concatenate([principal, _hemisphere(_AXES)])
    score = [min(surface.rms(surface.few, _turn(axis, n)) for n in _ORDERS) for axis in candidates]
    chosen: list[Floats] = []
    for k in np.argsort(score):
        if score[k] > _LOOSE or len(chosen) == _REFINED:
            break
        if all(abs(float(candidates[k] @ other)) < np.cos(_SAME_RAD) for other in chosen):
            chosen.append(candidates[k])
    return chosen


def _refined(surface: _Sampled, direction: Floats, order: int) -> Floats:
    """Returns the direction beside this one about which a turn leaves the surface nearest to itself."""
    side = np.linalg.svd(direction[None])[2][1:]

    def tilted(tilt: Floats) -> Floats:
        axis = direction + tilt @ side
        unit: Floats = axis / np.linalg.norm(axis)
        return unit

    cost: Callable[[Floats], float] = lambda tilt: surface.rms(surface.many, _turn(tilted(tilt), order))  # noqa: E731
    simplex = np.array([[0.0, 0.0], [0.05, 0.0], [0.0, 0.05]])
    best = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"initial_simplex": simplex, "maxfev": 60})
    return tilted(best.x)


def _about(axis: Floats, surface: _Sampled) -> Symmetry:
    """Returns the group of a shape that was turned on a lathe; with a flip when its ends are alike."""
    axis = _tidy(axis)
    across = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    flip = rotvec_to_quat(np.pi * across / np.linalg.norm(across))
    turns = (IDENTITY, _plain(flip)) if surface.alike(flip) else (IDENTITY,)
    return Symmetry(turns=turns, axis=(float(axis[0]), float(axis[1]), float(axis[2])))


def _generated(axes: list[_Axis], surface: _Sampled) -> Symmetry:
    """Returns the group of all turns about the axes, with exact angles between those that belong together."""
    generators = [_turn(axis.direction, axis.order) for axis in _squared(axes)]
    turns = [np.array(IDENTITY)]
    for turn in turns:  # grows while it is walked through
        for generator in generators:
            candidate = quat_multiply(generator, turn)
            if min(float(rotation_angle(rotation_between(t, candidate))) for t in turns) > _SAME_RAD:
                turns.append(candidate)
        if len(turns) > _MOST_TURNS:
            return finite([np.array(IDENTITY)])
    if not all(surface.alike(turn) for turn in turns):
        return finite([np.array(IDENTITY)])
    return finite([np.round(turn, 9) + 0.0 for turn in turns])


def _squared(axes: list[_Axis]) -> list[_Axis]:
    """Returns at most two axes that generate the group, at the angle that they have in it."""
    if len(axes) < 2:
        return [_Axis(direction=_tidy(axis.direction), order=axis.order) for axis in axes]
    main = max(axes, key=lambda axis: axis.order)
    first = _tidy(main.direction)
    others = [axis for axis in axes if axis is not main]
    other = max(others, key=lambda axis: axis.order)
    cosine = float(first @ other.direction)
    across = other.direction - cosine * first
    across = _tidy(across / np.linalg.norm(across))
    across = across - float(across @ first) * first
    across /= np.linalg.norm(across)
    angle = min(_ANGLES_RAD, key=lambda exact: abs(exact - np.arccos(np.clip(abs(cosine), 0.0, 1.0))))
    second = np.cos(angle) * np.sign(cosine or 1.0) * first + np.sin(angle) * across
    return [_Axis(direction=first, order=main.order), _Axis(direction=second, order=other.order)]


# Between axes of the polyhedral groups: square, two of five (63.4 degrees), two of three (70.5), five and three (37.4),
# four and three (54.7), four and two (45). Source: Coxeter, Regular Polytopes, section 3.4.
_ANGLES_RAD = (np.pi / 2, np.arctan(2.0), np.arccos(1 / 3), np.arctan(3 - np.sqrt(5)), np.arccos(3**-0.5), np.pi / 4)


def _tidy(direction: Floats) -> Floats:
    """Returns a direction without what is below half a degree beside an axis of the frame."""
    axis = int(np.argmax(np.abs(direction)))
    near = np.sign(direction[axis]) * np.eye(3)[axis]
    return np.eye(3)[axis] if float(near @ direction) > np.cos(np.deg2rad(0.5)) else direction


def _turn(axis: Floats, order: int) -> Floats:
    turn: Floats = rotvec_to_quat(2.0 * np.pi / order * axis)
    return turn


def _plain(quat: Floats) -> tuple[float, float, float, float]:
    return float(quat[0]), float(quat[1]), float(quat[2]), float(quat[3])


def _hemisphere(count: int) -> Floats:
    """Returns directions spread evenly over half a ball, (count, 3). Source: Vogel's spiral."""
    height = (np.arange(count) + 0.5) / count
    around = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))
    ring = np.sqrt(1.0 - height**2)
    return np.stack([ring * np.cos(around), ring * np.sin(around), height], axis=1)
