"""Fingers, fingertips, home pose and the way the palm faces: proposed from the links and joints of a hand's file."""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import matrix_to_quat, quat_rotate, quat_to_matrix, rotvec_to_quat
from dexterity_ros.sim.foreign_hand import PRIMITIVES, ForeignHand, ForeignJoint

_SYMMETRIC = 0.2  # a range whose middle is this share of its width from 0 goes both ways: to the side, not to close
_CLOSED = 0.45  # share of a one-sided range at home: the LEAP hand's home pose of 0.8 rad is 0.44 of its range
_SLAB_M = 0.003  # what is this near the end of a link is its tip
_FLAT = 0.25  # fingers that move less than this share towards one side close on their own middle, as a claw does
AXES = {"+x": (1, 0, 0), "-x": (-1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0), "+z": (0, 0, 1), "-z": (0, 0, -1)}


@dataclass(frozen=True, kw_only=True)
class Tip:
    """A fingertip: the name of its site, the link (an index), where it is in that link's frame, how it was found."""

    site: str
    link: int
    pos_m: tuple[float, float, float]
    found: str


@dataclass(frozen=True, kw_only=True)
class Mount:
    """Axes of the file's frame: up points out of the palm, forward along the fingers. found: how it was found."""

    up: str
    forward: str
    found: str

    @property
    def rotation(self) -> Floats:
        """Rotation from the file's frame to the hand frame, (3, 3): z up, x forward."""
        up, forward = np.array(AXES[self.up], dtype=float), np.array(AXES[self.forward], dtype=float)
        return np.stack([forward, np.cross(up, forward), up])


def check_joints(hand: ForeignHand, fixed: dict[str, float]) -> list[str]:
    """Returns what of a hand's joints this project cannot move, each in words; those in `fixed` stand still."""
    problems = []
    for link in hand.links:
        problems += [
            f"joint {j.name} is a {j.kind} joint, fixed at {fixed[j.name]:g}, expected 0: it is no hinge or slide"
            for j in link.joints
            if j.kind not in ("hinge", "slide") and fixed.get(j.name, 0.0) != 0.0
        ]
        free = [joint for joint in link.joints if joint.name not in fixed and joint.kind != "free"]
        problems += [
            f"joint {joint.name} is a {joint.kind} joint, expected hinges" for joint in free if joint.kind != "hinge"
        ]
        if len(free) > 1:
            problems.append(f"link {link.name} turns about {[joint.name for joint in free]}, expected one joint a link")
        if hand.kinds:
            problems += [f"joint {j.name} has no actuator of its own" for j in free if not j.actuated]
    tied = [tie.words for tie in hand.couplings if not tie.undone_by(set(fixed))]
    return problems + [f"{words}: every joint has a motor of its own here" for words in tied]


def moving_joints(hand: ForeignHand, fixed: dict[str, float]) -> list[ForeignJoint]:
    """Returns the joints that move, in the order of the file's links: the policy order."""
    return [j for link in hand.links for j in link.joints if j.kind == "hinge" and j.name not in fixed]


def poses(hand: ForeignHand, joints_rad: dict[str, float]) -> list[Floats]:
    """Returns T_file_link of every link, (4, 4) each; joints that are not named stand at 0 (rad, or m of a slide)."""
    found: list[Floats] = []
    for link in hand.links:
        pose = _transform(quat_to_matrix(link.quat_wxyz), link.pos_m)
        if link.parent >= 0:
            pose = found[link.parent] @ pose
        for joint in link.joints:
            shift, turn = moved(joint, joints_rad.get(joint.name, 0.0))
            pose = pose @ _transform(quat_to_matrix(turn), shift)
        found.append(pose)
    return found


def moved(joint: ForeignJoint, position: float) -> tuple[Floats, Floats]:
    """Returns how a joint moves its link from where the file draws it: shift (3,) in m, turn (w, x, y, z).

    position: in rad; of a slide, in m. A joint of another kind stays as it is drawn.
    """
    way, axis = position - joint.ref_rad, np.array(joint.axis)
    if joint.kind == "slide":
        return way * axis, np.array([1.0, 0.0, 0.0, 0.0])
    turn = np.asarray(rotvec_to_quat((way if joint.kind == "hinge" else 0.0) * axis))
    anchor = np.array(joint.anchor_m)
    return anchor - np.asarray(quat_rotate(turn, anchor)), turn


