"""What is known of a joint before it is moved, and the unknowns of least squares: logarithms of what is positive."""

import numpy as np

from dexterity_ros.bringup.identification.fit import Belief
from dexterity_ros.bringup.identification.joint_model import D_PART, PARAMETERS
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.sim.joint_mechanics import Nominal

_START = {"backlash_rad": 0.004, "load_friction": 0.12, "d_part": D_PART, "delay_s": 0.01, "tilt_rad": 0.0}

# Standard deviation of the logarithm, of delay_s and tilt_rad in s and rad. The torque of a motor at its full current
# is its maker's stall torque per ampere, within the tolerance of magnets and windings; a tilt is the sum of the errors
# of a few zeros, of a degree each.
PRIOR = {
    "stiffness_nm_rad": 1.0,
    "damping_nm_s_rad": 1.0,
    "friction_loss_nm": 1.0,
    "armature_kg_m2": 0.3,
    "torque_limit_nm": 0.09,
    "backlash_rad": 0.7,
    "load_friction": 0.5,
    "d_part": 0.3,
    "delay_s": 0.03,
    "tilt_rad": 0.03,
}
_MOST = {"load_friction": 0.5, "d_part": 0.8, "backlash_rad": 0.05}
_MOST_LOG, _LONGEST_DELAY_S, _MOST_TILT_RAD = 2.5, 0.06, 0.12
_PROBE_LOG, _PROBE_S, _PROBE_RAD = 0.02, 5e-4, 2e-3
_ADDED = {"delay_s": (_LONGEST_DELAY_S, _PROBE_S), "tilt_rad": (_MOST_TILT_RAD, _PROBE_RAD)}  # bound, probe
LOGARITHMIC = np.array([name not in _ADDED for name in PARAMETERS])
DELAY = PARAMETERS.index("delay_s")


def starting_values(nominal: Nominal) -> Floats:
    """Returns the parameters of the model as its file has it, (n, p); what it does not have, as is usual."""
    n = len(nominal.stiffness_nm_rad)
    columns = [np.full(n, _START[name]) if name in _START else getattr(nominal, name) for name in PARAMETERS]
    return np.stack(columns, axis=-1)


def as_unknowns(values: Floats) -> Floats:
    """Returns what least squares look for, (..., p)."""
    return np.where(LOGARITHMIC, np.log(np.where(LOGARITHMIC, values, 1.0)), values)


def as_values(unknowns: Floats) -> Floats:
    """Returns parameters, (..., p)."""
    return np.where(LOGARITHMIC, np.exp(np.where(LOGARITHMIC, unknowns, 0.0)), unknowns)


def known_before(start: Floats) -> Belief:
    """Returns what is known of the unknowns of n joints before anything moved. start: (n, p), unknowns."""
    deviation = np.broadcast_to(np.array([PRIOR[name] for name in PARAMETERS]), start.shape).copy()
    width = np.array([_ADDED[name][0] if name in _ADDED else _MOST_LOG for name in PARAMETERS])
    probe = np.array([_ADDED[name][1] if name in _ADDED else _PROBE_LOG for name in PARAMETERS])
    low, high = start - width, start + width
    low[:, DELAY] = 0.0
    for name, most in _MOST.items():
        high[:, PARAMETERS.index(name)] = np.log(most)
    return Belief(mean=start, deviation=deviation, low=low, high=high, probe=probe)
