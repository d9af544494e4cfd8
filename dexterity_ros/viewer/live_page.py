"""A live web page: hand, object, goal, cloud and image in a scene; joints, motors, state and faults beside it."""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import viser
from numpy.typing import NDArray

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import matrix_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import BoxObject
from dexterity_ros.perception.hand_shape import HandBody, Part, load_shape
from dexterity_ros.viewer.panels import Snapshot, badge, joints_html, state_html
from dexterity_ros.viewer.shapes import capsule_mesh

Floats = NDArray[np.float64]

_MEASURED, _TARGET = (126, 146, 168), (240, 160, 60)
_GOAL_BESIDE_M = np.array([0.0, 0.17, 0.03])  # the goal is shown beside the object, where both can be seen
_PLOT_S = 12.0


class LivePage:
    """Serves the page; `show` redraws what has changed."""

    def __init__(
        self,
        hand: HandSpec,
        box: BoxObject | None,
        *,
        host: str,
        port: int,
        token: str,
        command: Callable[[str], tuple[bool, str]],
    ) -> None:
        """box: what the object looks like; None draws axes only. token: needed for the buttons; empty: there are none.

        command: carries out arm, disarm or estop; returns (done, what was answered). Raises ConfigError when the port
        is taken.
        """
        self._hand, self._body, self._box = hand, HandBody(hand, load_shape(hand)), box
        self._token, self._command = token, command
        try:
            self._server = viser.ViserServer(host=host, port=port, label="dexterity_ros", verbose=False)
        except OSError as error:
            raise ConfigError(f"the viewer cannot listen on {host}:{port}: {error}") from error
        self.address = f"http://{host}:{self._server.get_port()}"
        self._history: deque[tuple[float, Floats, Floats]] = deque()
        self._build_scene()
        self._build_panel()

    def close(self) -> None:
        """Ends the page."""
        self._server.stop()

    @property
    def watchers(self) -> int:
        """How many browsers look at it."""
        return len(self._server.get_clients())

    def show(self, now: Snapshot) -> None:
        """Draws joints, object, goal and state."""
        with self._server.atomic():
            if now.joints_rad is not None:
                self._pose_hand("hand", now.joints_rad)
                target = now.joints_rad if now.target_rad is None else now.target_rad
                self._pose_hand("target", target)
                self._history.append((time.monotonic(), now.joints_rad, target))
                while self._history[-1][0] - self._history[0][0] > _PLOT_S:
                    self._history.popleft()
            self._pose_object(now)
        self._state.content = state_html(now)

    def show_slowly(self, now: Snapshot) -> None:
        """Draws what costs more: cloud, image, plot, table."""
        if now.cloud is not None:
            colours = (
                now.cloud.rgb if now.cloud.rgb is not None else np.full((len(now.cloud.points_m), 3), 200, np.uint8)
            )
            self._server.scene.add_point_cloud(
                "/cloud", np.asarray(now.cloud.points_m, np.float32), np.asarray(colours), point_size=0.0018
            )
        if now.image is not None:
            self._image.image, self._image.visible = now.image, True
        self._table.content = joints_html(self._hand, now)
        self._draw_plot()

    def _build_scene(self) -> None:
        scene = self._server.scene
        scene.set_up_direction("+z")
        scene.configure_default_lights(cast_shadow=False)  # shadows and reflections are most of what drawing costs
        scene.configure_environment_map(hdri=None)
        scene.add_light_hemisphere("/sky", sky_color=(255, 255, 255), ground_color=(120, 120, 130), intensity=2.0)
        self._server.initial_camera.position = tuple(np.array(self._hand.grasp_centre_m) + np.array([0.19, -0.13, 0.2]))
        self._server.initial_camera.look_at = tuple(np.array(self._hand.grasp_centre_m) + np.array([-0.02, 0.045, 0.0]))
        scene.add_grid(
            "/ground", width=0.6, height=0.6, cell_size=0.1, cell_color=(60, 64, 70), section_color=(60, 64, 70),
            position=(0.1, 0.0, -0.12),
        )  # fmt: skip
        self._links = {
            "hand": self._add_hand("hand", _MEASURED, None),
            "target": self._add_hand("target", _TARGET, 0.25),
        }
        self._object = self._add_object("/object", 1.0)
        self._goal = self._add_object("/goal", 0.55)
        self._goal_label = scene.add_label("/goal/label", "goal", position=(0.0, 0.0, 0.06))
        self._object.visible = self._goal.visible = False

    def _add_hand(self, name: str, colour: tuple[int, int, int], opacity: float | None) -> list[Any]:
        frames = []
        for k, link in enumerate(load_shape(self._hand).links):
            frames.append(self._server.scene.add_frame(f"/{name}/{k}", show_axes=False))
            for i, part in enumerate(link.parts):
                self._add_part(f"/{name}/{k}/{i}", part, colour, opacity)
        return frames

    def _add_part(self, name: str, part: Part, colour: tuple[int, int, int], opacity: float | None) -> None:
        scene = self._server.scene
        if part.kind == "box":
            size = 2.0 * np.array(part.size_m)
            scene.add_box(name, colour, size, opacity=opacity, position=part.pos_m, wxyz=part.quat_wxyz)
            return
        vertices, faces = capsule_mesh(part.size_m[0], part.size_m[1])
        scene.add_mesh_simple(
            name, vertices, faces, color=colour, opacity=opacity, position=part.pos_m, wxyz=part.quat_wxyz
        )

    def _add_object(self, name: str, opacity: float) -> Any:
        scene = self._server.scene
        frame = scene.add_frame(name, show_axes=self._box is None, axes_length=0.05, axes_radius=0.002)
        if self._box is None:
            return frame
        half = np.array(self._box.half_m)
        see = None if opacity >= 1.0 else opacity
        scene.add_box(f"{name}/core", (20, 20, 23), tuple(2.0 * half * 0.995), opacity=see)
        for k, face in enumerate(self._box.faces):
            normal = np.array(face.normal)
            size = np.where(np.abs(normal) > 0.5, 0.0012, 1.82 * half)
            at = normal * half
            scene.add_box(f"{name}/{k}", face.rgb, tuple(size), opacity=see, position=tuple(at))
        return frame

    def _pose_hand(self, name: str, joints_rad: Floats) -> None:
        for frame, pose in zip(self._links[name], self._body.links(joints_rad), strict=True):
            frame.position, frame.wxyz = pose[:3, 3], matrix_to_quat(pose[:3, :3])

    def _pose_object(self, now: Snapshot) -> None:
        if now.object_pose is not None:
            self._object.position, self._object.wxyz = now.object_pose.pos_m, now.object_pose.quat_wxyz
            self._object.visible = True
        self._goal.visible = now.goal_quat_wxyz is not None
        if now.goal_quat_wxyz is not None:
            self._goal.position = np.array(self._hand.grasp_centre_m) + _GOAL_BESIDE_M
            self._goal.wxyz = now.goal_quat_wxyz

    def _build_panel(self) -> None:
        gui = self._server.gui
        gui.configure_theme(control_layout="collapsible", control_width="medium", show_logo=False, dark_mode=True)
        self._state = gui.add_html(state_html(Snapshot()))
        self._answer = gui.add_html("")
        if self._token:
            self._build_buttons()
        with gui.add_folder("Camera", expand_by_default=True):
            self._image = gui.add_image(np.zeros((2, 2, 3), np.uint8), format="jpeg", jpeg_quality=70, visible=False)
        with gui.add_folder("Joints", expand_by_default=True):
            self._table = gui.add_html("")
        with gui.add_folder("One joint", expand_by_default=True):
            self._joint = gui.add_dropdown("joint", self._hand.joint_names, initial_value=self._hand.joint_names[0])
            self._plot = gui.add_uplot(
                (np.array([0.0, 1.0]), *(np.zeros(2) for _ in range(4))),
                (
                    {"label": "s"},
                    {"label": "measured", "stroke": "#5aa9e6", "width": 2},
                    {"label": "target", "stroke": "#f0a03c", "width": 1},
                    {"label": "lower", "stroke": "#c9504b", "width": 1},
                    {"label": "upper", "stroke": "#c9504b", "width": 1},
                ),
                aspect=2.0,
                scales={"x": {"time": False, "auto": True}, "y": {"auto": True}},
            )

    def _build_buttons(self) -> None:
        gui = self._server.gui
        with gui.add_folder("Control", expand_by_default=True):
            self._entered = gui.add_text("token", "", hint="printed where the viewer was started")
            stop = gui.add_button("E-STOP: torque off", color="red")
            arm, disarm = gui.add_button("arm", color="green"), gui.add_button("disarm: let go gently", color="gray")
        for button, request in ((stop, "estop"), (arm, "arm"), (disarm, "disarm")):
            button.on_click(self._on_click(request))

    def _on_click(self, request: str) -> Callable[[Any], None]:
        def clicked(_event: Any) -> None:
            if not hmac.compare_digest(self._entered.value.strip(), self._token):
                self._say(False, f"{request} was refused: the token is not the one that was printed")
                return
            threading.Thread(target=self._carry_out, args=(request,), daemon=True).start()

        return clicked

    def _carry_out(self, request: str) -> None:
        done, answer = self._command(request)
        self._say(done, f"{request}: {answer or ('done' if done else 'refused')}")

    def _say(self, good: bool, text: str) -> None:
        self._answer.content = badge("answer", text, "good" if good else "bad")

    def _draw_plot(self) -> None:
        if len(self._history) < 2:
            return
        k = self._hand.joint_names.index(self._joint.value)
        joint, last = self._hand.joints[k], self._history[-1][0]
        times = np.array([t - last for t, _, _ in self._history])
        measured = np.array([m[k] for _, m, _ in self._history])
        target = np.array([t[k] for _, _, t in self._history])
        limits = (np.full(len(times), joint.lower_rad), np.full(len(times), joint.upper_rad))
        self._plot.data = (times, measured, target, *limits)
