"""dexterity record"""

from threading import Event
from typing import Any

from dexterity_ros.cli.bag import show
from dexterity_ros.cli.options.record import RecordOptions
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.errors import BagError
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.runtime.ending import end_event
from dexterity_ros.systems.processes import Processes, ros_environment
from dexterity_ros.systems.spec import NodeStart, node_parameters

_POLL_S = 0.2


def record(options: RecordOptions) -> int:
    """Records until it is ended or the time is up, then prints what is in the bag."""
    if options.folder.exists():
        raise BagError(f"{options.folder} exists already; a recording never overwrites one")
    done = end_event()
    start = NodeStart(executable="recorder_node", parameters=_parameters(options))
    with Processes([start], ros_environment()) as processes:
        say(f"recording to {options.folder}; Ctrl-C ends it")
        if not _waited(done, processes, options.minutes * 60.0):
            return 1
    return show(Bag(options.folder))


def _parameters(options: RecordOptions) -> dict[str, Any]:
    parameters = node_parameters("config/nodes/recorder_node.yaml", "recorder_node")
    ours = {"folder": str(options.folder.absolute()), "hand": options.hand, "policy": options.policy}
    return parameters | ours | {"robot": options.robot, "configuration": ""}


def _waited(done: Event, processes: Processes, at_most_s: float) -> bool:
    """Waits for the end, 0 for as long as it takes; returns False when the recorder ended by itself."""
    waited_s = 0.0
    while not done.wait(_POLL_S) and not (0.0 < at_most_s <= waited_s):
        waited_s += _POLL_S
        if processes.ended():
            return False
    return True
