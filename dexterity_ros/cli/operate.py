"""dexterity arm, disarm, estop"""


def arm(yes: bool = False) -> int:
    """Arm the hand of a running system, in two steps: preflight, then, after a look at the hand, torque.

    Status 1 when preflight or arming is refused; the reason is printed. Nothing moves before the second step.

    Args:
        yes: do not wait for Enter between the two steps.
    """
    from dexterity_ros.cli.output import console
    from dexterity_ros.systems.operator import visit

    with visit() as operator:
        operator.find_system()
        granted, said = operator.call("safety_node/prepare")
        console.print(said, highlight=False)
        if not granted:
            return 1
        if not yes:
            input("Everybody clear of the hand? Enter arms it, Ctrl-C does not: ")
        granted, said = operator.call("safety_node/arm")
        console.print(said, highlight=False)
        return int(not granted)


def disarm() -> int:
    """Disarm the hand of a running system: it lets go gently, then the torque is off."""
    from dexterity_ros.cli.output import console
    from dexterity_ros.systems.operator import visit

    with visit() as operator:
        operator.find_system()
        granted, said = operator.call("safety_node/disarm")
    console.print(said, highlight=False)
    return int(not granted)


def estop() -> int:
    """Stop the hand of a running system: torque off at once. Disarm, then arm, to go on.

    Asks every node that can stop the hand, all at the same time, and prints what each answered. Status 0 when the hand
    itself said that its torque is off; else 1: cut the power.
    """
    from dexterity_ros.cli.output import console
    from dexterity_ros.systems.operator import visit
    from dexterity_ros.systems.stops import stop_hand

    with visit() as operator:
        stopped = stop_hand(operator)
    for service, said in stopped.said.items():
        console.print(f"{service}: {said}", highlight=False)
    if stopped.torque_off:
        console.print("the hand says that its torque is off")
        return 0
    console.print("[red]the hand did not say that its torque is off: cut the power[/red]")
    return 1
