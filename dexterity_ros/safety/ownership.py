"""Who may publish what moves the hand or permits it to move: one publisher per topic, of our own system.

A publisher is known by the id that its messages carry, never by the graph, which remembers a killed process for
seconds. A process is known as part of a system by what it says of itself on `system/members`.
"""

from collections.abc import Collection

from dexterity_ros.contracts.errors import Fault, FaultCode
from dexterity_ros.contracts.topics import TOPICS

TAKEOVER_S = 0.5  # a publisher whose process was silent for this long, on all topics, may be succeeded by another
TOLD_S = 0.3  # a refused message counts as a fault for this long

PROCESS_BYTES = 12  # of a publisher's DDS id, the part that all publishers of one process share (DDSI-RTPS 2.5, 9.3.1)


class Owners:
    """A stage: every message's publisher in, a fault for one that may not speak out. Times are monotonic."""

    def __init__(self, system: str, brings: Collection[str] = (), nodes_bring: Collection[str] = ()) -> None:
        """system: id of our own. brings: keys of topics that people bring themselves, as the system file declares.

        nodes_bring: keys of people's topics that a node of our own system brings in their place: nobody else may.
        """
        self._system, self._brings, self._nodes_bring = system, frozenset(brings), frozenset(nodes_bring)
        self._members: dict[bytes, str] = {}
        self._owners: dict[str, bytes] = {}
        self._heard_ns: dict[bytes, int] = {}  # by process, on whatever topic
        self._refused: dict[str, tuple[int, Fault]] = {}

    def introduce(self, publisher: bytes, system: str) -> None:
        """Notes that the process of a publisher belongs to a system."""
        self._members[publisher[:PROCESS_BYTES]] = system

    def check(self, key: str, publisher: bytes, now_ns: int) -> Fault | None:
        """Returns why a message on a topic may not be used, or None."""
        fault = self._foreign(key, publisher) or self._second(key, publisher, now_ns)
        if fault is not None:
            self.refuse(key, fault, now_ns)
        return fault

    def refuse(self, key: str, fault: Fault, now_ns: int) -> None:
        """Remembers that a message was refused."""
        self._refused[key] = (now_ns, fault)

    def faults(self, now_ns: int) -> tuple[Fault, ...]:
        """Returns what was wrong with messages a moment ago, one fault a topic."""
        refused = list(self._refused.values())
        return tuple(fault for at_ns, fault in refused if now_ns - at_ns <= round(TOLD_S * 1e9))

    def _foreign(self, key: str, publisher: bytes) -> Fault | None:
        topic = TOPICS[key]
        if topic.owner in ("anyone", "one") or key in self._brings:
            return None
        system = self._members.get(publisher[:PROCESS_BYTES])
        is_ours = topic.owner == "system" or key in self._nodes_bring
        if is_ours and system == self._system:
            return None
        if system is None or not is_ours:
            said = f"{topic.name} comes from outside this system; where that is wanted, start it with brings:={key}"
        else:
            said = f"{topic.name} comes from system {system}, this one is {self._system}"
        return Fault(code=FaultCode.FOREIGN_OWNER, detail=said)

    def _second(self, key: str, publisher: bytes, now_ns: int) -> Fault | None:
        if TOPICS[key].owner == "anyone":
            return None
        self._heard_ns[publisher[:PROCESS_BYTES]] = now_ns
        owner = self._owners.setdefault(key, publisher)
        if owner != publisher and now_ns - self._heard_ns[owner[:PROCESS_BYTES]] > round(TAKEOVER_S * 1e9):
            owner = self._owners[key] = publisher
        if owner == publisher:
            return None
        return Fault(code=FaultCode.TWO_OWNERS, detail=f"two publishers on {TOPICS[key].name}; only one may be there")
