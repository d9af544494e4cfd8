"""The object's pose from clouds and faces: finds it, follows it, undoes symmetric slips, says when it is lost."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.frames import quat_normalise, rotvec_to_quat
from dexterity_ros.contracts.samples import CloudSample, PoseSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.estimation.surface_tracker import SurfaceTracker, Track, TrackerConfig
from dexterity_ros.estimation.surfaces import Surface
from dexterity_ros.estimation.symmetry import MIN_LABELS, FaceVote

FOUND_ONCE = "found; the next image has to confirm it"
_SLIPPED = 2  # votes in a row for another symmetric pose before it is believed
_DOUBTFUL = 0.8  # agreement of the colours below which a pose is not to be acted on
_OPEN = 2  # directions that the points leave open; one alone is borne by what was seen a moment ago
_GUESSED_S = 0.5  # for this long a pose may rest on a prediction in so many directions
_SEEDS = 40  # orientations tried when the object has to be found
_FOUND_SHARE = 0.5  # of the points must lie on the box that was found
_JUMP_M, _JUMP_RAD = 0.03, 0.8  # further in one cloud than an object in a hand can get


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A pose that may be acted on. basis: found (and confirmed by the next cloud), tracked, or turned (a symmetric slip
    was undone).
    """

    track: Track
    agreement: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is carried from one cloud to the next while the object is followed, as numbers that JSON keeps exactly.

    stamp_ns, pos_m (3), quat_wxyz (4): the last pose, hand frame. velocity (6): m/s and rad/s. guessed_since_ns: since
    when the points have left directions open, 0 when they do not.
    """

    stamp_ns: int
    pos_m: tuple[float, ...]
    quat_wxyz: tuple[float, ...]
    velocity: tuple[float, ...]
    guessed_since_ns: int
    confirmed: bool
    votes_against: int
    agreement: float


class ObjectEstimator:
    """A stage with memory: cloud and what the vote asks for in, pose out."""

    def __init__(
        self, surface: Surface, vote: FaceVote, config: TrackerConfig, symmetry: Symmetry = NO_SYMMETRY
    ) -> None:
        """vote: tells poses apart in which the surface looks alike. symmetry: those that even the vote cannot tell."""
        self._surface, self._vote, self._config, self._symmetry = surface, vote, config, symmetry
        self._tracker: SurfaceTracker | None = None
        self._guessed_since_ns: int | None = None
        self._confirmed = True
        self._last: PoseSample | None = None
        self._votes_against = 0
        self._agreement = 0.0
        self._seeds = _even_rotations(_SEEDS)

    def reset(self) -> None:
        """Forgets the object; the next cloud has to find it."""
        self._tracker = self._last = self._guessed_since_ns = None

    @property
    def memory(self) -> Memory | None:
        """What the next cloud is judged by; None while the object is not known."""
        pose, velocity = (None, None) if self._tracker is None else self._tracker.moving
        if pose is None or velocity is None:
            return None
        return Memory(
            stamp_ns=int(pose.stamp_ns),
            pos_m=tuple(pose.pos_m.tolist()),
            quat_wxyz=tuple(pose.quat_wxyz.tolist()),
            velocity=tuple(velocity.tolist()),
            guessed_since_ns=self._guessed_since_ns or 0,
            confirmed=self._confirmed,
            votes_against=self._votes_against,
            agreement=float(self._agreement),
        )

    def resume(self, memory: Memory | None) -> None:
        """Goes on from what `memory` was."""
        self.reset()
        if memory is None:
            return
        pos, quat = np.array(memory.pos_m), np.array(memory.quat_wxyz)
        self._last = PoseSample(stamp_ns=memory.stamp_ns, pos_m=pos, quat_wxyz=quat)
        self._tracker = self._new_tracker()
        self._tracker.resume(self._last, np.array(memory.velocity))
        self._guessed_since_ns = memory.guessed_since_ns or None
        self._confirmed, self._votes_against = memory.confirmed, memory.votes_against
        self._agreement = memory.agreement

    def step(self, cloud: CloudSample, evidence: Any) -> Estimate | Fault:
        """Returns the pose at the time of the cloud, or why it must not be acted on. evidence: what the vote wants
        to know of the image (estimation/symmetry.py).
        """
        if self._tracker is None:
            return self._find(cloud, evidence)
        track = self._tracker.step(cloud)
        if isinstance(track, Fault):
            self.reset()
            return track
        if (lost := self._jump(track.pose) or self._guessing(track)) is not None:
            self.reset()
            return lost
        self._last = track.pose
        turned = self._check_faces(cloud, evidence, track)
        if turned is not None:
            return turned
        if self._agreement < _DOUBTFUL:
            detail = f"only {100 * self._agreement:.0f} % of the faces seen fit the pose"
            return Fault(code=FaultCode.POSE_LOST, detail=detail)
        basis = "tracked" if self._confirmed else "found"
        self._confirmed = True
        return Estimate(track=track, agreement=self._agreement, basis=basis)

    def _check_faces(self, cloud: CloudSample, evidence: Any, track: Track) -> Estimate | Fault | None:
        """Believes another symmetric pose after it was voted for twice; until then the pose is doubtful."""
        result = self._vote.step(cloud, evidence, track.pose)
        if result.points < MIN_LABELS:
            return None  # nothing is known, so nothing changes
        self._agreement = result.agreement
        self._votes_against = self._votes_against + 1 if result.better is not None else 0
        if result.better is None:
            return None
        if self._votes_against < _SLIPPED:
            detail = f"the faces seen fit another symmetric pose better than this one ({100 * result.agreement:.0f} %)"
            return Fault(code=FaultCode.POSE_LOST, detail=detail)
        self._votes_against = 0
        return self._start(result.better, cloud, evidence)

    def _find(self, cloud: CloudSample, evidence: Any) -> Estimate | Fault:
        """Tries orientations all round, keeps the one that most points lie on, and lets the faces choose among 24."""
        best: Track | None = None
        middle = 0.5 * (cloud.points_m.min(axis=0) + cloud.points_m.max(axis=0))
        for seed in self._seeds:
            tracker = self._new_tracker()
            tracker.begin(PoseSample(stamp_ns=cloud.stamp_ns, pos_m=middle, quat_wxyz=seed))
            track = tracker.step(cloud)
            if isinstance(track, Track) and (best is None or _quality(track) > _quality(best)):
                best = track
        if best is None or best.inliers < _FOUND_SHARE * len(cloud.points_m):
            return Fault(code=FaultCode.POSE_LOST, detail="the object was not found in the cloud")
        result = self._vote.step(cloud, evidence, best.pose)
        if result.points < MIN_LABELS:
            detail = f"found, but {result.points} points with a face do not tell which way round it is"
            return Fault(code=FaultCode.POSE_LOST, detail=detail)
        started = self._start(result.better or best.pose, cloud, evidence)
        if isinstance(started, Fault):
            return started
        self._confirmed = False
        return Fault(code=FaultCode.POSE_LOST, detail=FOUND_ONCE)

    def _start(self, pose: PoseSample, cloud: CloudSample, evidence: Any) -> Estimate | Fault:
        self._tracker = self._new_tracker()
        self._tracker.begin(pose)
        track = self._tracker.step(cloud)
        result = self._vote.step(cloud, evidence, pose)
        self._agreement, self._votes_against = result.agreement, 0
        if isinstance(track, Fault) or result.agreement < _DOUBTFUL:
            self.reset()
            said = f"the faces seen fit no pose: {100 * result.agreement:.0f} %"
            return track if isinstance(track, Fault) else Fault(code=FaultCode.POSE_LOST, detail=said)
        self._last = track.pose
        return Estimate(track=track, agreement=self._agreement, basis="turned")

    def _new_tracker(self) -> SurfaceTracker:
        return SurfaceTracker(self._surface, self._config, self._symmetry)

    def _guessing(self, track: Track) -> Fault | None:
        """Returns a fault when for a while the points have left several directions open."""
        now = int(track.pose.stamp_ns)
        if track.guessed - self._symmetry.freedoms < _OPEN:
            self._guessed_since_ns = None
            return None
        since = self._guessed_since_ns = self._guessed_since_ns or now
        if (now - since) * 1e-9 <= _GUESSED_S:
            return None
        detail = f"for {(now - since) * 1e-9:.1f} s the points have left {track.guessed} of 6 directions open"
        return Fault(code=FaultCode.POSE_LOST, detail=detail)

    def _jump(self, pose: PoseSample) -> Fault | None:
        if self._last is None:
            return None
        moved = float(np.linalg.norm(pose.pos_m - self._last.pos_m))
        turned = float(self._symmetry.angle_rad(self._last.quat_wxyz, pose.quat_wxyz))
        if moved <= _JUMP_M and turned <= _JUMP_RAD:
            return None
        detail = f"it jumped by {moved * 1e3:.0f} mm and {np.rad2deg(turned):.0f} degrees in one image"
        return Fault(code=FaultCode.POSE_LOST, detail=detail)


def _quality(track: Track) -> float:
    return track.inliers - 1e4 * track.residual_m


def _even_rotations(count: int) -> list[Floats]:
    """Returns rotations spread over all there are, the same every time."""
    rng = np.random.default_rng(0)
    candidates = [rotvec_to_quat(v) for v in rng.normal(size=(40 * count, 3)) * 1.5]
    chosen = [np.array([1.0, 0.0, 0.0, 0.0])]
    while len(chosen) < count:
        closest = [max(abs(float(c @ k)) for k in chosen) for c in candidates]
        chosen.append(quat_normalise(candidates[int(np.argmin(closest))]))
    return chosen
