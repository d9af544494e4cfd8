"""From what was played to what each joint is: a fit, its intervals, a motion predicted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.bringup.identification.belief import LOGARITHMIC, PRIOR, as_values, starting_values
from dexterity_ros.bringup.identification.data import Data, gathered, links_of, weights_log
from dexterity_ros.bringup.identification.fit import Belief, Fitted, covariance, weakest_direction
from dexterity_ros.bringup.identification.joint_model import PARAMETERS, STEP_S, JointModel, Seen
from dexterity_ros.bringup.identification.plan import Excited
from dexterity_ros.bringup.identification.record import Played
from dexterity_ros.bringup.identification.stages import POS_FLOOR_RAD, fit_in_stages
from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.sim.joint_mechanics import Nominal

_95 = 1.96
_ARMATURE, _DAMPING = PARAMETERS.index("armature_kg_m2"), PARAMETERS.index("damping_nm_s_rad")
_NARROWED, _WIDEST_LOG = 0.6, 0.5  # said to be identified: share of what was known before, half the interval at most
_TORQUES = ("stiffness_nm_rad", "damping_nm_s_rad", "friction_loss_nm", "armature_kg_m2", "torque_limit_nm")
# What no residual shows, standard deviations of logarithms, seen on emulated individuals whose gears, play and friction
# are not those of the model: by how much more than its residuals say everything is off, and how far each parameter is
# off by itself. How far all torques of a joint are off together, only weights tell (see Excited).
_MISMATCH = 2.0
_OWN_LOG = {
    "stiffness_nm_rad": 0.01,
    "damping_nm_s_rad": 0.018,
    "friction_loss_nm": 0.025,
    "armature_kg_m2": 0.15,
    "load_friction": 0.3,
    "backlash_rad": 0.3,
}


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The motion that was not fitted: when joints were looked at, how they moved, what was predicted; each (n, t)."""

    looked_s: Floats
    seen_rad: Floats
    predicted_rad: Floats


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What came of it: values, their 95 % intervals low to high, and which were identified at all, each (n, p).

    fitted_rad, held_out_rad: root mean square error of the motions that were fitted and of the one that was not;
    floor_rad: of a sensor that rounds to ticks; each (n,). singular: singular values of the slopes, largest first;
    weakest: the direction of the last, in standard deviations of what was known before; each (n, p).
    """

    values: Floats
    low: Floats
    high: Floats
    identified: Bools
    fitted_rad: Floats
    held_out_rad: Floats
    floor_rad: Floats
    singular: Floats
    weakest: Floats
    held_out: HeldOut


def estimate(groups: Sequence[Excited], played: Sequence[Played], nominal: Nominal) -> Estimates:
    """Returns what the joints are. Raises ConfigError when a joint was not played."""
    start = starting_values(nominal)
    model = JointModel(links_of(groups, len(start)))
    fitted_data = gathered(groups, [p for p in played if not p.gains.held_out])
    fitted, before = fit_in_stages(model, fitted_data, start)
    values = as_values(fitted.unknowns)
    spread = _covariance(fitted, before, values, weights_log(groups))
    low, high = _interval(fitted.unknowns, spread)
    held_data = gathered(groups, [p for p in played if p.gains.held_out])
    seen = model.follow(held_data.motions, values[None])
    singular, weakest = weakest_direction(fitted)
    return Estimates(
        values=values,
        low=low,
        high=high,
        identified=_identified(spread),
        fitted_rad=_rms(model.follow(fitted_data.motions, values[None]), fitted_data),
        held_out_rad=_rms(seen, held_data),
        floor_rad=np.full(len(start), POS_FLOOR_RAD),
        singular=singular,
        weakest=weakest,
        held_out=HeldOut(
            looked_s=held_data.motions.looked_s[0], seen_rad=held_data.pos_rad[0], predicted_rad=seen.pos_rad[0, 0]
        ),
    )


def _rms(seen: Seen, data: Data) -> Floats:
    error = (seen.pos_rad[0] - data.pos_rad) ** 2 * data.there
    rms: Floats = np.sqrt(error.sum(axis=(0, 2)) / data.there.sum(axis=(0, 2)))
    return rms


def _covariance(fitted: Fitted, before: Belief, values: Floats, weights: Floats) -> Floats:
    """Returns the covariance of the unknowns, (n, p, p), with what no residual shows: models are not quite right.

    All torques have one scale, and only weights tell it. An inertia is known to what damping takes in a step.

    values: (n, p). weights: as well as those are known, (n,), standard deviations of logarithms.
    """
    scale = np.isin(PARAMETERS, _TORQUES).astype(float)
    weighed = (weights**2)[:, None, None]
    own = np.diag([_OWN_LOG.get(name, 0.0) ** 2 for name in PARAMETERS])
    spread: Floats = _MISMATCH**2 * covariance(fitted, before) + weighed * scale[:, None] * scale + own
    spread[:, _ARMATURE, _ARMATURE] += (STEP_S * values[:, _DAMPING] / values[:, _ARMATURE]) ** 2
    return spread


def _interval(unknowns: Floats, spread: Floats) -> tuple[Floats, Floats]:
    half = _95 * np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    return as_values(unknowns - half), as_values(unknowns + half)


def _identified(spread: Floats) -> Bools:
    """Returns which parameters the data tell more about than was known beforehand."""
    deviation = np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    prior = np.array([PRIOR[name] for name in PARAMETERS])
    known: Bools = (deviation < _NARROWED * prior) & (~LOGARITHMIC | (_95 * deviation < _WIDEST_LOG))
    return known
