"""Step zeros: joints slowly against their two stops, with little current, several at once where they are free.

Torque keeps the others where a model of the hand says that nothing is in the way. The walk's own current is all that
pushes; a stop is touched twice. What remains unknown is how exactly the stops are made: the interval says so.
"""

from dataclasses import dataclass, replace

import numpy as np

from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.bringup.prober import Prober
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.stop_fit import Touches, ZeroFit, fit_zero
from dexterity_ros.bringup.walk import CURRENT_A, Measured, Walk, unlimited
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.robot import Stops, Zeros
from dexterity_ros.sim.free_sweep import Sweep, plan_sweeps

_BACK_RAD = 0.12  # how far a joint comes back between two touches
_OTHER_POSES = 1  # seed of the poses that are tried when something was in the way


@dataclass(frozen=True, kw_only=True)
class _Found:
    touches: Touches
    fit: ZeroFit


def zeros(walk: Walk) -> Measured:
    """Finds the zeros of all joints between their stops. Raises HandError."""
    hand = unlimited(walk.hand, walk.robot)
    with walk.moving(hand) as manual:
        found = _sweep_all(walk, manual, plan_sweeps(walk.hand))
        blocked = [i for i, each in found.items() if each.fit.blocked]
        if blocked:
            again = plan_sweeps(walk.hand, seed=_OTHER_POSES)
            only = tuple(_only(sweep, blocked) for sweep in again if set(sweep.joints) & set(blocked))
            found |= _sweep_all(walk, manual, only)
    _check(walk, found)
    names = walk.hand.joint_names
    fits = {names[i]: found[i].fit for i in range(len(names))}
    residual = float(np.sqrt(np.mean([each.touches.repeat_rad**2 for each in found.values()])))
    today, residual_rad = walk.today(), round(residual, 5)
    stops = Stops(
        measured=today,
        residual_rad=residual_rad,
        lower_rad={name: fit.lower for name, fit in fits.items()},
        upper_rad={name: fit.upper for name, fit in fits.items()},
    )
    zeros = Zeros(measured=today, residual_rad=residual_rad, zeros_rad={name: fit.zero for name, fit in fits.items()})
    widest = max(abs(fit.slip_rad) for fit in fits.values())
    return Measured(
        robot=replace(walk.robot, zeros=zeros, stops=stops),
        said=f"{len(names)} zeros up to {np.rad2deg(widest):.1f} deg from the middle, to within {_width(fits):.1f} deg",
        warnings=_warnings(walk, fits),
        tables=(_table(walk, found),),
    )


def _sweep_all(walk: Walk, manual: ManualHand, sweeps: tuple[Sweep, ...]) -> dict[int, _Found]:
    """Returns what was found of every joint in the sweeps."""
    prober = Prober(manual, CURRENT_A)
    found = {}
    for sweep in sweeps:
        for joint, touches in _sweep(prober, sweep, len(walk.hand.joints)).items():
            fit = fit_zero(walk.hand.joints[joint], float(manual.spec.signs[joint]), touches)
            found[joint] = _Found(touches=touches, fit=fit)
    prober.to(np.array(walk.hand.home_pos_rad))
    manual.let_go()
    return found


def _sweep(prober: Prober, sweep: Sweep, n: int) -> dict[int, Touches]:
    """Touches both stops of the sweep's joints, twice each, and the middle from both sides."""
    which = np.isin(np.arange(n), sweep.joints).astype(float)
    prober.to(sweep.pose_rad)
    upper = _touch_twice(prober, which)
    from_above = _return(prober, sweep)
    lower = _touch_twice(prober, -which)
    from_below = _return(prober, sweep)
    return {
        i: Touches(
            lower=(lower[0][i], lower[1][i]),
            upper=(upper[0][i], upper[1][i]),
            from_below=from_below[i],
            from_above=from_above[i],
        )
        for i in sweep.joints
    }


def _touch_twice(prober: Prober, way: Floats) -> tuple[Floats, Floats]:
    first = prober.push(way)
    prober.to(prober.goal_rad - _BACK_RAD * way)
    return first, prober.push(way)


def _return(prober: Prober, sweep: Sweep) -> Floats:
    """Goes back to where the sweep began. Returns where the joints stand there."""
    prober.to(sweep.pose_rad)
    return prober.rest()


def _only(sweep: Sweep, joints: list[int]) -> Sweep:
    """Returns a sweep of only those of its joints."""
    return Sweep(pose_rad=sweep.pose_rad, joints=tuple(i for i in sweep.joints if i in joints))


def _check(walk: Walk, found: dict[int, _Found]) -> None:
    """Raises HandError for what contradicts the signs, and for joints that met something other than their stops."""
    names = walk.hand.joint_names
    contrary = [names[i] for i, each in found.items() if each.fit.contrary]
    if contrary:
        said = f"the stops of {contrary} lie where they would with the other sign"
        raise HandError(f"{said}: run `dexterity bringup signs` again, and look closely")
    blocked = [names[i] for i, each in found.items() if each.fit.blocked]
    if blocked:
        raise HandError(f"{blocked} did not reach both stops: something is in the way, a cable perhaps; free the hand")


def _width(fits: dict[str, ZeroFit]) -> float:
    """Returns the widest half of an interval, in degrees."""
    halves = [0.5 * (fit.zero.high - fit.zero.low) for fit in fits.values() if fit.zero.high and fit.zero.low]
    return float(np.rad2deg(max(halves)))


def _warnings(walk: Walk, fits: dict[str, ZeroFit]) -> tuple[str, ...]:
    ids = (walk.robot.wiring.motor_ids if walk.robot.wiring else None) or {}
    return tuple(
        f"the horn of {name} (motor {ids.get(name)}) sits {np.rad2deg(fit.slip_rad):.0f} deg from the middle: "
        "mounted so, or slipped; if it slips again, the zero is wrong again"
        for name, fit in fits.items()
        if fit.slipped
    )


def _table(walk: Walk, found: dict[int, _Found]) -> Table:
    rows = tuple(_row(name, found[i]) for i, name in enumerate(walk.hand.joint_names))
    header = ("joint", "zero before", "zero", "interval", "lower stop", "upper stop", "touches differ", "hysteresis")
    return Table(title="Zeros of motors and stops of joints, in degrees", header=header, rows=rows)


def _row(name: str, found: _Found) -> tuple[str, ...]:
    fit, deg = found.fit, np.rad2deg
    assert fit.zero.high is not None and fit.zero.low is not None
    return (
        name,
        "180.0",
        f"{deg(fit.zero.nominal):.2f}",
        f"+-{deg(0.5 * (fit.zero.high - fit.zero.low)):.2f}",
        f"{deg(fit.lower.nominal):.1f}",
        f"{deg(fit.upper.nominal):.1f}",
        f"{deg(found.touches.repeat_rad):.2f}",
        f"{deg(found.touches.hysteresis_rad):.2f}",
    )
