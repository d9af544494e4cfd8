"""dexterity record"""

from pathlib import Path
from typing import Annotated

import tyro


def record(
    folder: Annotated[Path, tyro.conf.Positional], /, hand: str = "leap", policy: str = "none", minutes: float = 0.0
) -> int:
    """Record a running system into a bag (rosbag2, MCAP) until Ctrl-C: every topic that belongs into one.

    `dexterity demo --record FOLDER` and `record:=FOLDER` of a system do the same from the start on, and also keep what
    was started with which parameters.

    Args:
        folder: bag to make; it must not exist.
        hand: name in config/hands or path of a YAML file, kept in the bag.
        policy: bundle that runs, kept in the bag, or none.
        minutes: stop after this time; 0 = until Ctrl-C.
    """
    from dexterity_ros.cli.output import console
    from dexterity_ros.contracts.errors import BagError
    from dexterity_ros.runtime.ending import end_event
    from dexterity_ros.systems.processes import Processes, ros_environment
    from dexterity_ros.systems.spec import NodeStart, node_parameters

    if folder.exists():
        raise BagError(f"{folder} exists already; a recording never overwrites one")
    parameters = node_parameters("config/nodes/recorder_node.yaml", "recorder_node")
    parameters |= {"folder": str(folder.absolute()), "hand": hand, "policy": policy, "configuration": ""}
    done = end_event()
    start = NodeStart(executable="recorder_node", parameters=parameters)
    with Processes([start], ros_environment()) as processes:
        console.print(f"recording to {folder}; Ctrl-C ends it")
        waited = 0.0
        while not done.wait(0.2) and not (0.0 < minutes * 60.0 <= waited):
            waited += 0.2
            if processes.ended():
                return 1
    return _said(folder)


def _said(folder: Path) -> int:
    from dexterity_ros.cli.bag import show
    from dexterity_ros.recording.bag_reader import Bag

    return show(Bag(folder))
