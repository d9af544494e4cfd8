"""Hand, object and goal as markers, for rviz and Foxglove."""

from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion
from rclpy.node import Node
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from dexterity_ros import ros, wire
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.frames import quat_rotate
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.object_mesh import object_mesh
from dexterity_ros.viewer.panels import Snapshot

_HAND, _GOAL_ALPHA = (0.5, 0.57, 0.66, 1.0), 0.45


class MarkerTopics:
    """Publishes while somebody listens."""

    def __init__(self, node: Node, hand: HandSpec, box: BoxObject | ObjectSpec | None) -> None:
        self._node, self._box = node, box
        self._body = HandBody(hand, load_shape(hand))
        self._publisher = ros.publisher(node, "markers")

    def publish(self, now: Snapshot) -> None:
        """Publishes what is known."""
        if self._publisher.get_subscription_count() == 0:
            return
        markers: list[Any] = []
        if now.joints_rad is not None:
            markers += self._hand(now.joints_rad)
        if (pose := now.object_pose) is not None:
            markers += self._object("object", pose.pos_m, pose.quat_wxyz, 1.0)
            if now.goal_quat_wxyz is not None:
                beside = pose.pos_m + np.array([0.0, 0.17, 0.03])
                markers += self._object("goal", beside, now.goal_quat_wxyz, _GOAL_ALPHA)
        self._publisher.publish(ros.message_class("markers")(markers=markers))

    def _hand(self, joints_rad: Floats) -> list[Any]:
        markers = []
        for k, (kind, size, position, quat) in enumerate(self._body.placed_parts(joints_rad)):
            if kind == "box":
                markers.append(
                    self._marker("hand", 3 * k, Marker.CUBE, position, quat, scale=2.0 * np.array(size), colour=_HAND)
                )
                continue
            radius, half = size
            axis = quat_rotate(quat, np.array([0.0, 0.0, half]))
            scale = np.array([2.0 * radius, 2.0 * radius, 2.0 * half])
            markers.append(self._marker("hand", 3 * k, Marker.CYLINDER, position, quat, scale=scale, colour=_HAND))
            for i, end in ((1, position - axis), (2, position + axis)):
                ball = np.full(3, 2.0 * radius)
                markers.append(self._marker("hand", 3 * k + i, Marker.SPHERE, end, quat, scale=ball, colour=_HAND))
        return markers

    def _object(self, name: str, position: Floats, quat: Floats, alpha: float) -> list[Any]:
        if self._box is None:
            return [
                self._marker(
                    name, 0, Marker.SPHERE, position, quat, scale=np.full(3, 0.03), colour=(0.9, 0.6, 0.2, alpha)
                )
            ]
        marker = self._marker(
            name, 0, Marker.TRIANGLE_LIST, position, quat, scale=np.ones(3), colour=(1.0, 1.0, 1.0, alpha)
        )
        if isinstance(self._box, ObjectSpec):
            _add_triangles(marker, self._box, alpha)
            return [marker]
        half = np.array(self._box.half_m)
        for k, face in enumerate(self._box.faces):
            right, up = self._box.tag_axes(k)
            centre = np.array(face.normal) * half
            a, b, c, d = (centre + half * (i * right + j * up) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1)))
            marker.points += [Point(x=float(p[0]), y=float(p[1]), z=float(p[2])) for p in (a, b, c, a, c, d)]
            red, green, blue = (value / 255.0 for value in face.rgb)
            marker.colors += [ColorRGBA(r=red, g=green, b=blue, a=alpha)] * 6
        return [marker]

    def _marker(
        self, name: str, number: int, kind: int, at: Floats, quat: Floats, *, scale: Floats, colour: tuple[float, ...]
    ) -> Any:
        marker = Marker(ns=name, id=number, type=kind, action=Marker.ADD)
        wire.fill_stamp(marker.header, ros.now_ns(self._node))
        marker.header.frame_id = wire.HAND_FRAME
        w, x, y, z = (float(v) for v in quat)
        marker.pose = Pose(
            position=Point(x=float(at[0]), y=float(at[1]), z=float(at[2])), orientation=Quaternion(w=w, x=x, y=y, z=z)
        )
        marker.scale.x, marker.scale.y, marker.scale.z = (float(v) for v in scale)
        marker.color = ColorRGBA(r=colour[0], g=colour[1], b=colour[2], a=colour[3])
        return marker


def _add_triangles(marker: Any, spec: ObjectSpec, alpha: float) -> None:
    triangles, colours = object_mesh(spec)
    for corners, rgb in zip(triangles.tolist(), (colours / 255.0).tolist(), strict=True):
        marker.points += [Point(x=x, y=y, z=z) for x, y, z in corners]
        marker.colors += [ColorRGBA(r=rgb[0], g=rgb[1], b=rgb[2], a=alpha)] * 3
