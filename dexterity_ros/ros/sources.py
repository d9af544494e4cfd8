"""Publishers of what can be observed."""

from collections.abc import Iterable, Sequence
from typing import Any

from rclpy.node import Node

from dexterity_ros import wire
from dexterity_ros.contracts.sources import ObservationInputs, Source
from dexterity_ros.ros.messages import message_class
from dexterity_ros.ros.topics import publisher


class SourcePublishers:
    """Publishes samples, each on the topic of its source."""

    def __init__(self, node: Node, sources: Iterable[Source[Any]], joint_names: Sequence[str]) -> None:
        self._names = joint_names
        self._publishers = {source: publisher(node, source.name) for source in sources}

    def publish(self, inputs: ObservationInputs) -> None:
        """Publishes every sample in `inputs`."""
        for source in inputs.sources:
            message = wire.fill_sample(source, message_class(source.name)(), inputs[source], self._names)
            self._publishers[source].publish(message)
