"""dexterity view"""

import importlib.util
import secrets
import signal
import threading

from dexterity_ros.cli.output import console


def view(
    hand: str = "leap", object: str = "cube70", control: bool = False, host: str = "127.0.0.1", port: int = 8080
) -> int:
    """Show the system that runs on this machine on a web page, until Ctrl-C.

    The hand as measured, its target as a ghost, the object and its goal, the cloud and the camera's image, joints
    against their limits, currents, temperatures, states, faults. It is a process of its own that looks ten times a
    second; `dexterity demo` starts one by itself.

    Args:
        hand: name in config/hands or path of a YAML file.
        object: name in models/objects.
        control: buttons for arm, disarm and e-stop, for who enters the token that is printed.
        host: address to listen on; 0.0.0.0 shows the page to the network.
        port: of the page.
    """
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.systems.spec import NodeStart, node_parameters

    if importlib.util.find_spec("viser") is None:
        raise ConfigError("the viewer needs viser: pip install '.[viewer]'")
    try:
        from dexterity_ros.systems.processes import Processes, ros_environment
    except ImportError as error:
        raise ConfigError(f"the viewer needs ROS: pip install '.[ros]' ({error})") from error

    token = secrets.token_hex(4) if control else ""
    parameters = node_parameters("config/nodes/viewer_node.yaml", "viewer_node")
    parameters |= {"hand": hand, "object": object, "host": host, "port": port, "token": token}
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    console.print(f"look at http://{host}:{port}; Ctrl-C ends it", highlight=False)
    if control:
        console.print(f"token for the buttons: [bold]{token}[/bold]", highlight=False)
    start = NodeStart(executable="viewer_node", parameters=parameters)
    with Processes([start], ros_environment()) as processes:
        while not done.wait(0.2):
            if processes.ended():
                return 1
    return 0
