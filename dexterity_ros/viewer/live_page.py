"""A live web page: hand, object, goal, cloud and image in a scene; joints, motors, state and faults beside it."""

import asyncio
import time
from collections import deque
from concurrent.futures import Future

import numpy as np
import viser

from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.viewer.authority import Authority
from dexterity_ros.viewer.browser_panel import BrowserPanel, Commands, Trace
from dexterity_ros.viewer.guarded_server import GuardedServer
from dexterity_ros.viewer.panels import Snapshot, joints_html, state_html
from dexterity_ros.viewer.scene import Scene
from dexterity_ros.viewer.small_screen import SMALL_SCREEN
from dexterity_ros.viewer.strips import Strips

_PLOT_S = 12.0


class LivePage:
    """Serves the page; `show` redraws what has changed. Every browser may stop the hand, one may do more."""

    def __init__(
        self,
        hand: HandFile,
        box: BoxObject | ObjectSpec | None,
        *,
        host: str,
        port: int,
        names: tuple[str, ...] = (),
        secret: str = "",
        commands: Commands,
    ) -> None:
        """Opens the page.

        Args:
            hand: it shows.
            box: what the object looks like; None draws axes only.
            host: address to listen on.
            port: of the page; 0: a free one.
            names: further names under which browsers may ask for it.
            secret: what the one who may prepare, arm and disarm has to enter; empty: nobody may.
            commands: carries out what is asked for.

        Raises:
            ConfigError: the port is taken, or a name is none.
        """
        self._hand, self._commands = hand, commands
        self._authority = Authority(secret) if secret else None
        self._history: deque[Trace] = deque()
        self._strips = Strips()
        self._panels: dict[int, BrowserPanel] = {}
        guarded = GuardedServer(host, port, names, "dexterity_ros")
        self._server, self.address = guarded.viser, guarded.door.addresses[0]
        self._scene = Scene(self._server, hand, box)
        self._build_panel()
        self._server.on_client_connect(self._on_connect)
        self._server.on_client_disconnect(self._on_disconnect)
        self._drawing: Future[None] | None = None
        guarded.open()

    def close(self) -> None:
        """Ends the page."""
        self._server.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.get_port()

    @property
    def watchers(self) -> int:
        """How many browsers look at it."""
        return len(self._panels)

    def show(self, now: Snapshot, everything: bool = True) -> None:
        """Has what has changed drawn, in viser's thread: nothing else may touch what browsers are being sent.

        A picture that is asked for before the last one is finished is left out. everything: also what costs more:
        cloud, image, plot, table.
        """
        if self._drawing is not None:
            if not self._drawing.done():
                return
            self._drawing.result()  # raises what went wrong in it
        self._drawing = asyncio.run_coroutine_threadsafe(self._draw(now, everything), self._server.get_event_loop())

    async def _draw(self, now: Snapshot, everything: bool) -> None:
        moment = time.monotonic()
        with self._server.atomic():
            self._scene.show(now)
        self._remember(now, moment)
        self._state.content = state_html(now)
        for panel in self._panels.values():
            panel.refresh(moment)
        if everything:
            self._draw_slowly(now, moment)

    def _draw_slowly(self, now: Snapshot, moment: float) -> None:
        self._scene.show_cloud(now)
        if now.image is not None:
            self._image.image, self._image.visible = now.image, True
        self._strips.remember(now, moment)
        self._charts.content = self._strips.html(moment)
        self._table.content = joints_html(self._hand, now)
        for panel in self._panels.values():
            panel.plot(self._history)

    def _remember(self, now: Snapshot, moment: float) -> None:
        if now.joints_rad is None:
            return
        target = now.joints_rad if now.target_rad is None else now.target_rad
        self._history.append((moment, now.joints_rad, target))
        while self._history[-1][0] - self._history[0][0] > _PLOT_S:
            self._history.popleft()

    def _build_panel(self) -> None:
        """What all browsers see and none can change; fields and buttons belong to one browser each."""
        gui = self._server.gui
        gui.configure_theme(control_width="medium", show_logo=False, show_share_button=False, dark_mode=True)
        gui.main_panel.dock_right()
        gui.add_html(SMALL_SCREEN, order=-1)
        self._state = gui.add_html(state_html(Snapshot()), order=1)
        self._charts = gui.add_html("", order=4)
        with gui.add_folder("Camera", expand_by_default=True, order=10):
            self._image = gui.add_image(np.zeros((2, 2, 3), np.uint8), format="jpeg", jpeg_quality=70, visible=False)
        with gui.add_folder("Joints", expand_by_default=True, order=11):
            self._table = gui.add_html("")

    async def _on_connect(self, client: viser.ClientHandle) -> None:
        later = self._server.get_event_loop().call_soon_threadsafe
        panel = BrowserPanel(client, self._hand, self._authority, self._commands, later)
        self._panels[client.client_id] = panel
        if client.camera.image_width < client.camera.image_height:
            self._scene.step_back(client)

    async def _on_disconnect(self, client: viser.ClientHandle) -> None:
        self._panels.pop(client.client_id, None)
        if self._authority is not None:
            self._authority.release(client.client_id)
