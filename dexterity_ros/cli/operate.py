"""dexterity arm, disarm, estop"""

from dexterity_ros.cli.options.operate import ArmOptions, DisarmOptions, EstopOptions
from dexterity_ros.cli.output import console
from dexterity_ros.ros.name_lock import domain_id
from dexterity_ros.systems.operator import Operator, visit
from dexterity_ros.systems.presence import runs_here
from dexterity_ros.systems.stops import stop_hand


def arm(options: ArmOptions) -> int:
    """Prepares, waits for Enter, arms; prints what the system said."""
    with visit() as operator:
        operator.find_system()
        if not _asked(operator, "safety_node/prepare"):
            return 1
        if not options.yes:
            input("Everybody clear of the hand? Enter arms it, Ctrl-C does not: ")
        return int(not _asked(operator, "safety_node/arm"))


def disarm(_options: DisarmOptions) -> int:
    """Disarms; prints what the system said."""
    with visit() as operator:
        operator.find_system()
        return int(not _asked(operator, "safety_node/disarm"))


def _asked(operator: Operator, service: str) -> bool:
    """Returns whether it was granted, and prints the answer."""
    granted, said = operator.call(service)
    console.print(said, highlight=False)
    return granted


def estop(_options: EstopOptions) -> int:
    """Asks every stop; prints what each answered, as it answers."""
    if not runs_here("hand_node", "safety_node"):
        console.print(f"no system runs on this machine in ROS domain {domain_id()}; asking everywhere", highlight=False)
    with visit() as operator:
        stopped = stop_hand(operator, lambda service, said: console.print(f"{service}: {said}", highlight=False))
    if stopped.torque_off:
        console.print("the hand says that its torque is off")
        return 0
    console.print("[red]the hand did not say that its torque is off: cut the power[/red]")
    return 1
