"""JointState messages. Joints are matched by name and permuted here and nowhere else."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.samples import JointSample, JointTarget
from dexterity_ros.wire.header import fill_stamp, stamp_ns

_NAMED, _NAME_LENGTH = 16, 40  # in errors


def joint_order(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Returns where each wanted joint is in `names`. Raises WireError when the two sets differ."""
    missing, extra = sorted(set(wanted) - set(names)), sorted(set(names) - set(wanted))
    if missing or extra or len(names) != len(wanted):
        raise WireError(
            f"joints differ from the hand's: missing {_shown(missing)}, unknown {_shown(extra)}, "
            f"{len(names)} of {len(wanted)}"
        )
    return [list(names).index(name) for name in wanted]


def _shown(names: list[str]) -> str:
    """Returns a list of names as text that stays short whatever a stranger sends."""
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{[name[:_NAME_LENGTH] for name in names[:_NAMED]]}{rest}"


class JointReader:
    """Reads JointState messages into policy order; remembers the order of the last sender."""

    def __init__(self, joint_names: Sequence[str]) -> None:
        self._wanted = tuple(joint_names)
        self._names: list[str] | None = None
        self._order: list[int] = []

    def sample(self, message: Any) -> JointSample:
        """Returns measured joints. Raises WireError: wrong joints, or arrays of another length."""
        order = self._order_of(message)
        return JointSample(
            stamp_ns=stamp_ns(message.header),
            pos_rad=self._column(message.position, "position", order),
            vel_rad_s=self._column(message.velocity, "velocity", order),
        )

    def target(self, message: Any) -> JointTarget:
        """Returns wanted joints. Raises WireError: wrong joints, or arrays of another length."""
        order = self._order_of(message)
        return JointTarget(stamp_ns=stamp_ns(message.header), pos_rad=self._column(message.position, "position", order))

    def _order_of(self, message: Any) -> list[int]:
        if message.name != self._names:
            self._order = joint_order(message.name, self._wanted)
            self._names = list(message.name)
        return self._order

    def _column(self, values: Any, what: str, order: list[int]) -> Floats:
        if len(values) != len(order):
            raise WireError(f"{what} has {len(values)} values for {len(order)} joints")
        return np.frombuffer(values, dtype=np.float64)[order]


def fill_joint_state(
    message: Any, names: Sequence[str], stamp: int, pos_rad: Floats, vel_rad_s: Floats | None = None
) -> Any:
    """Returns `message` (JointState) with positions and, if given, velocities, (n,) each, in the order of `names`."""
    fill_stamp(message.header, stamp)
    message.name = list(names)
    message.position = pos_rad.tolist()
    if vel_rad_s is not None:
        message.velocity = vel_rad_s.tolist()
    return message