def home_pose(joints: list[ForeignJoint], limits: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Returns a proposal: joints that go both ways in their middle, the others as far closed as LEAP's are at home."""
    home = {}
    for joint in joints:
        low, high = limits[joint.name]
        both_ways = abs(low + high) / 2.0 < _SYMMETRIC * (high - low)
        towards = low + _CLOSED * (high - low) if high >= -low else high - _CLOSED * (high - low)
        home[joint.name] = round((low + high) / 2.0 if both_ways else towards, 3)
    return home


def fingertips(hand: ForeignHand, fixed: dict[str, float], wanted: tuple[str, ...]) -> list[Tip]:
    """Returns the tip of each finger: of the last link that a joint moves on each branch that ends.

    wanted: names of links, in place of those found. Raises ConfigError.
    """
    names = [link.name for link in hand.links]
    strange = [name for name in wanted if name not in names]
    if strange:
        raise ConfigError(f"fingertips name {strange}, the file has the links {names}")
    last = [names.index(name) for name in wanted] or _ends(hand, fixed)
    if not last:
        raise ConfigError(f"no link of {hand.name} is moved by a joint: no finger")
    return [_tip(hand, link, fixed) for link in last]


def _ends(hand: ForeignHand, fixed: dict[str, float]) -> list[int]:
    """Returns links that a joint moves and behind which none does."""
    moved = [any(j.kind == "hinge" and j.name not in fixed for j in link.joints) for link in hand.links]
    behind = [False] * len(moved)
    for k in range(len(moved) - 1, -1, -1):
        parent = hand.links[k].parent
        if parent >= 0:
            behind[parent] |= moved[k] or behind[k]
    return [k for k, moves in enumerate(moved) if moves and not behind[k]]


def _tip(hand: ForeignHand, link: int, fixed: dict[str, float]) -> Tip:
    """Returns where a finger ends: a site called so, or the far end of what is on its last link."""
    riding = [link]
    for k in range(link + 1, len(hand.links)):
        if hand.links[k].parent in riding:
            riding.append(k)
    sites = [site for site in hand.sites if site[1] in riding and "tip" in site[0].lower()]
    if len(sites) == 1:
        name, on, place = sites[0]
        return Tip(site=name, link=on, pos_m=place, found="the file's site")
    frames = poses(hand, {})
    to_link = np.linalg.inv(frames[link])
    points = np.concatenate([on_link(hand, k) @ frames[k][:3, :3].T + frames[k][:3, 3] for k in riding])
    local = points @ to_link[:3, :3].T + to_link[:3, 3]
    anchors = [np.array(joint.anchor_m) for joint in hand.links[link].joints if joint.name not in fixed]
    anchor = anchors[0] if anchors else np.zeros(3)
    name = f"{hand.links[link].name}_tip"
    if not len(local):
        return Tip(site=name, link=link, pos_m=_rounded(anchor), found="its joint, for it has no shape")
    away = (local.min(axis=0) + local.max(axis=0)) / 2.0 - anchor
    along = (local - anchor) @ away / max(float(np.linalg.norm(away)), 1e-9)
    end = local[along > along.max() - _SLAB_M]
    return Tip(
        site=name, link=link, pos_m=_rounded((end.min(axis=0) + end.max(axis=0)) / 2.0), found="the far end of its link"
    )


def on_link(hand: ForeignHand, link: int) -> Floats:
    """Returns points on what is on a link, (n, 3), in its frame: corners of meshes, ends of primitives."""
    points = [np.zeros((0, 3))]
    for geom in hand.links[link].geoms:
        if len(geom.points_m):
            points.append(geom.points_m)
        elif geom.kind in PRIMITIVES:
            rotation = np.asarray(quat_to_matrix(geom.quat_wxyz))
            points.append(_extremes(geom.kind, np.array(geom.size_m)) @ rotation.T + geom.pos_m)
    return np.concatenate(points)


def _extremes(kind: str, size: Floats) -> Floats:
    """Returns the corners of a box, or of the box round another primitive, (8, 3)."""
    if kind != "box":
        radius, half = size[0], 0.0 if kind == "sphere" else size[1]
        size = np.array([radius, radius, half + (radius if kind != "cylinder" else 0.0)])
    signs = np.array(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0])).reshape(3, -1).T
    return signs * size


def propose_mount(
    hand: ForeignHand, tips: list[Tip], limits: dict[str, tuple[float, float]], home: dict[str, float]
) -> Mount:
    """Returns which way the palm faces: where the tips go as the fingers close, seen across the way they point."""
    still = {name: angle for name, angle in home.items() if name not in limits}
    open_ = {name: float(np.clip(0.0, *limits[name])) for name in limits} | still
    at_open, at_home = _tips_at(hand, tips, open_), _tips_at(hand, tips, home)
    roots = np.array([_root_m(hand, tip.link, poses(hand, open_), set(limits)) for tip in tips])
    points = (at_open - roots).mean(axis=0)
    pointing = _nearest_axis(points)
    forward = np.array(AXES[pointing], dtype=float)
    goes = (at_home - at_open).mean(axis=0)
    across = goes - (goes @ forward) * forward
    furthest = float(np.linalg.norm(at_home - at_open, axis=1).mean())
    if float(np.linalg.norm(across)) < _FLAT * max(furthest, 1e-9):
        rest = [name for name, axis in AXES.items() if abs(np.array(axis) @ forward) < 0.5]
        side = "+x" if "+x" in rest else rest[0]
        return Mount(up=pointing, forward=side, found="the fingers stand up like a claw")
    return Mount(up=_nearest_axis(across), forward=pointing, found="the tips go there as the fingers close")


def _tips_at(hand: ForeignHand, tips: list[Tip], joints_rad: dict[str, float]) -> Floats:
    frames = poses(hand, joints_rad)
    return np.array([frames[tip.link][:3, :3] @ np.array(tip.pos_m) + frames[tip.link][:3, 3] for tip in tips])


def _root_m(hand: ForeignHand, link: int, frames: list[Floats], moving: set[str]) -> Floats:
    """Returns where the first joint of a finger is that moves no other finger's tip too: its knuckle."""
    chain = [link]
    while hand.links[chain[-1]].parent >= 0:
        chain.append(hand.links[chain[-1]].parent)
    branches = {k: sum(1 for other in hand.links if other.parent == k) for k in chain}
    root = link
    for k in chain[1:]:
        if branches[k] > 1 or not any(joint.name in moving for joint in hand.links[k].joints):
            break
        root = k
    at: Floats = frames[root][:3, 3]
    return at


def _nearest_axis(direction: Floats) -> str:
    return max(AXES, key=lambda name: float(np.array(AXES[name]) @ direction))


def mounted(mount: Mount) -> tuple[float, ...]:
    """Returns the quaternion (w, x, y, z) of the file's frame in the hand frame."""
    return tuple(round(float(value), 9) + 0.0 for value in matrix_to_quat(mount.rotation))


def _transform(rotation: Floats, at: Floats) -> Floats:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, at
    return matrix


def _rounded(point: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 6) + 0.0 for value in point)
    return x, y, z
