"""What a running system shows of itself, taken now and then from its topics."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from dexterity_ros import wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.ros.newest import Newest
from dexterity_ros.viewer.fault_log import FaultLog
from dexterity_ros.viewer.figures import figures
from dexterity_ros.viewer.panels import Snapshot

_GOAL_S = 1.0  # a goal that is no longer repeated is none, nor is a guess of how far it is
_REPEATED = ("goal_quat_wxyz", "goal_cloud", "distance_rad")
_IMAGE_PX, _MOST_POINTS, _LONGEST_TEXT, _MOST_FAULTS = 320, 5000, 300, 20


class SnapshotTopics:
    """Keeps a Snapshot. Anybody may publish on these topics: what is not as it must be is named in it, and no more."""

    def __init__(self, node: Node, hand: HandSpec) -> None:
        self._joints, self._targets = wire.JointReader(hand.joint_names), wire.JointReader(hand.joint_names)
        self._now = Snapshot()
        self._heard_s, self._image = dict.fromkeys(_REPEATED, 0.0), None
        self._faults: dict[str, str] = {}  # newest last; of each topic that holds what it must not, the newest alone
        self._log = FaultLog()
        self._newest = Newest(node, self._refuse)
        takers: dict[str, Callable[[Any], None]] = {
            "joint_states": lambda m: self._set(joints_rad=_finite(self._joints.sample(m).pos_rad)),
            "gated_targets": self._on_target,
            "object_pose": self._on_pose,
            "goal": lambda m: self._repeat(goal_quat_wxyz=_finite(wire.goal_sample(m).quat_wxyz)),
            "object_cloud": lambda m: self._set(cloud=_thinned(wire.cloud_sample(m))),
            "goal_cloud": lambda m: self._repeat(goal_cloud=_thinned(wire.cloud_sample(m))),
            "policy_distance": lambda m: self._repeat(distance_rad=float(_finite(np.array(m.data)))),
            "colour": lambda m: setattr(self, "_image", m),
            "supervisor": partial(self._on_state, "supervisor"),
            "hand_state": partial(self._on_state, "hand_state"),
            "policy_state": partial(self._on_state, "policy_state"),
            "diagnostics": self._on_diagnostics,
        }
        for key, take in takers.items():
            self._newest.subscribe(key, partial(self._take, key, take))

    def snapshot(self) -> Snapshot:
        """Returns what is known now, without the image."""
        self._newest.drain()
        now_s = time.monotonic()
        self._set(**{name: None for name, heard_s in self._heard_s.items() if now_s - heard_s > _GOAL_S})
        troubles = self._log.lines(time.monotonic())
        return replace(self._now, faults=tuple(self._faults.values()), troubles=troubles)

    def image(self) -> NDArray[np.uint8] | None:
        """Returns the newest colour image, thinned to what a panel shows; None when there has been none since."""
        message, self._image = self._image, None
        if message is None or message.encoding != "rgb8":
            return None
        if message.height * message.width == 0 or len(message.data) != 3 * message.height * message.width:
            self._refuse("colour", f"{message.width}x{message.height} rgb8 has {len(message.data)} bytes")
            return None
        pixels = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.width, 3)
        step = max(message.width // _IMAGE_PX, 1)
        return np.ascontiguousarray(pixels[::step, ::step])

    def close(self) -> None:
        """Leaves the graph."""
        self._newest.close()

    def _take(self, key: str, take: Callable[[Any], None], message: Any) -> None:
        try:
            take(message)
        except (WireError, ValueError) as error:
            self._refuse(key, str(error))

    def _refuse(self, key: str, why: str) -> None:
        self._note(key, f"{key}: {why}")

    def _note(self, key: str, text: str) -> None:
        self._faults.pop(key, None)
        self._faults[key] = f"{time.strftime('%H:%M:%S')} {text}"[:_LONGEST_TEXT]
        if len(self._faults) > _MOST_FAULTS:
            del self._faults[next(iter(self._faults))]

    def _set(self, **values: Any) -> None:
        self._now = replace(self._now, **values)

    def _on_target(self, message: Any) -> None:
        if len(message.position):
            self._set(target_rad=_finite(self._targets.target(message).pos_rad))

    def _on_pose(self, message: Any) -> None:
        sample = wire.pose_sample(message)
        _finite(np.concatenate([sample.pos_m, sample.quat_wxyz]))
        self._set(object_pose=sample)

    def _repeat(self, **values: Any) -> None:
        """Takes what is known only as long as it is repeated."""
        self._heard_s |= dict.fromkeys(values, time.monotonic())
        self._set(**values)

    def _on_state(self, name: str, message: Any) -> None:
        state = wire.state_text(message.data)[:_LONGEST_TEXT]
        self._log.hear(name, state, time.monotonic())
        self._set(**{name: state})

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            self._set(**figures(status.name, [(item.key, item.value) for item in status.values]))


def _thinned(cloud: CloudSample) -> CloudSample:
    """Returns the points of a cloud that can be drawn, some of them where there are many."""
    some = np.flatnonzero(np.isfinite(cloud.points_m).all(axis=1))
    some = some[:: len(some) // _MOST_POINTS + 1]
    rgb = None if cloud.rgb is None else cloud.rgb[some]
    return CloudSample(stamp_ns=cloud.stamp_ns, points_m=cloud.points_m[some], rgb=rgb)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise WireError(f"{values} is not finite")
    return values
