"""dexterity hand emulate"""

from dexterity_ros.bringup.robot_file import robot_yaml
from dexterity_ros.cli.options.hand import HandEmulateOptions
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.drivers.emulated.served_bus import ServedBus
from dexterity_ros.runtime.emulated_robot import EmulatedRobot, read_hidden
from dexterity_ros.runtime.ending import end_event
from dexterity_ros.sim.hidden import draw_hidden


def emulate(options: HandEmulateOptions) -> int:
    """Serves an emulated individual on a port until it is asked to end."""
    done = end_event()
    hidden = _hidden(options)
    served = ServedBus(EmulatedRobot(options.hand, hidden, seed=options.seed).bus, options.link)
    try:
        say(f"{served.path}: {hidden.name}, until Ctrl-C")
        done.wait()
    finally:
        served.close()
    return 0


def _hidden(options: HandEmulateOptions) -> RobotSpec:
    """Returns the individual of a file, or one that is drawn and, where a file is named that is not there, kept."""
    if options.hidden is not None and options.hidden.exists():
        return read_hidden(options.hidden)
    hidden = draw_hidden(load_hand(options.hand), None, options.seed)
    if options.hidden is not None:
        options.hidden.write_text(robot_yaml(hidden))
    return hidden
