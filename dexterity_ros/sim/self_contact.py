"""Which links of a hand touch each other wherever its joints stand: a model must not let those collide."""

from collections import Counter
from pathlib import Path

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError

_POSES = 200
_OFTEN = 0.5  # share of the poses


def always_touching(mjcf: Path, home_rad: Floats) -> list[tuple[str, str]]:
    """Returns pairs of links that overlap at home, (n,), or in half of 200 poses within the joints' limits.

    Raises ConfigError: MuJoCo cannot compile the model.
    """
    try:
        model = mujoco.MjModel.from_xml_path(str(mjcf))
    except ValueError as error:
        raise ConfigError(f"MuJoCo cannot compile {mjcf.name}: {' '.join(str(error).split())}") from error
    data = mujoco.MjData(model)
    low, high = model.jnt_range.T
    drawn = np.random.default_rng(0).uniform(low, high, size=(_POSES, model.nq))
    seen = Counter(pair for pose in drawn for pair in _touching(model, data, pose))
    often = {pair for pair, count in seen.items() if count >= _OFTEN * _POSES}
    both = sorted(often | _touching(model, data, home_rad))
    return [(model.body(one).name, model.body(other).name) for one, other in both]


def _touching(model: mujoco.MjModel, data: mujoco.MjData, pose_rad: Floats) -> set[tuple[int, int]]:
    data.qpos[:] = pose_rad
    mujoco.mj_kinematics(model, data)
    mujoco.mj_collision(model, data)
    pairs = (sorted(int(model.geom_bodyid[g]) for g in contact.geom) for contact in data.contact[: data.ncon])
    return {(one, other) for one, other in pairs}
