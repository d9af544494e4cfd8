"""Where least squares begin: a joint that moves nearly as was seen, for the delay of many that fits best.

The controller alone, I = p (u - q) - (e + d D) v over the torque of an ampere, shows its gains; the joint alone,
weight + friction + damping + inertia, shows friction and inertia. What a sensor with 4096 ticks shows is noise in all
of these terms, and plain least squares would find gains that are too small by a third. So terms are weighed with those
of a simulated joint, which have no noise: instrumental variables (T. Söderström and P. Stoica, Instrumental Variable
Methods for System Identification, 1983).
"""

import numpy as np

from dexterity_ros.bringup.identification.data import Data
from dexterity_ros.bringup.identification.joint_model import FULL_A, GEAR_PART, PARAMETERS, STEP_S, JointModel, Motions
from dexterity_ros.contracts.arrays import Floats

_DELAYS_S = np.arange(0.0, 0.0451, 0.005)
_ROUNDS = 2
_SATURATED = 0.9  # share of the limit
_MOVING_RAD_S = 0.05
_LEAST_ROWS = 100
_WITHIN = 8.0  # a guess is at most so many times more or less than what was known before
_DELAY = PARAMETERS.index("delay_s")


def first_guess(model: JointModel, data: Data, start: Floats) -> Floats:
    """Returns parameters (n, len(PARAMETERS)) from which least squares may begin, with one delay for all joints.

    start: what was known before, of the same shape.
    """
    sets = np.repeat(start[None], len(_DELAYS_S), axis=0)
    sets[..., _DELAY] = _DELAYS_S[:, None]
    for _ in range(_ROUNDS):
        modelled = model.follow(data.motions, sets).pos_rad
        sets = np.stack([_refitted(model, data, *each) for each in zip(modelled, sets, strict=True)])
    error = (model.follow(data.motions, sets).pos_rad - data.pos_rad) ** 2 * data.there
    off = np.log(error.sum(axis=(1, 3)))  # (S, n)
    guess: Floats = sets[int(np.median(off, axis=1).argmin())]
    return guess


def _refitted(model: JointModel, data: Data, modelled_rad: Floats, known: Floats) -> Floats:
    """Returns parameters (n, p) with gains, friction and inertia refitted for the delay in `known`."""
    motions = data.motions
    free = data.there & (np.abs(data.current_a) < _SATURATED * motions.limit_a[..., None])
    target = _targets_at(motions, motions.looked_s - known[None, :, None, _DELAY])
    seen, clean = (_controller_terms(motions, target, pos) for pos in (data.pos_rad, modelled_rad))
    guess = known.copy()
    for j, row in enumerate(known):
        gains = _weighed(*(part[:, j][free[:, j]] for part in (seen, clean, data.current_a)))
        guess[j] = _with_gains(row, gains)
    return _with_mechanics(model, data, modelled_rad, guess)


def _controller_terms(motions: Motions, target_rad: Floats, pos_rad: Floats) -> Floats:
    """Returns what the controller multiplies by its gains, (K, n, t, 3): p, back-EMF, d."""
    speed, _ = _rates(motions.looked_s, pos_rad)
    p_share, d_share = motions.p_share[..., None], motions.d_share[..., None]
    terms: Floats = np.stack([p_share * (target_rad - pos_rad), -speed, -d_share * speed], axis=-1)
    return terms


def _with_gains(known: Floats, gains: Floats) -> Floats:
    """Returns the parameters of one joint with a controller's gains per ampere, (3,): p, back-EMF, d."""
    values = dict(zip(PARAMETERS, known.tolist(), strict=True))
    nm_per_a = values["torque_limit_nm"] / FULL_A
    emf, by_d = (max(float(gain) * nm_per_a, 1e-3) for gain in gains[1:])
    damping = (emf + by_d) / (1.0 - GEAR_PART)
    found = {
        "stiffness_nm_rad": float(gains[0]) * nm_per_a,
        "damping_nm_s_rad": damping,
        "d_part": float(np.clip(by_d / damping, 0.1, 0.75)),
    }
    return _bounded(values, found)


def _with_mechanics(model: JointModel, data: Data, modelled_rad: Floats, known: Floats) -> Floats:
    """Returns parameters with friction and inertia such that the motors' torque is what the motion takes."""
    seen, clean = (_mechanical_terms(data.motions, pos) for pos in (data.pos_rad, modelled_rad))
    moving = data.there & (np.abs(seen[..., 1]) > _MOVING_RAD_S) & (np.abs(clean[..., 1]) > _MOVING_RAD_S)
    weight = np.moveaxis(model.weight_nm(np.moveaxis(data.pos_rad, 1, -1)), -1, 1)
    guess = known.copy()
    for j, row in enumerate(known):
        values, chosen = dict(zip(PARAMETERS, row.tolist(), strict=True)), moving[:, j]
        if chosen.sum() < _LEAST_ROWS:
            continue
        torque = data.current_a[:, j] * values["torque_limit_nm"] / FULL_A
        torque -= values["load_friction"] * np.abs(torque) * seen[:, j, :, 0]
        parts = (seen[:, j], clean[:, j], torque - weight[:, j])
        friction, _, inertia = _weighed(*(part[chosen] for part in parts))
        found = {"friction_loss_nm": friction, "armature_kg_m2": inertia - model.inertia[j]}
        guess[j] = _bounded(values, found)
    return guess


def _mechanical_terms(motions: Motions, pos_rad: Floats) -> Floats:
    """Returns what friction, gears and inertia are multiplied by, (K, n, t, 3)."""
    speed, acceleration = _rates(motions.looked_s, pos_rad)
    terms: Floats = np.stack([np.sign(speed), speed, acceleration], axis=-1)
    return terms


def _bounded(values: dict[str, float], found: dict[str, float]) -> Floats:
    bounded = {name: float(np.clip(v, values[name] / _WITHIN, _WITHIN * values[name])) for name, v in found.items()}
    return np.array([(values | bounded)[name] for name in PARAMETERS])


def _weighed(seen: Floats, clean: Floats, wanted: Floats) -> Floats:
    """Returns the factors (p,) with which terms (m, p) make what is wanted (m,), weighed with terms without noise."""
    factors, *_ = np.linalg.lstsq(clean.T @ seen, clean.T @ wanted, rcond=None)
    return np.asarray(factors, dtype=np.float64)


def _rates(looked_s: Floats, pos_rad: Floats) -> tuple[Floats, Floats]:
    """Returns speeds and accelerations as central differences, (K, n, t)."""
    period_s = float(np.median(np.diff(looked_s, axis=-1)))
    speed = np.gradient(pos_rad, period_s, axis=-1)
    return speed, np.gradient(speed, period_s, axis=-1)


def _targets_at(motions: Motions, times_s: Floats) -> Floats:
    """Returns what was written last, (K, n, t)."""
    step = np.clip(times_s / STEP_S, 0.0, motions.targets_rad.shape[-1] - 1.0).astype(np.int64)
    return np.take_along_axis(motions.targets_rad, step, axis=-1)
