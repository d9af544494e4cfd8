"""What was played, ordered by set of gains and joint, as the model takes it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dexterity_ros.bringup.identification.joint_model import STEP_S, Motions, held_targets
from dexterity_ros.bringup.identification.plan import Excited
from dexterity_ros.bringup.identification.record import Played
from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.sim.joint_mechanics import Links

_SKIPPED_S = 0.1  # until the play of the gears is where it is assumed


@dataclass(frozen=True, kw_only=True)
class Data:
    """Motions with what was seen of them, (K, n, t); weight 0 where nothing was."""

    motions: Motions
    pos_rad: Floats
    current_a: Floats
    there: Bools


def links_of(groups: Sequence[Excited], count: int) -> Links:
    """Returns what each of the hand's joints carried while it was moved. Raises ConfigError when one was not."""
    where = {joint: (g, k) for g, group in enumerate(groups) for k, joint in enumerate(group.joints)}
    if missing := sorted(set(range(count)) - set(where)):
        raise ConfigError(f"joints {missing} are in no group that is moved")
    parts = [(groups[where[j][0]].links, where[j][1]) for j in range(count)]
    columns = {
        name: np.stack([getattr(links, name)[k] for links, k in parts])
        for name in ("inertia_kg_m2", "low_rad", "high_rad", "weight_nm")
    }
    return Links(**columns)


def weights_log(groups: Sequence[Excited]) -> Floats:
    """Returns how well the weights of the hand's joints are known, (n,); see Excited."""
    known = {joint: float(log) for group in groups for joint, log in zip(group.joints, group.weights_log, strict=True)}
    return np.array([known[joint] for joint in sorted(known)])


def gathered(groups: Sequence[Excited], played: Sequence[Played]) -> Data:
    """Returns motions by set of gains and joint; each joint's is that of the group in which it moved."""
    sets = list(dict.fromkeys(p.gains for p in played))
    by = {(p.gains, j): p for p in played for j in groups[p.group].joints}
    joints = sorted({j for _, j in by})
    looks = max(len(p.looked_s) for p in played)
    steps = int(max(p.looked_s[-1] for p in played) / STEP_S) + 2
    rows = [[by[gains, j] for j in joints] for gains in sets]
    cells = [[_cell(p, j, steps, looks) for j, p in zip(joints, row, strict=True)] for row in rows]
    names = ("targets_rad", "start_rad", "looked_s", "p_share", "d_share", "limit_a", "pos_rad", "current_a", "there")
    stacked = {name: np.array([[cell[name] for cell in row] for row in cells]) for name in names}
    measured = {name: stacked.pop(name) for name in ("pos_rad", "current_a", "there")}
    return Data(motions=Motions(**stacked), **measured)


def _cell(played: Played, joint: int, steps: int, looks: int) -> dict[str, Floats | Bools | float]:
    missing = looks - len(played.looked_s)
    looked = np.pad(played.looked_s, (0, missing), mode="edge")
    there = (np.arange(looks) < len(played.looked_s)) & (looked > _SKIPPED_S)
    return {
        "targets_rad": held_targets(played.written_s, played.targets_rad[:, joint], steps),
        "start_rad": float(played.pos_rad[0, joint]),
        "looked_s": looked,
        "p_share": played.gains.p_share,
        "d_share": played.gains.d_share,
        "limit_a": played.limit_a,
        "pos_rad": np.pad(played.pos_rad[:, joint], (0, missing), mode="edge"),
        "current_a": np.pad(played.current_a[:, joint], (0, missing), mode="edge"),
        "there": there,
    }
