"""The planted causes: what is done to a run, and what the first sentence of its report has to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dexterity_ros.safety.limits import Tightening
from dexterity_ros.sim.pose_feed import PoseErrors, PoseFeed

if TYPE_CHECKING:
    from dexterity_ros.bench.planted.virtual_system import VirtualSystem

POLICY = "models/policies/leap_yaw"
POSE = PoseErrors(rate_hz=60.0, latency_s=0.01, dropout=0.02, noise_m=0.001, noise_rad=0.01)  # config/nodes/sim_node
_LATE_S, _LATE_SHARE = 0.09, 0.02  # a busy machine: one cycle in fifty comes so late
_SLOW_HZ = 4.0  # of a camera that was to see 60 times a second
_FIRST_S = 0.008  # less than a cycle of the hand: what happens so soon happens once
_SILENT_S = 0.15  # motors stop themselves after 0.1 s
_HOT_MOTOR, _WARM_C, _HEATING_C_S = 6, 50.0, 4.0
_KNOCK_M_S = np.array([0.0, 0.6, 1.2])


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One run. says: regular expression, of either case, that the first sentence has to match; empty: nothing is wrong.

    plant: of drivers/emulated/plants.py. lost_share: of the samples, for everybody.
    happens: called in every cycle from at_s on, with the system and the seconds since.
    """

    name: str
    says: str
    plant: str = ""
    tightening: Tightening = field(default_factory=Tightening)
    lost_share: float = 0.0
    at_s: float = 6.0
    happens: Callable[[VirtualSystem, float], None] | None = None


def _silence(system: VirtualSystem, since_s: float) -> None:
    system.hand.bus.lost = lambda: since_s < _SILENT_S


def _slow(system: VirtualSystem, since_s: float) -> None:
    if since_s < _FIRST_S:
        system.feed = PoseFeed(replace(POSE, rate_hz=_SLOW_HZ), seed=0)


def _drop(system: VirtualSystem, since_s: float) -> None:
    if since_s < _FIRST_S:
        system.sim.knock(_KNOCK_M_S)


def _load(system: VirtualSystem, _since_s: float) -> None:
    if system.rng.random() < _LATE_SHARE:
        system.hand.sleep_until(system.hand.now_ns() + round(_LATE_S * 1e9))


def _no_more_goals(system: VirtualSystem, _since_s: float) -> None:
    system.goals_go_on = False


def _heat(system: VirtualSystem, since_s: float) -> None:
    system.hand.bus.motors[_HOT_MOTOR].temperature_c = _WARM_C + _HEATING_C_S * since_s


def _numb(system: VirtualSystem, _since_s: float) -> None:
    system.numb.numb = True


PLANTED = (
    Trouble(name="watchdog stop", says="stopped .*watchdog", happens=_silence),
    Trouble(name="slow camera", says="camera is slow", happens=_slow),
    Trouble(name="joint offset", says="if_mcp .*off", plant="offset:if_mcp"),
    Trouble(name="exchanged joints", says="(?=.*if_mcp)(?=.*mf_mcp).*exchanged", plant="swap:if_mcp:mf_mcp"),
    Trouble(name="dropped object", says="dropped", happens=_drop),
    Trouble(name="load", says="machine is busy", happens=_load),
    Trouble(name="stale goal", says="goals stopped coming", happens=_no_more_goals),
    Trouble(name="limit", says="limit of the gate.*max_velocity_rad_s", tightening=Tightening(max_velocity_rad_s=0.5)),
    Trouble(name="hot motor", says="mf_pip.* C, limit", happens=_heat),
    Trouble(name="lost messages", says="messages are lost|% of joint_states are missing", lost_share=0.4),
    Trouble(name="wrong frame", says="in another frame", plant="frame"),
    Trouble(name="stuck policy", says="policy got stuck", happens=_numb),
)
CLEAN = tuple(Trouble(name=f"clean {k}", says="") for k in range(1, 6))
