"""What one browser has for itself: buttons, the entry of the token, answers, the joint it looks at."""

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

import numpy as np
import viser

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.viewer.authority import Authority
from dexterity_ros.viewer.errands import Errands, Job
from dexterity_ros.viewer.panels import answer_html, badge

Trace = tuple[float, Floats, Floats]  # time in s, measured and wanted joints in rad
Answer = tuple[bool, str]  # granted, and what was said
Clicked = Callable[[object], Coroutine[None, None, None]]  # run in viser's thread

_NOT_IN_CONTROL = "this browser is not in control; enter the token that was printed where the viewer was started"


class Commands(Protocol):
    """Carries out what the page is asked for; may be called from several threads."""

    def prepare(self) -> Answer:
        """Runs the preflight; the answer says ready, or every reason why not."""

    def arm(self) -> Answer:
        """Arms what was prepared."""

    def disarm(self) -> Answer:
        """Lets go gently."""

    def stop_everything(self) -> dict[str, Answer]:
        """Switches the torque off by every way there is; returns what each answered."""


class BrowserPanel:
    """Handles of viser's that belong to one connection: neither they nor what is entered are sent to another."""

    def __init__(
        self,
        client: viser.ClientHandle,
        hand: HandSpec,
        authority: Authority | None,
        commands: Commands,
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        """authority: None: there is nothing but the stop. later: runs something in viser's thread."""
        self._client, self._hand = client, hand
        self._authority, self._commands, self._later = authority, commands, later
        self._stops, self._others = Errands(), Errands()
        stop = client.gui.add_button("E-STOP: torque off", color="red", order=0)  # first: nothing that grows moves it
        stop.on_click(self._start(self._stops, self._stop))
        if authority is not None:
            self._build_control(authority)
        self._answer = client.gui.add_html("", order=3)
        self._build_plot()

    def refresh(self, now_s: float) -> None:
        """Shows who is in control and whether arming is open."""
        if self._authority is None:
            return
        mine = self._authority.holder == self._client.client_id
        left_s = self._authority.may_arm_s(self._client.client_id, now_s)
        others = "nobody" if self._authority.holder is None else "another browser"
        self._control.content = badge("in control", "this browser" if mine else others, "good" if mine else "idle")
        self._token.visible = self._take.visible = not mine
        self._prepare.disabled = self._disarm.disabled = not mine
        self._arm.disabled = left_s <= 0.0
        self._arm.label = f"2. arm: the hand will move ({left_s:.0f} s)" if left_s > 0.0 else "2. arm"

    def plot(self, history: Sequence[Trace]) -> None:
        """Draws the chosen joint over time."""
        if len(history) < 2 or self._joint.value not in self._hand.joint_names:
            return
        k = self._hand.joint_names.index(self._joint.value)
        joint, last = self._hand.joints[k], history[-1][0]
        times = np.array([t - last for t, _, _ in history])
        measured = np.array([m[k] for _, m, _ in history])
        target = np.array([t[k] for _, _, t in history])
        limits = (np.full(len(times), joint.lower_rad), np.full(len(times), joint.upper_rad))
        self._plot.data = (times, measured, target, *limits)

    def _build_control(self, authority: Authority) -> None:
        gui = self._client.gui
        with gui.add_folder("Control", expand_by_default=True, order=2):
            self._control = gui.add_html("")
            self._token = gui.add_text("token", "", hint="printed where the viewer was started")
            self._take = gui.add_button("take control", color="blue")
            self._prepare = gui.add_button("1. prepare: preflight", color="blue")
            self._arm = gui.add_button("2. arm", color="green")
            self._disarm = gui.add_button("disarm: let go gently", color="gray")
        self._take.on_click(self._take_control(authority))
        self._prepare.on_click(self._start(self._others, lambda: self._ask_to_prepare(authority)))
        self._arm.on_click(self._start(self._others, lambda: self._ask_to_arm(authority)))
        self._disarm.on_click(self._start(self._others, lambda: self._ask_to_disarm(authority)))
        self.refresh(time.monotonic())

    def _build_plot(self) -> None:
        gui = self._client.gui
        with gui.add_folder("One joint", expand_by_default=True, order=12):
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

    @staticmethod
    def _start(errands: Errands, job: Job) -> Clicked:
        """Returns what viser's thread runs on a click; it only starts the job, so that no other click waits."""

        async def clicked(_event: object) -> None:
            errands.ask(job)

        return clicked

    def _take_control(self, authority: Authority) -> Clicked:
        async def clicked(_event: object) -> None:
            now_s = time.monotonic()
            done, answer = authority.claim(self._client.client_id, self._token.value, now_s)
            if done:
                self._token.value = ""  # type: ignore[misc]
            self._say("take control", done, answer)
            self.refresh(now_s)

        return clicked

    def _stop(self) -> None:
        if self._authority is not None:
            self._authority.close_arming()
        answers = self._commands.stop_everything()
        lines = [said if name in said else f"{name}: {said}" for name, (_, said) in answers.items()]
        done = [one for one, _ in answers.values()]
        tone = "good" if all(done) else "wait" if any(done) else "bad"
        self._show("E-STOP", tone, [*lines, *([] if any(done) else ["nothing has stopped: cut the power"])])

    def _ask_to_prepare(self, authority: Authority) -> None:
        if not self._in_control(authority, "prepare"):
            return
        granted, said = self._commands.prepare()
        if granted:
            authority.prepared(self._client.client_id, time.monotonic())
        self._say("prepare", granted, *([said] if granted else said.split("; ")))

    def _ask_to_arm(self, authority: Authority) -> None:
        if not self._in_control(authority, "arm"):
            return
        if authority.may_arm_s(self._client.client_id, time.monotonic()) <= 0.0:
            self._say("arm", False, "refused: prepare first, and read what it says")
            return
        authority.close_arming()
        self._say("arm", *self._commands.arm())

    def _ask_to_disarm(self, authority: Authority) -> None:
        if self._in_control(authority, "disarm"):
            self._say("disarm", *self._commands.disarm())

    def _in_control(self, authority: Authority, request: str) -> bool:
        if authority.holder == self._client.client_id:
            return True
        self._say(request, False, f"refused: {_NOT_IN_CONTROL}")
        return False

    def _say(self, request: str, good: bool, *lines: str) -> None:
        self._show(request, "good" if good else "bad", lines)

    def _show(self, request: str, tone: str, lines: Sequence[str]) -> None:
        asked = f"{request}, {time.strftime('%H:%M:%S')}"
        text = answer_html(asked, tone, [line[:300] for line in lines[:20]])
        self._later(lambda: setattr(self._answer, "content", text))
