"""One joint on its motor as we model it: a spring and a damper of the controller, friction, play, a link with weight.

The others stand, so that a joint's inertia is a number and its weight a function of its angle; both are our MJCF's
(sim/joint_mechanics.py). Many joints, motions and sets of parameters are stepped at once, by the trapezoidal rule in
damping and implicit in dry friction, which holds: with the stiff solref_friction that gears have, MuJoCo moves the same
joint alike.
"""

from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.sim.joint_mechanics import Links

# The last axis of parameters. tilt_rad: by how much gravity is turned about the joint, because the zeros of the joints
# that carry it, and the table, are not quite as they are taken to be.
PARAMETERS = (
    "stiffness_nm_rad",
    "damping_nm_s_rad",
    "friction_loss_nm",
    "armature_kg_m2",
    "torque_limit_nm",
    "backlash_rad",
    "load_friction",
    "d_part",
    "delay_s",
    "tilt_rad",
)
FULL_A = 0.35  # the current at which a motor gives torque_limit_nm: limit of the shipped policies
GEAR_PART = 0.15  # of the damping, outside the current limit: 0.03 of 0.2 N.m.s/rad (models/hands/leap/hand.xml)
D_PART = 0.40  # of the damping, by a D gain as in the hand's file; the rest is back-EMF. ASSUMED A18, so it is fitted
STEP_S = 1e-3
_WEIGHT_STEPS = 8  # as long as a weight is taken for constant: at 0.6 rad/s, a quarter of a degree
_LINK_ARMATURE_KG_M2, _LINK_DAMPING_NM_S_RAD = 2e-5, 1e-3  # of a link that its gear does not touch: a bearing's


@dataclass(frozen=True, kw_only=True)
class Motions:
    """What K motions of n joints were; all (K, n, ...), each joint moving while the rest of its finger stood.

    targets_rad: (K, n, steps), targets at every STEP_S from the first look on, as written. start_rad: (K, n).
    looked_s: (K, n, t), after the first step. p_share, d_share: (K, n), gains over those of the hand's file.
    limit_a: (K, n).
    """

    targets_rad: Floats
    start_rad: Floats
    looked_s: Floats
    p_share: Floats
    d_share: Floats
    limit_a: Floats


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What motions lead to: pos_rad and current_a, each (S, K, n, t)."""

    pos_rad: Floats
    current_a: Floats


class JointModel:
    """The joints of a hand, each for itself."""

    def __init__(self, links: Links) -> None:
        """links: of all n joints, each in the pose in which it is moved."""
        self._inertia = links.inertia_kg_m2 + _LINK_ARMATURE_KG_M2
        self._low, span = links.low_rad, links.high_rad - links.low_rad
        joints, places = links.weight_nm.shape
        self._per_rad, self._last = (places - 1) / span, places - 1.0
        self._weights = np.ascontiguousarray(links.weight_nm).ravel()
        self._row = places * np.arange(joints)

    def follow(self, motions: Motions, parameters: Floats) -> Seen:
        """Returns what is seen of the motions with parameters (S, n, len(PARAMETERS))."""
        run = _Run(self, motions, parameters)
        steps = motions.targets_rad.shape[-1]
        shape = (steps + 1, *run.pos.shape)
        pos, torque = np.empty(shape), np.zeros(shape)
        pos[0] = run.pos
        for k in range(steps):
            torque[k + 1] = run.step(k)
            pos[k + 1] = run.pos
        current = torque / (parameters[:, None, :, 4] / FULL_A)
        return Seen(pos_rad=_at(pos, motions.looked_s), current_a=_at(current, motions.looked_s))

    def weight_nm(self, pos_rad: Floats) -> Floats:
        """Returns what gravity asks of the joints, (..., n)."""
        place = np.clip((pos_rad - self._low) * self._per_rad, 0.0, self._last - 1e-9)
        low = place.astype(np.int64)
        share, first = place - low, self._row + low
        asked: Floats = self._weights[first] * (1.0 - share) + self._weights[first + 1] * share
        return asked

    @property
    def inertia(self) -> Floats:
        """Inertia of the links, (n,)."""
        return self._inertia


class _Run:
    """Where all joints of all motions and parameter sets stand, (S, K, n)."""

    def __init__(self, model: JointModel, motions: Motions, parameters: Floats) -> None:
        values = dict(zip(PARAMETERS, np.moveaxis(parameters[:, None], -1, 0), strict=True))
        whole = np.broadcast_shapes(values["delay_s"].shape, motions.p_share.shape)
        self._model = model
        self._stiffness = values["stiffness_nm_rad"] * motions.p_share
        damping, part = values["damping_nm_s_rad"], values["d_part"]
        self._motor = damping * (1.0 - GEAR_PART - part + part * motions.d_share)
        self._gears = np.broadcast_to(GEAR_PART * damping, whole)
        self._most = values["torque_limit_nm"] / FULL_A * motions.limit_a
        self._friction, self._load = values["friction_loss_nm"], values["load_friction"]
        self._rotor_inertia = np.broadcast_to(values["armature_kg_m2"], whole)
        self._half_play = np.broadcast_to(0.5 * values["backlash_rad"], whole)
        self._tilt = values["tilt_rad"]
        self._targets = _delayed(motions.targets_rad, parameters[..., PARAMETERS.index("delay_s")] / STEP_S)
        self.pos = np.broadcast_to(motions.start_rad, whole).copy()
        self._rotor = self.pos + self._half_play * np.sign(
            model.weight_nm(self.pos + self._tilt)
        )  # gravity rests the link on it
        self._vel, self._rotor_vel, self._weight = np.zeros(whole), np.zeros(whole), np.zeros(whole)

    def step(self, k: int) -> Floats:
        """Goes on by STEP_S with the targets of step k. Returns the motors' torque, N.m."""
        if k % _WEIGHT_STEPS == 0:
            self._weight = self._model.weight_nm(self.pos + self._tilt)
        spring = self._stiffness * (self._targets[k] - self.pos)
        wanted = spring - self._motor * self._rotor_vel
        torque = np.minimum(np.maximum(wanted, -self._most), self._most)
        limited = torque != wanted
        force = np.where(limited, torque, spring)
        damping = self._gears + np.where(limited, 0.0, self._motor)
        held = self._friction + self._load * np.abs(torque)
        rotor, link = self._rotor_inertia, self._model.inertia
        heavy, light = rotor + 0.5 * STEP_S * damping, link + 0.5 * STEP_S * _LINK_DAMPING_NM_S_RAD
        push, pull = force - damping * self._rotor_vel, -self._weight - _LINK_DAMPING_NM_S_RAD * self._vel
        rotor_vel = self._rotor_vel + STEP_S * self._braked(push, heavy, held)
        vel = self._vel + STEP_S * pull / light
        apart = self.pos - self._rotor + STEP_S * (vel - rotor_vel)
        together = np.abs(apart) > self._half_play
        shared = (rotor * self._rotor_vel + link * self._vel) / (rotor + link)
        both = shared + STEP_S * self._braked(push + pull, heavy + light, held, shared)
        before, self._rotor_vel = self._rotor_vel, np.where(together, both, rotor_vel)
        link_before, self._vel = self._vel, np.where(together, both, vel)
        self._rotor = self._rotor + 0.5 * STEP_S * (before + self._rotor_vel)
        touching = self._rotor + np.copysign(self._half_play, apart)
        self.pos = np.where(together, touching, self.pos + 0.5 * STEP_S * (link_before + self._vel))
        return torque

    def _braked(self, force: Floats, inertia: Floats, most: Floats, speed: Floats | None = None) -> Floats:
        """Returns the acceleration under a force and a friction loss of at most so much; speed: the rotor's."""
        free = force / inertia
        moving = self._rotor_vel if speed is None else speed
        holding = -(free + moving / STEP_S) * inertia
        braked: Floats = free + np.minimum(np.maximum(holding, -most), most) / inertia
        return braked


