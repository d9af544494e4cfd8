"""The options of `dexterity lead`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LeadOptions:
    """Lead the hand of a running system from this keyboard.

    For a system that was started with leader:=joy: the keys stand for a gamepad, and leader_node makes joints of them.
    The policy follows, through the same gate, until the space bar or ten seconds without a key; then it goes on by
    itself from there. The first key leads from where the hand stands.

    a, d: the joint before, the next one. w, s: moves it up, down. c, o: closes, opens the hand. comma, full stop:
    fingers apart, together. space: lets go. q or Ctrl-C: ends.
    """
