"""What a row of the table of topics says (contracts/topics.py), and the kinds of transport there are."""

from dataclasses import dataclass
from typing import Literal

Qos = Literal["sensor", "command", "latched", "event", "notice"]
Owner = Literal["system", "people", "one", "anyone"]

# Reliability, durability and history depth as ROS names them.
QOS: dict[Qos, tuple[str, str, int]] = {
    "sensor": ("best_effort", "volatile", 5),
    "command": ("reliable", "volatile", 1),
    "latched": ("reliable", "transient_local", 1),
    "event": ("reliable", "volatile", 100),
    "notice": ("reliable", "transient_local", 100),
}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic.

    qos: sensor = best effort, newest few; command = reliable, newest only; latched = reliable, kept for late joiners;
    event = reliable, none lost; notice = latched by many publishers, none lost.
    max_age_s: older than this is stale (None: no deadline); the silence of those that a system watches makes the
    supervisor hold. recorded: part of every bag.

    owner: who may publish, held by safety/ownership.py. system = one process of our own system, or of people where the
    system file declares that they bring it. people = of people where that is declared, or of a node of our own system
    that brings it in their place. one = anybody, one at a time. anyone = not checked. max_bytes: a larger message is
    refused before it is read.
    """

    name: str
    message: str
    qos: Qos
    rate_hz: float
    max_age_s: float | None
    recorded: bool
    publisher: str
    about: str
    owner: Owner = "anyone"
    max_bytes: int = 65_536
