"""What pose_node publishes: the object's pose, its points, and what each image gave."""

import json
from typing import Any

from rclpy.node import Node

from dexterity_ros import ros, wire
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.estimation.object_estimator import Estimate


class PoseTopics:
    """The publishers of the eyes."""

    def __init__(self, node: Node) -> None:
        keys = ("object_pose", "pose_basis", "object_cloud")
        self._poses, self._bases, self._clouds = (ros.publisher(node, key) for key in keys)

    def pose(self, estimate: Estimate) -> None:
        """Publishes a pose with its covariance."""
        message = wire.fill_pose(ros.message_class("object_pose")(), estimate.track.pose)
        message.pose.covariance = estimate.track.covariance.ravel()
        self._poses.publish(message)

    def cloud(self, cloud: CloudSample) -> None:
        """Publishes the object's points."""
        field = ros.message_field("object_cloud")
        self._clouds.publish(wire.fill_cloud(ros.message_class("object_cloud")(), field, cloud))

    def basis(self, stamp_ns: int, basis: str, **more: Any) -> None:
        """Publishes what an image gave, and by what, as JSON."""
        said = {"stamp_ns": stamp_ns, "basis": basis, "joints_ns": 0} | more
        self._bases.publish(ros.message_class("pose_basis")(data=json.dumps(said)))
