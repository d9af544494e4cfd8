"""A LeRobot dataset with column names of its own, as one of ours: what its maker calls what, said in a file."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.contracts.hand import MOST_JOINTS
from dexterity_ros.contracts.ranges import PART_NAME, Checked, Length, Pattern

_COLUMN = Pattern(r"[\w./:-]{0,200}", "the name of a column: letters, digits and _ . / : -")
_BEGIN_NS = 1_700_000_000_000_000_000  # such a dataset does not say when it was recorded
_BETWEEN_NS = 10_000_000_000  # episodes


@dataclass(frozen=True, kw_only=True)
class ForeignColumns(Checked):
    """What a dataset's columns are called.

    state: measured joints. action: the joints that were commanded. velocity: measured speeds; empty = they are made of
    differences of the positions. unit: of all of them. joints: their joints, in their order; empty = those of the hand,
    in its own; more than the hand has may be there, and are left out.
    """

    state: Annotated[str, _COLUMN]
    action: Annotated[str, _COLUMN]
    velocity: Annotated[str, _COLUMN] = ""
    unit: Literal["rad", "deg"] = "rad"
    joints: Annotated[tuple[str, ...], PART_NAME, Length(0, 4 * MOST_JOINTS, "of two arms and hands")] = ()

    def as_ours(self, table: Any, fps: float, joint_names: tuple[str, ...]) -> Any:
        """Returns the frames with our columns: state, velocity, action, and stamps that follow from the rate.

        Raises BagError for columns or joints that are not there.
        """
        pick = self._pick(joint_names)
        scale = np.pi / 180.0 if self.unit == "deg" else 1.0
        width = len(self.joints or joint_names)
        state, action = (scale * _numbers(table, name, width)[:, pick] for name in (self.state, self.action))
        episode = _integers(table, "episode_index")
        stamps = _stamps(episode, fps)
        if self.velocity:
            velocity = scale * _numbers(table, self.velocity, width)[:, pick]
        else:
            velocity = _differences(state, episode, fps)
        return pa.table(
            {
                "observation.state": state.tolist(),
                "observation.velocity": velocity.tolist(),
                "action": action.tolist(),
                "stamp_ns": pa.array(stamps, pa.int64()),
                "reset": pa.array(episode + 1, pa.int64()),
                "joints_stamp_ns": pa.array(stamps, pa.int64()),
            }
        )

    def _pick(self, joint_names: tuple[str, ...]) -> list[int]:
        theirs = self.joints or joint_names
        if missing := [name for name in joint_names if name not in theirs]:
            raise BagError(f"the dataset's joints do not have {missing}; they are {list(theirs)}")
        return [theirs.index(name) for name in joint_names]


def _numbers(table: Any, name: str, width: int) -> Floats:
    if name not in table.column_names:
        raise BagError(f"the dataset has no column {name}; there are {sorted(table.column_names)}")
    try:
        values = np.array(table.column(name).to_pylist(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BagError(f"{name} is not a list of as many numbers in every frame") from error
    if values.ndim != 2 or values.shape[1] != width:
        raise BagError(f"{name} has the shape {values.shape[1:]} per frame, expected ({width},): name the joints in it")
    return values


def _integers(table: Any, name: str) -> Any:
    if name not in table.column_names:
        raise BagError(f"the dataset has no column {name}; there are {sorted(table.column_names)}")
    return np.array(table.column(name).to_pylist(), dtype=np.int64)


def _stamps(episode: Any, fps: float) -> Any:
    """Returns when each frame was, ns: evenly, with a pause between episodes."""
    passed = np.arange(len(episode)) * (1e9 / fps)
    return _BEGIN_NS + np.round(passed).astype(np.int64) + _BETWEEN_NS * (episode - episode[:1])


def _differences(state: Floats, episode: Any, fps: float) -> Floats:
    """Returns speeds, rad/s, (frames, n): from the frame before, 0 in the first frame of an episode."""
    speed = np.zeros_like(state)
    speed[1:] = np.diff(state, axis=0) * fps
    speed[1:][np.diff(episode) != 0] = 0.0
    return speed
