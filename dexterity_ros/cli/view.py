"""dexterity view"""

import importlib.util

from dexterity_ros.cli.options.view import ViewOptions
from dexterity_ros.cli.output import console
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.runtime.ending import end_event
from dexterity_ros.systems.processes import Processes, ros_environment
from dexterity_ros.systems.spec import NodeStart, node_parameters

_OF_THE_NODE = ("hand", "object", "host", "port", "control")


def view(options: ViewOptions) -> int:
    """Runs viewer_node until Ctrl-C; status 1 when it ends by itself."""
    if importlib.util.find_spec("viser") is None:
        raise ConfigError("the viewer needs viser: pip install '.[viewer]'")
    parameters = node_parameters("config/nodes/viewer_node.yaml", "viewer_node")
    parameters |= {name: getattr(options, name) for name in _OF_THE_NODE} | {"names": " ".join(options.names)}
    done = end_event()
    console.print("the page's address, and the token with --control, follow; Ctrl-C ends it", highlight=False)
    start = NodeStart(executable="viewer_node", parameters=parameters)
    with Processes([start], ros_environment()) as processes:
        while not done.wait(0.2):
            if processes.ended():
                return 1
    return 0
