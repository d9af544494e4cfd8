"""Which joints move together, and in which pose: no part of the hand may touch another, and weights must differ.

The scale of all torques is known from gravity alone: how much a joint's weight differs along its way, against a spring.
So each finger is put where that difference is largest, which also is where an error of a zero changes it least.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.bringup.identification.excitation import MOST_REACH_RAD
from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.joint_mechanics import HandMechanics, Links

_REACHES_RAD = (MOST_REACH_RAD, 0.38)  # which leaves joints like those that spread fingers a place on one side
_MARGIN_RAD = 0.06  # from the joints' limits: stops may lie 2 degrees inside them
_CLEAR_M = 0.004  # between parts of the hand, whose zeros are known to half a degree
_DRAWS, _ALONG = 600, 7
_COMBINED = 400  # poses of single fingers that are put together before it is said that there is no room
_RESTING, _FALLING = 0.1, 0.01  # share of its span that a weight keeps, so that the link rests on one tooth; worth else
_ZERO_RAD = 0.015  # as well as zeros are known, standard deviation
# By how much a span was off on emulated individuals, whose gears, play and lengths are not those of the model, standard
# deviations: of its logarithm at best; of itself; of its logarithm where a link falls through the play of its gear.
_LEAST_LOG, _HIDDEN_NM, _FALLS_LOG = 0.01, 2.5e-4, 0.06


@dataclass(frozen=True, kw_only=True)
class Excited:
    """Joints that move together, one of each finger. pose_rad: (n,), where they have their middle. links: what they
    carry there. reach_rad: how far they may go to both sides. weights_log: standard deviation of the logarithm of how
    much each weight differs along the way, as far as it can be seen, (len(joints),).
    """

    joints: tuple[int, ...]
    pose_rad: Floats
    links: Links
    reach_rad: float
    weights_log: Floats


def plan(hand: HandSpec, mechanics: HandMechanics) -> list[Excited]:
    """Returns how every joint is moved, the same for the same hand. Raises ConfigError when one has no room."""
    rng = np.random.default_rng(0)
    return [_excited(hand, mechanics, joints, rng) for joints in groups(hand.joint_names)]


def groups(joint_names: Sequence[str]) -> list[tuple[int, ...]]:
    """Returns joints that may move together: one of each finger, counted from the palm.

    Joints of one finger push at each other, those of different fingers do not.
    """
    of_fingers = fingers(joint_names)
    longest = max(len(joints) for joints in of_fingers)
    return [tuple(joints[k] for joints in of_fingers if k < len(joints)) for k in range(longest)]


def fingers(joint_names: Sequence[str]) -> list[list[int]]:
    """Returns the joints of each finger: the beginning of their names is the same, up to the first underscore."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(joint_names):
        found.setdefault(name.split("_")[0], []).append(i)
    return list(found.values())


def _excited(hand: HandSpec, mechanics: HandMechanics, joints: tuple[int, ...], rng: np.random.Generator) -> Excited:
    """Returns the longest way on which all links rest on one tooth; the longest of all where there is none."""
    longest = None
    for reach_rad in _REACHES_RAD:
        found = _placed(hand, mechanics, joints, reach_rad, rng)
        if found is not None and _all_rest(mechanics, found):
            return found
        longest = longest or found
    if longest is None:
        names = [hand.joint_names[j] for j in joints]
        raise ConfigError(f"no pose found in which {names} may move by {_REACHES_RAD[-1]:.2f} rad")
    return longest


def _placed(
    hand: HandSpec, mechanics: HandMechanics, joints: tuple[int, ...], reach_rad: float, rng: np.random.Generator
) -> Excited | None:
    """Returns joints in the best pose that is clear while they go so far to both sides, or less where limits end it."""
    home, moved = np.array(hand.home_pos_rad), list(joints)
    low, high = hand.lower_rad + _MARGIN_RAD, hand.upper_rad - _MARGIN_RAD
    room = np.full(len(home), 1e-6)
    room[moved] = np.minimum(reach_rad, 0.5 * (high - low)[moved] - 1e-6)
    drawn = rng.uniform(low + room, high - room, size=(_DRAWS, len(home)))
    poses = np.concatenate([np.clip(home, low + room, high - room)[None], drawn])
    reach = float(room[moved].min())
    for pose in _combined(hand, poses, np.stack([_worth(mechanics, pose, moved, reach) for pose in poses]), moved, rng):
        if mechanics.clear(pose[None], margin_m=_CLEAR_M)[0] and _clear(mechanics, home, pose, moved, reach):
            return Excited(
                joints=joints,
                pose_rad=pose,
                links=mechanics.links(pose, joints),
                reach_rad=reach,
                weights_log=_weights_log(mechanics, pose, moved, reach),
            )
    return None


