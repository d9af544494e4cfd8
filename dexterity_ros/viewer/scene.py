"""Hand, target ghost, object, goal and cloud in the page's scene."""

import numpy as np
import viser
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.frames import matrix_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import Part, load_shape
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.perception.hand_points import HandPoints
from dexterity_ros.perception.hand_shape import HandBody
from dexterity_ros.perception.object_mesh import object_mesh
from dexterity_ros.viewer.panels import Snapshot
from dexterity_ros.viewer.shapes import capsule_mesh

_MEASURED, _TARGET = (126, 146, 168), (240, 160, 60)
_OF_OBJECT, _OF_HAND, _OF_GOAL = (90, 169, 230), (190, 130, 220), (110, 200, 120)  # points of a policy that sees them
_HAND_POINTS = 128
_EYE_M, _LOOKED_AT_M = np.array([0.19, -0.13, 0.2]), np.array([-0.02, 0.045, 0.0])  # from the grasp centre
_FURTHER, _BELOW_M = 1.8, np.array([-0.02, 0.045, -0.09])  # of a browser that is higher than wide
_GOAL_BESIDE_M = np.array([0.0, 0.17, 0.03])  # the goal is shown beside the object, where both can be seen


class Scene:
    """What all browsers see; nothing in it can be moved by them."""

    def __init__(self, server: viser.ViserServer, hand: HandSpec, box: BoxObject | ObjectSpec | None) -> None:
        """box: what the object looks like; None draws axes only."""
        self._scene, self._hand, self._box = server.scene, hand, box
        self._body = HandBody(hand, load_shape(hand))
        self._hand_points = HandPoints(hand, load_shape(hand), _HAND_POINTS)
        self._seen_only: dict[str, viser.PointCloudHandle] = {}  # points of what a camera does not see
        self._set_up(server)
        self._links = {
            "hand": self._add_hand("hand", _MEASURED, None),
            "target": self._add_hand("target", _TARGET, 0.25),
        }
        self._object = self._add_object("/object", 1.0)
        self._goal = self._add_object("/goal", 0.55)
        self._goal_label = self._scene.add_label("/goal/label", "goal", position=(0.0, 0.0, 0.06))
        self._object.visible = self._goal.visible = False

    def show(self, now: Snapshot) -> None:
        """Moves hand, target, object and goal."""
        if now.joints_rad is not None:
            self._pose_hand("hand", now.joints_rad)
            self._pose_hand("target", now.joints_rad if now.target_rad is None else now.target_rad)
        if now.object_pose is not None:
            self._object.position, self._object.wxyz = now.object_pose.pos_m, now.object_pose.quat_wxyz
            self._object.visible = True
        self._goal.visible = now.goal_quat_wxyz is not None
        if now.goal_quat_wxyz is not None:
            self._goal.position = np.array(self._hand.grasp_centre_m) + _GOAL_BESIDE_M
            self._goal.wxyz = now.goal_quat_wxyz

    def show_cloud(self, now: Snapshot) -> None:
        """Draws the points that the pose rests on, or those that a policy of points sees: object, hand and goal."""
        for handle in self._seen_only.values():
            handle.visible = now.goal_cloud is not None
        if now.cloud is None:
            return
        colours = now.cloud.rgb if now.cloud.rgb is not None else np.full((len(now.cloud.points_m), 3), 200, np.uint8)
        if now.goal_cloud is None:
            self._add_points("/cloud", now.cloud.points_m, colours)
            return
        self._add_points("/cloud", now.cloud.points_m, _OF_OBJECT)
        drawn = {"/goal_points": (now.goal_cloud.points_m + _GOAL_BESIDE_M, _OF_GOAL)}
        if now.joints_rad is not None:
            drawn["/hand_points"] = (self._hand_points(now.joints_rad), _OF_HAND)
        self._seen_only = {name: self._add_points(name, *points) for name, points in drawn.items()}

    def _add_points(
        self, name: str, points_m: Floats, colours: NDArray[np.uint8] | tuple[int, int, int]
    ) -> viser.PointCloudHandle:
        return self._scene.add_point_cloud(name, np.asarray(points_m, np.float32), colours, point_size=0.0018)

    def step_back(self, client: viser.ClientHandle) -> None:
        """Shows a browser that is higher than wide all of the hand, above the sheet that its panel is."""
        centre = np.array(self._hand.grasp_centre_m)
        client.camera.position = tuple(centre + _FURTHER * _EYE_M)
        client.camera.look_at = tuple(centre + _BELOW_M)

    def _set_up(self, server: viser.ViserServer) -> None:
        self._scene.set_up_direction("+z")
        self._scene.configure_default_lights(cast_shadow=False)  # shadows, reflections are most of what drawing costs
        self._scene.configure_environment_map(hdri=None)
        self._scene.add_light_hemisphere("/sky", sky_color=(255, 255, 255), ground_color=(120, 120, 130), intensity=2.0)
        centre = np.array(self._hand.grasp_centre_m)
        server.initial_camera.position = tuple(centre + _EYE_M)
        server.initial_camera.look_at = tuple(centre + _LOOKED_AT_M)
        self._scene.add_grid(
            "/ground", width=0.6, height=0.6, cell_size=0.1, cell_color=(60, 64, 70), section_color=(60, 64, 70),
            position=(0.1, 0.0, -0.12),
        )  # fmt: skip

    def _add_hand(self, name: str, colour: tuple[int, int, int], opacity: float | None) -> list[viser.FrameHandle]:
        frames = []
        for k, link in enumerate(load_shape(self._hand).links):
            frames.append(self._scene.add_frame(f"/{name}/{k}", show_axes=False))
            for i, part in enumerate(link.parts):
                self._add_part(f"/{name}/{k}/{i}", part, colour, opacity)
        return frames

    def _add_part(self, name: str, part: Part, colour: tuple[int, int, int], opacity: float | None) -> None:
        if part.kind == "box":
            size = 2.0 * np.array(part.size_m)
            self._scene.add_box(name, colour, size, opacity=opacity, position=part.pos_m, wxyz=part.quat_wxyz)
            return
        vertices, faces = capsule_mesh(part.size_m[0], part.size_m[1])
        self._scene.add_mesh_simple(
            name, vertices, faces, color=colour, opacity=opacity, position=part.pos_m, wxyz=part.quat_wxyz
        )

    def _add_object(self, name: str, opacity: float) -> viser.FrameHandle:
        frame = self._scene.add_frame(name, show_axes=self._box is None, axes_length=0.05, axes_radius=0.002)
        if self._box is None:
            return frame
        if isinstance(self._box, ObjectSpec):
            self._add_parts(name, self._box, opacity)
            return frame
        half = np.array(self._box.half_m)
        see = None if opacity >= 1.0 else opacity
        self._scene.add_box(f"{name}/core", (20, 20, 23), tuple(2.0 * half * 0.995), opacity=see)
        for k, face in enumerate(self._box.faces):
            normal = np.array(face.normal)
            size = np.where(np.abs(normal) > 0.5, 0.0012, 1.82 * half)
            at = normal * half
            self._scene.add_box(f"{name}/{k}", face.rgb, tuple(size), opacity=see, position=tuple(at))
        return frame

    def _add_parts(self, name: str, spec: ObjectSpec, opacity: float) -> None:
        """Adds what has one colour at a time: meshes of the page have no colours of their own."""
        triangles, colours = object_mesh(spec)
        for k, rgb in enumerate(np.unique(colours, axis=0)):
            corners = triangles[(colours == rgb).all(axis=1)].reshape(-1, 3)
            self._scene.add_mesh_simple(
                f"{name}/{k}", corners, np.arange(len(corners)).reshape(-1, 3),
                color=(int(rgb[0]), int(rgb[1]), int(rgb[2])), opacity=None if opacity >= 1.0 else opacity,
            )  # fmt: skip

    def _pose_hand(self, name: str, joints_rad: Floats) -> None:
        for frame, pose in zip(self._links[name], self._body.links(joints_rad), strict=True):
            frame.position, frame.wxyz = pose[:3, 3], matrix_to_quat(pose[:3, :3])
