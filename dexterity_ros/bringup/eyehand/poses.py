"""Poses in which the camera shall see the hand: far apart from each other, and safe to go to one after another."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.perception.surface_points import surface_points

_CLEARANCE_M = 0.006  # between fingers; zeros 2 degrees off move a fingertip by 4 mm
_SPACING_M = 0.008
_WITHIN = 0.1  # share of a joint's range that is left at either end: stops may sit elsewhere
_SHARES = (1.0, 0.8, 0.6, 0.4)  # of the way from home to what was drawn
_MOST_DRAWN = 400
_STEP_RAD = 0.15  # a way is looked at this often
_NEIGHBOURS = 2  # links that are this few joints apart touch by construction


class Clearance:
    """How far the fingers of a hand are from each other and from the palm."""

    def __init__(self, hand: HandSpec, surface: HandSurface) -> None:
        self._surface = surface
        self._points = surface_points(surface.body.shape, _SPACING_M)
        apart = ~_neighbours(np.array([link.parent for link in surface.body.shape.links]))
        self._asked = apart[surface.parts.link][:, self._points.link]
        touching = self._distances(np.array(hand.home_pos_rad)) < _CLEARANCE_M
        self._asked &= ~touching  # what is so close at home is made so

    def of(self, joints_rad: Floats) -> float:
        """Returns the least distance in m of links that are no neighbours; negative: they overlap. joints_rad: (n,)."""
        return float(self._distances(joints_rad).min())

    def on_way(self, begin_rad: Floats, end_rad: Floats) -> float:
        """Returns the least distance on the straight way from one pose to another, m. Poses: (n,) rad."""
        steps = max(int(np.ceil(np.abs(end_rad - begin_rad).max() / _STEP_RAD)), 1)
        shares = np.arange(1, steps + 1) / steps
        return min(self.of(begin_rad + share * (end_rad - begin_rad)) for share in shares)

    def _distances(self, joints_rad: Floats) -> Floats:
        links = np.stack(self._surface.body.links(joints_rad))
        points, _ = self._points.placed(links)
        distances = self._surface.at(joints_rad).by_part(points)
        asked: Floats = np.where(self._asked, distances, np.inf)
        return asked


def viewing_poses(hand: HandSpec, surface: HandSurface, count: int, seed: int = 0) -> list[Floats]:
    """Returns so many poses, each reached from the one before, the first from home. Raises ConfigError."""
    clearance, here = Clearance(hand, surface), np.array(hand.home_pos_rad)
    poses: list[Floats] = []
    for drawn in _drawn(hand, seed):
        if len(poses) == count:
            return poses
        for share in _SHARES:
            pose = np.array(hand.home_pos_rad) + share * (drawn - np.array(hand.home_pos_rad))
            if clearance.of(pose) > _CLEARANCE_M and clearance.on_way(here, pose) > _CLEARANCE_M:
                poses.append(pose)
                here = pose
                break
    if len(poses) < count:
        raise ConfigError(f"{hand.name} has {len(poses)} poses without contact among {_MOST_DRAWN}, expected {count}")
    return poses


def _drawn(hand: HandSpec, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng([seed, 23])
    span = hand.upper_rad - hand.lower_rad
    for _ in range(_MOST_DRAWN):
        yield hand.lower_rad + span * rng.uniform(_WITHIN, 1.0 - _WITHIN, len(span))


def _neighbours(parent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns which links are at most so few joints apart, (links, links)."""
    touch = np.eye(len(parent), dtype=bool)
    for link, above in enumerate(parent):
        if above >= 0:
            touch[link, above] = touch[above, link] = True
    joined: NDArray[np.int64] = np.linalg.matrix_power(touch.astype(np.int64), _NEIGHBOURS)
    return joined > 0
