"""dexterity view"""

import importlib.util

from dexterity_ros.cli.output import console


def view(
    hand: str = "leap",
    object: str = "cube70",
    control: bool = False,
    host: str = "127.0.0.1",
    port: int = 8080,
    names: tuple[str, ...] = (),
) -> int:
    """Show the system that runs on this machine on a web page, until Ctrl-C.

    The hand as measured, its target as a ghost, the object and its goal, the cloud and the camera's image, joints
    against their limits, currents, temperatures, states, faults. It is a process of its own that looks ten times a
    second; `dexterity demo` starts one by itself. Its button E-STOP is for every browser that can open the page.

    Args:
        hand: name in config/hands or path of a YAML file.
        object: name in models/objects.
        control: buttons to prepare, arm and disarm, for the one browser where the token that is printed is entered.
        host: address to listen on; 0.0.0.0 is every one. The page is not encrypted: `ssh -L` is the safer way.
        port: of the page.
        names: beside localhost, names or addresses under which other machines may ask for the page.
    """
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.runtime.ending import end_event
    from dexterity_ros.systems.spec import NodeStart, node_parameters

    if importlib.util.find_spec("viser") is None:
        raise ConfigError("the viewer needs viser: pip install '.[viewer]'")
    try:
        from dexterity_ros.systems.processes import Processes, ros_environment
    except ImportError as error:
        raise ConfigError(f"the viewer needs ROS: pip install '.[ros]' ({error})") from error

    parameters = node_parameters("config/nodes/viewer_node.yaml", "viewer_node")
    parameters |= {"hand": hand, "object": object, "host": host, "port": port, "control": control}
    parameters["names"] = " ".join(names)
    done = end_event()
    console.print("the page's address, and the token with --control, follow; Ctrl-C ends it", highlight=False)
    start = NodeStart(executable="viewer_node", parameters=parameters)
    with Processes([start], ros_environment()) as processes:
        while not done.wait(0.2):
            if processes.ended():
                return 1
    return 0