def _all_rest(mechanics: HandMechanics, excited: Excited) -> bool:
    """Returns whether no link falls through the play of its gear on its way."""
    moved = list(excited.joints)
    worth, spans = (f(mechanics, excited.pose_rad, moved, excited.reach_rad) for f in (_worth, _spans))
    return bool((worth == spans).all())


def _combined(
    hand: HandSpec, poses: Floats, spans: Floats, moved: list[int], rng: np.random.Generator
) -> Iterator[Floats]:
    """Yields poses in which each finger stands as in one of `poses`, best ones first.

    What a finger's joints carry is its own, so each has its own best pose. spans: (p, len(moved)).
    """
    owners = {finger[k]: finger for finger in fingers(hand.joint_names) for k in range(len(finger))}
    best = np.argsort(-spans, axis=0)
    for attempt in range(_COMBINED):
        pose = poses[0].copy()
        for column, joint in enumerate(moved):
            choice = best[int(rng.integers(0, 1 + attempt // 4)) % len(poses), column]
            pose[owners[joint]] = poses[choice][owners[joint]]
        yield pose


def _clear(mechanics: HandMechanics, home: Floats, pose: Floats, moved: list[int], reach: float) -> bool:
    """Whether nothing touches on the way from home, and while the joints go to both sides."""
    there = home + np.linspace(0.0, 1.0, _ALONG)[:, None] * (pose - home)
    aside = np.zeros_like(pose)
    aside[moved] = reach
    ways = pose + np.linspace(-1.0, 1.0, _ALONG)[:, None] * aside
    free: Bools = mechanics.clear(np.concatenate([ways[[0, -1]], ways[1:-1], there]), margin_m=_CLEAR_M)
    return bool(free.all())


def _spans(mechanics: HandMechanics, pose: Floats, moved: list[int], reach: float) -> Floats:
    """Returns by how much each joint's weight differs along its way, N.m."""
    return np.ptp(_weights(mechanics, pose, moved, reach), axis=0)


def _worth(mechanics: HandMechanics, pose: Floats, moved: list[int], reach: float) -> Floats:
    """Returns the same, and next to nothing where a weight changes its sign: there the link falls through the play of
    its gear, at a moment that nobody knows well.
    """
    weights = _weights(mechanics, pose, moved, reach)
    span = np.ptp(weights, axis=0)
    rests = np.abs(weights).min(axis=0) > _RESTING * span
    one_side = np.abs(np.sign(weights).sum(axis=0)) == len(weights)
    return np.where(rests & one_side, span, _FALLING * span)


def _weights(mechanics: HandMechanics, pose: Floats, moved: list[int], reach: float) -> Floats:
    """Returns the weight of each joint at both ends of its way and in its middle, (3, len(moved))."""
    columns = []
    for joint in moved:
        ends = np.repeat(pose[None], 3, axis=0)
        ends[:, joint] += np.array([-reach, 0.0, reach])
        columns.append(mechanics.weights_nm(ends)[:, joint])
    return np.stack(columns, axis=-1)


def _weights_log(mechanics: HandMechanics, pose: Floats, moved: list[int], reach: float) -> Floats:
    """Returns how well spans are known: by the errors of other joints' zeros, and by what hides a weight."""
    here = _spans(mechanics, pose, moved, reach)
    square = np.zeros(len(moved))
    for other in range(len(pose)):
        aside = pose.copy()
        aside[other] += _ZERO_RAD
        change = np.log(_spans(mechanics, aside, moved, reach) / here)
        square += np.where(np.array(moved) == other, 0.0, change) ** 2
    falls = _worth(mechanics, pose, moved, reach) < here
    log: Floats = np.sqrt(square + _LEAST_LOG**2 + (_HIDDEN_NM / here) ** 2 + np.where(falls, _FALLS_LOG, 0.0) ** 2)
    return log
