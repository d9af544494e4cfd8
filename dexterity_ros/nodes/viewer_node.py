"""Shows a running system on a web page; looks now and then, and costs the control loop nothing."""

import os
from dataclasses import dataclass, replace

from rclpy.node import Node

from dexterity_ros import ros
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.object import NO_MODEL, ObjectSpec, load_object, load_optional_box
from dexterity_ros.ros.marker_topics import MarkerTopics
from dexterity_ros.ros.requests import Requests
from dexterity_ros.ros.snapshot_topics import SnapshotTopics
from dexterity_ros.viewer.authority import new_secret
from dexterity_ros.viewer.live_page import LivePage


@dataclass(frozen=True, kw_only=True)
class ViewerParameters:
    """Parameters of viewer_node.

    control: whether there are buttons to prepare, arm and disarm, for who enters the token that is printed at the
    start; the token itself is no parameter, because everybody may read those. names: further names or addresses under
    which browsers may ask for the page, separated by blanks.
    """

    hand: str
    object: str
    host: str
    port: int
    names: str
    control: bool
    rate_hz: float
    slow_every: int

    def shape(self) -> BoxObject | ObjectSpec | None:
        """Returns what the object looks like, None where nobody knows. Raises ConfigError."""
        return None if self.object in NO_MODEL else load_object(self.object) or load_optional_box(self.object)


class ViewerNode(Node):
    """Takes the newest of everything a few times a second and draws it."""

    def __init__(self) -> None:
        super().__init__("viewer_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, ViewerParameters)
        hand, box = load_hand(settings.hand), settings.shape()
        secret = new_secret() if settings.control else ""
        self.page = LivePage(
            hand,
            box,
            host=settings.host,
            port=settings.port,
            names=tuple(settings.names.split()),
            secret=secret,
            commands=Requests(self),
        )
        self._topics, self._markers = SnapshotTopics(self, hand), MarkerTopics(self, hand, box)
        self._frame, self._slow_every = 0, settings.slow_every
        self._timer = self.create_timer(1.0 / settings.rate_hz, self._draw)
        self.get_logger().info(f"look at {self.page.address}")
        if secret:
            print(f"token for the buttons of the page: {secret}", flush=True)  # a log message would be on /rosout

    def _draw(self) -> None:
        now = self._topics.snapshot()
        self._markers.publish(now)
        if self.page.watchers == 0:
            return  # nobody looks
        self._frame += 1
        everything = self._frame % self._slow_every == 0
        self.page.show(replace(now, image=self._topics.image() if everything else None), everything)

    def stop(self) -> None:
        """Closes the page."""
        self._topics.close()
        self.page.close()


def main() -> None:
    """Entry point."""
    os.nice(10)  # whatever else this machine has to do comes first
    ros.run(ViewerNode, lambda node: node.stop(), priority="ordinary", exclusive=False)


if __name__ == "__main__":
    main()