def _delayed(targets_rad: Floats, delay_steps: Floats) -> Floats:
    """Returns what motors follow in every step, (steps, S, K, n), with straight lines between steps.

    targets_rad: (K, n, steps) as written. delay_steps: (S, n).
    """
    sets, joints = delay_steps.shape
    written = np.ascontiguousarray(np.moveaxis(targets_rad, -1, 0))
    followed = np.repeat(written[:, None], sets, axis=1)
    for s in range(sets):
        for j in range(joints):
            whole, share = divmod(float(delay_steps[s, j]), 1.0)
            first, second = (_later(written[:, :, j], int(whole) + i) for i in (0, 1))
            followed[:, s, :, j] = first + share * (second - first)
    return followed


def _later(values: Floats, steps: int) -> Floats:
    """Returns values (t, K) so many steps later; the first is held until then."""
    late = values[: len(values) - steps]
    return np.concatenate([np.repeat(values[:1], steps, axis=0), late]) if steps else values


def _at(values: Floats, looked_s: Floats) -> Floats:
    """Returns values (steps + 1, S, K, n) when they were looked at, (S, K, n, t)."""
    place = np.clip(looked_s / STEP_S, 0.0, len(values) - 1.001)
    low = place.astype(np.int64)
    share = place - low
    motion, joint, _ = np.indices(looked_s.shape)
    first, second = (np.moveaxis(values, 1, -1)[low + i, motion, joint] for i in (0, 1))
    seen: Floats = np.moveaxis(first + share[..., None] * (second - first), -1, 0)
    return seen


def held_targets(written_s: Floats, targets_rad: Floats, steps: int) -> Floats:
    """Returns the mean target of every step, (steps,), for targets that are held until the next one.

    The mean keeps what follows smooth in the times of writing, so that a delay has a derivative.
    """
    edges = STEP_S * np.arange(steps + 1)
    knots = np.concatenate([[min(0.0, written_s[0]) - 1.0], written_s, [max(edges[-1], written_s[-1]) + 1.0]])
    held = np.concatenate([targets_rad[:1], targets_rad])
    area = np.concatenate([[0.0], np.cumsum(np.diff(knots) * held)])
    mean: Floats = np.diff(np.interp(edges, knots, area)) / STEP_S
    return mean
