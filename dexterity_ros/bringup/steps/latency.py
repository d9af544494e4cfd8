"""Step latency: how late commands become motion, under the gains that were set."""

from dataclasses import replace

import numpy as np

from dexterity_ros.bringup.identification.belief import starting_values
from dexterity_ros.bringup.identification.data import gathered, links_of
from dexterity_ros.bringup.identification.excitation import GainSet
from dexterity_ros.bringup.identification.joint_model import PARAMETERS, JointModel
from dexterity_ros.bringup.identification.lag import lag_s
from dexterity_ros.bringup.identification.outcome import WRITTEN
from dexterity_ros.bringup.identification.plan import Excited, plan
from dexterity_ros.bringup.identification.record import Played, play_all
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.steps.identify import need_places
from dexterity_ros.bringup.walk import Measured, Walk
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.robot import Delay, Latency
from dexterity_ros.sim.joint_mechanics import HandMechanics
from dexterity_ros.sim.overlay import measured

_AS_SET = GainSet(p_share=1.0, d_share=1.0, held_out=True)
_WINDOW_S, _LEAST = 1.0, 8  # a lag per joint and window; so many at least


def latency(walk: Walk) -> Measured:
    """Moves all joints once more and finds by how much they lag behind what their model does at once.

    Raises HandError when too few joints show it, ConfigError before the joints were identified.
    """
    need_places(walk)
    if walk.robot.dynamics is None:
        raise ConfigError(f"{walk.file.path} has no dynamics: `dexterity bringup identify` comes first")
    mechanics = HandMechanics(walk.hand)
    groups = plan(walk.hand, mechanics)
    with walk.moving(walk.individual) as manual:
        played = play_all(manual, walk.clock, _AS_SET, groups, walk.say)
    by_joint = _lags(walk, mechanics, groups, played)
    lags = np.array([lag for found in by_joint for lag in found])
    if len(lags) < _LEAST:
        raise HandError(f"only {len(lags)} stretches of motion show a delay, expected {_LEAST}: was the hand held?")
    known = walk.robot.latency or Latency(measured=walk.today(), residual_s=0.0)
    late = Delay(**{f"p{q}_s": round(max(float(np.quantile(lags, q / 100)), 0.0), 5) for q in (50, 99)})
    residual_s = round(float(np.std(lags)), 5)
    return Measured(
        robot=replace(
            walk.robot,
            latency=replace(known, measured=walk.today(), residual_s=residual_s, command_to_motion=late),
        ),
        said=f"commands become motion after {1e3 * late.p50_s:.1f} ms, p99 {1e3 * late.p99_s:.1f} ms",
        tables=(_table(walk.hand.joint_names, by_joint),),
    )


def _lags(walk: Walk, mechanics: HandMechanics, groups: list[Excited], played: list[Played]) -> list[list[float]]:
    """Returns the lags of every joint, one for each window in which it moved."""
    data = gathered(groups, played)
    model = JointModel(links_of(groups, len(walk.hand.joints)))
    modelled = model.follow(data.motions, _known(walk, starting_values(mechanics.nominal()))[None]).pos_rad[0, 0]
    looked = data.motions.looked_s[0]
    lags = []
    for i in range(len(looked)):
        starts = np.arange(looked[i, 0], looked[i, -1] - _WINDOW_S, _WINDOW_S)
        windows = [(looked[i] >= start) & (looked[i] < start + _WINDOW_S) for start in starts]
        found = [lag_s(looked[i, w], data.pos_rad[0, i, w], modelled[i, w]) for w in windows]
        lags.append([lag for lag in found if lag is not None])
    return lags


def _known(walk: Walk, values: Floats) -> Floats:
    """Returns parameters (n, p) as robot.yaml has them, at once; `values` where it does not say."""
    known = values.copy()
    for k, name in enumerate(PARAMETERS):
        if name == "delay_s":
            known[:, k] = 0.0
        elif name in WRITTEN:
            found = measured(walk.hand, walk.robot.dynamics, name)
            known[:, k] = np.where(np.isnan(found), values[:, k], found)
    return known


def _table(names: tuple[str, ...], lags: list[list[float]]) -> Table:
    rows = tuple(
        (name, str(len(found)), f"{1e3 * float(np.median(found)):.1f}" if found else "-")
        for name, found in zip(names, lags, strict=True)
    )
    return Table(title="From command to motion", header=("joint", "lags", "median, ms"), rows=rows)
