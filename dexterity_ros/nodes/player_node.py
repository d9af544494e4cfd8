"""Plays a bag's sensor topics to live nodes, with /clock."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger

from dexterity_ros import ros
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.topics import TOPICS
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.player import Player
from dexterity_ros.ros.diagnostics import Reporter, loop_values
from dexterity_ros.runtime.deadline_loop import DeadlineLoop

_PERIOD_NS = 5_000_000
_PATIENCE_NS = 5_000_000_000  # it begins when somebody listens to every topic, or after this long


@dataclass(frozen=True, kw_only=True)
class PlayerParameters:
    """Parameters of player_node. play: keys of the topics table. rate: 2 is twice as fast."""

    bag: str
    rate: float
    play: tuple[str, ...]


class PlayerNode(Node):
    """Publishes the recorded bytes; services ~/pause, ~/resume. Other nodes need use_sim_time.

    A damaged bag is refused: live nodes would take its holes for silence.
    """

    def __init__(self) -> None:
        super().__init__("player_node", automatically_declare_parameters_from_overrides=True)
        settings = ros.parameters(self, PlayerParameters)
        if not settings.rate > 0.0:
            raise ConfigError(f"rate is {settings.rate}, expected more than 0")
        bag = Bag(Path(settings.bag).expanduser()).whole()
        played = {bag.need(TOPICS[key].name): key for key in settings.play}
        self._publishers_of = {topic: ros.publisher(self, key) for topic, key in played.items()}
        self._player = Player(bag.messages(list(played)), bag.start_ns, settings.rate)
        self._listened_to, self._made_ns = False, time.monotonic_ns()
        self._clock_topic = self.create_publisher(Clock, "/clock", 10)
        for name, paused in (("pause", True), ("resume", False)):
            self.create_service(Trigger, f"~/{name}", partial(self._on_pause, paused))
        self.loop = DeadlineLoop(_PERIOD_NS, self._cycle, on_death=ros.end_process)
        self._reporter = Reporter(self, bag.path.name, "playing", self._report)
        self._length_s, self._start_ns = bag.duration_s, bag.start_ns
        self.get_logger().info(f"playing {bag.duration_s:.1f} s of {bag.path} at {settings.rate:g} times its speed")
        self.loop.start("player")

    def _cycle(self) -> None:
        now = time.monotonic_ns()
        if not self._listened_to:
            heard = all(publisher.get_subscription_count() for publisher in self._publishers_of.values())
            self._listened_to = heard or now - self._made_ns > _PATIENCE_NS
            return
        due = self._player.step(now)
        clock = Clock()
        clock.clock.sec, clock.clock.nanosec = divmod(self._player.bag_ns, 1_000_000_000)
        self._clock_topic.publish(clock)
        for message in due:
            self._publishers_of[message.topic].publish(message.data)

    def _on_pause(self, paused: bool, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._player.paused = paused
        response.success, response.message = True, self._state()
        return response

    def _state(self) -> str:
        position_s = (self._player.bag_ns - self._start_ns) * 1e-9
        doing = "ended" if self._player.ended else "paused" if self._player.paused else "playing"
        return f"{doing} at {position_s:.1f} of {self._length_s:.1f} s"

    def _report(self) -> tuple[str, str, dict[str, Any]]:
        return "ok", self._state(), loop_values(self.loop)


def main() -> None:
    """Entry point."""
    ros.run(PlayerNode, lambda node: node.loop.stop(), exclusive=False)


if __name__ == "__main__":
    main()
