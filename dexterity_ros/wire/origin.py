"""Who sent a message, as text in a field that carries text anyway: version 2 of targets, resets and heartbeats.

`v2/SYSTEM/INSTANCE/COUNT/NUMBER`: the system's id, the process in it, a counter of its messages, and the number that
the message is about. Version 1, in bags from before, is the bare number, or nothing.
"""

import re
from dataclasses import dataclass

from dexterity_ros.contracts.errors import WireError

_PATTERN = re.compile(r"v2/([\w-]{1,64})/([\w-]{1,64})/(\d{1,18})/(\d{1,9})")
_SHOWN = 60  # characters of a wrong text that an error repeats


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who sent a message. count: of this sender's messages. number: a reset, or how often a person has disarmed.

    system and instance are empty in messages of version 1.
    """

    system: str
    instance: str
    count: int
    number: int

    def __str__(self) -> str:
        return f"v2/{self.system}/{self.instance}/{self.count}/{self.number}"


def origin(text: str) -> Origin:
    """Returns who sent a message, from its text. Raises WireError when it says nothing of the kind."""
    if text.isdecimal() and len(text) < 10:
        return Origin(system="", instance="", count=0, number=int(text))
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise WireError(f"{text[:_SHOWN]!r} does not say who sent it; expected v2/SYSTEM/INSTANCE/COUNT/NUMBER")
    system, instance, count, number = match.groups()
    return Origin(system=system, instance=instance, count=int(count), number=int(number))


def heartbeat_text(verdict: str, sender: Origin) -> str:
    """Returns the text of a heartbeat: what the supervisor says, then who says it."""
    return f"{verdict} | {sender}"


def heartbeat(text: str) -> tuple[str, Origin | None]:
    """Returns (what the supervisor says, who says it) of a heartbeat; None for one of version 1."""
    verdict, separator, sender = text.rpartition(" | ")
    if not separator:
        return text, None
    return verdict, origin(sender)


def state_text(text: str) -> str:
    """Returns what a state's text says to people, without who says it."""
    verdict, separator, sender = text.rpartition(" | ")
    return verdict if separator and _PATTERN.fullmatch(sender) else text
