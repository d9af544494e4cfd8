"""dexterity arm, disarm, estop"""


def arm(yes: bool = False) -> int:
    """Arm the hand of a running system, in two steps: preflight, then, after a look at the hand, torque.

    Status 1 when preflight or arming is refused; the reason is printed. Nothing moves before the second step.

    Args:
        yes: do not wait for Enter between the two steps.
    """
    from dexterity_ros.cli.output import console
    from dexterity_ros.systems.operator import visit

    with visit() as call:
        granted, said = call("safety_node/prepare")
        console.print(said, highlight=False)
        if not granted:
            return 1
        if not yes:
            input("Everybody clear of the hand? Enter arms it, Ctrl-C does not: ")
        granted, said = call("safety_node/arm")
        console.print(said, highlight=False)
        return int(not granted)


def disarm() -> int:
    """Disarm the hand of a running system: it lets go gently, then the torque is off."""
    return _one("safety_node/disarm")


def estop() -> int:
    """Stop the hand of a running system: torque off at once. Disarm, then arm, to go on."""
    return _one("safety_node/estop")


def _one(service: str) -> int:
    from dexterity_ros.cli.output import console
    from dexterity_ros.systems.operator import visit

    with visit() as call:
        granted, said = call(service)
    console.print(said, highlight=False)
    return int(not granted)
