"""Shows a running system on a web page; looks now and then, and costs the control loop nothing."""

import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.object import load_optional_box
from dexterity_ros.ros.marker_topics import MarkerTopics
from dexterity_ros.ros.newest import Newest
from dexterity_ros.ros.requests import Requests
from dexterity_ros.viewer.live_page import LivePage
from dexterity_ros.viewer.panels import Snapshot

_IMAGE_PX = 320


@dataclass(frozen=True, kw_only=True)
class ViewerParameters:
    """Parameters of viewer_node. token: what has to be entered before the buttons act; empty: there are no buttons."""

    hand: str
    object: str
    host: str
    port: int
    token: str
    rate_hz: float
    slow_every: int


class ViewerNode(Node):
    """Takes the newest of everything a few times a second and draws it."""

    def __init__(self) -> None:
        super().__init__("viewer_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, ViewerParameters)
        hand = load_hand(settings.hand)
        self._joints, self._now = wire.JointReader(hand.joint_names), Snapshot()
        self._goal_ns, self._image_message = 0, None
        self._faults: deque[str] = deque(maxlen=20)
        self.page = LivePage(
            hand,
            load_optional_box(settings.object),
            host=settings.host,
            port=settings.port,
            token=settings.token,
            command=Requests(self).carry_out,
        )
        self._markers = MarkerTopics(self, hand, load_optional_box(settings.object))
        self._newest = Newest(self)
        takers: dict[str, Callable[[Any], None]] = {
            "joint_states": self._on_joints,
            "gated_targets": self._on_target,
            "object_pose": lambda m: self._set(object_pose=wire.pose_sample(m)),
            "goal": self._on_goal,
            "cloud": lambda m: self._set(cloud=wire.cloud_sample(m)),
            "colour": lambda m: setattr(self, "_image_message", m),
            "supervisor": partial(self._on_state, "supervisor"),
            "hand_state": partial(self._on_state, "hand_state"),
            "policy_state": partial(self._on_state, "policy_state"),
            "diagnostics": self._on_diagnostics,
        }
        for key, take in takers.items():
            self._newest.subscribe(key, take)
        self._frame, self._slow_every = 0, settings.slow_every
        self._timer = self.create_timer(1.0 / settings.rate_hz, self._draw)
        self.get_logger().info(f"look at {self.page.address}")

    def _set(self, **values: Any) -> None:
        self._now = replace(self._now, **values)

    def _on_joints(self, message: Any) -> None:
        try:
            self._set(joints_rad=self._joints.sample(message).pos_rad)
        except WireError as error:
            self._faults.append(str(error))

    def _on_target(self, message: Any) -> None:
        if len(message.position):
            self._set(target_rad=self._joints.target(message).pos_rad)

    def _on_goal(self, message: Any) -> None:
        self._goal_ns = ros.now_ns(self)
        self._set(goal_quat_wxyz=wire.goal_sample(message).quat_wxyz)

    def _on_state(self, name: str, message: Any) -> None:
        before = getattr(self._now, name)
        if ":" in message.data and message.data.split(":")[0] != before.split(":")[0]:
            self._faults.append(f"{time.strftime('%H:%M:%S')} {name.split('_')[0]}: {message.data}")
        self._set(**{name: message.data})

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            values = {item.key: json.loads(item.value) for item in status.values}
            if status.name == "hand_node: motors":
                self._set(motors=values)
            elif status.name == "policy_node: loop":
                self._set(loop=self._now.loop | {"lateness_ms": values.get("lateness_ms", {})})
            elif status.name == "hand_node: loop":
                self._set(loop=self._now.loop | {"observation_age_ms": values.get("observation_age_ms", {})})
            elif status.name == "goal_node: goals":
                self._set(goals={key: values.get(key, 0) for key in ("reached", "failed", "consecutive")})

    def _draw(self) -> None:
        self._newest.drain()
        self._markers.publish(self._now)
        if self.page.watchers == 0:
            return  # nobody looks
        if ros.now_ns(self) - self._goal_ns > 1_000_000_000:
            self._set(goal_quat_wxyz=None)
        now = replace(self._now, faults=tuple(self._faults))
        self.page.show(now)
        self._frame += 1
        if self._frame % self._slow_every == 0:
            self.page.show_slowly(replace(now, image=self._small_image()))

    def _small_image(self) -> Any:
        """Returns the newest colour image, thinned to what a panel shows."""
        message, self._image_message = self._image_message, None
        if message is None or message.encoding != "rgb8":
            return None
        pixels = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.width, 3)
        step = max(message.width // _IMAGE_PX, 1)
        return np.ascontiguousarray(pixels[::step, ::step])

    def stop(self) -> None:
        """Closes the page."""
        self._newest.close()
        self.page.close()


def main() -> None:
    """Entry point."""
    os.nice(10)  # whatever else this machine has to do comes first
    ros.run(ViewerNode, lambda node: node.stop(), realtime=False)


if __name__ == "__main__":
    main()
