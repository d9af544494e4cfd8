"""What supervisor, hand and policy say, in words that a person acts on."""

from dexterity_ros.runtime.hand_control import CUT_THE_POWER
from dexterity_ros.safety.fault_words import LOOK_AT, fault_code, fault_detail, fault_name
from dexterity_ros.safety.supervisor import READY_S

_SAID = {
    "disarmed": "disarmed: torque off",
    "ready": "ready: arm it now",
    "armed": "armed",
    "limp": "limp: no torque",
    "easing": "eases to its start pose",
    "easing_out": "lets go gently",
    "following": "following",
    "acting": "acting",
}
_NEXT = {
    "": "Nothing is heard: is the system started?",
    "disarmed": "Torque is off. Prepare, then arm, to let the hand move.",
    "ready": f"Everything is in order. Arm it within {READY_S:.0f} s; the hand will move.",
    "armed": "All is well: the hand may move.",
}
_TONES = {
    "armed": "good", "following": "good", "acting": "good", "stopped": "bad", "estop": "bad", "letting_go": "bad",
    "": "idle", "limp": "idle", "disarmed": "idle", "ready": "idle",
}  # fmt: skip


def tone(state: str) -> str:
    """Returns how a state is coloured: good, wait, bad or idle."""
    return _TONES.get(_kind(state), "wait")


def said(state: str) -> str:
    """Returns a state in a few words; a fault by its name."""
    kind, code = _kind(state), fault_code(state)
    if not state:
        return "silent"
    if CUT_THE_POWER in state:
        return "cut the power"
    if kind == "letting_go":
        return "switching torque off"
    if kind == "stopped":
        return f"stopped: {fault_name(code) if code else state.partition(': ')[2]}"
    if code is not None:
        return f"waits: {fault_name(code)}"
    return _SAID.get(state) or state.replace("_", " ")


def advice(supervisor: str, hand: str, policy: str) -> tuple[str, str]:
    """Returns (what a person should know or do now, its tone): of the three, what matters most."""
    for state in (hand, supervisor):
        if _kind(state) in ("stopped", "letting_go"):
            return _of_stopped(state)
    if _kind(supervisor) == "hold":
        return f"Holds still: {fault_detail(supervisor)}.{_look(supervisor)}", "wait"
    if _kind(supervisor) in _NEXT and _kind(supervisor) != "armed":
        return _NEXT[_kind(supervisor)], tone(supervisor)
    return _of_armed(hand, policy)


def _of_stopped(state: str) -> tuple[str, str]:
    """Nobody is told to go on before every motor has confirmed that its torque is off."""
    why, lasts, problem = state.partition(": ")[2].partition(CUT_THE_POWER)
    if lasts:
        return f"{CUT_THE_POWER}{problem}. Its torque was to go off: {fault_detail(why.rstrip('; '))}.", "bad"
    if _kind(state) == "letting_go":
        how = "wait" if why == "disarmed" else "bad"
        return f"Torque is being switched off: {fault_detail(why)}.{_look(state)}", how
    return f"Stopped: {fault_detail(why)}.{_look(state)} Disarm, then arm, to go on.", "bad"


def _of_armed(hand: str, policy: str) -> tuple[str, str]:
    if not policy:
        return "No policy is heard: the hand stands still until one sends targets.", "wait"
    if _kind(policy) == "goal_stale" and not hand.startswith("following"):
        return "No goal stands: disarm and arm to begin a new trial.", "wait"
    for state in (policy, hand):
        if fault_code(state) is not None:
            return f"The hand waits: {fault_detail(state)}.{_look(state)}", "wait"
    return _NEXT["armed"], "good"


def _look(state: str) -> str:
    code = fault_code(state)
    return "" if code is None else f" Look at {LOOK_AT[code]}."


def _kind(state: str) -> str:
    return state.split(":")[0]
