"""dexterity up"""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated

import tyro


def up(
    system: Annotated[str, tyro.conf.Positional] = "sim",
    /,
    arg: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction] = (),
    json: Path | None = None,
) -> int:
    """Start the nodes of a system and keep them running until Ctrl-C, as ros2 launch would.

    The list is config/systems/NAME.yaml, the same that launch/*.launch.py starts. When a node ends by itself, all
    are stopped, torque off first; so they are when this command is ended or killed, or its terminal closes. Nothing
    moves before somebody arms: `dexterity arm` in another terminal, or
    ros2 service call /safety_node/prepare std_srvs/srv/Trigger, then /safety_node/arm.

    JSON keys: nodes, a list of {executable, parameters} as started.

    Args:
        system: name in config/systems or path of a YAML file.
        arg: arguments of the system as NAME:=VALUE, for instance policy:=models/policies/leap_so3. Every system also
            has network:=localhost (only this machine may join) or lan.
        json: write what was started to this file.
    """
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.runtime.ending import end_event
    from dexterity_ros.systems.network import NETWORK, network_warning
    from dexterity_ros.systems.processes import Processes, ros_environment
    from dexterity_ros.systems.spec import BRINGS, load_system, read_arguments, resolve

    spec = load_system(system)
    arguments = read_arguments({"network": NETWORK, "brings": BRINGS} | spec.arguments, _texts(chain(*arg)))
    network = arguments.pop("network", NETWORK.default)
    environment = ros_environment(network=network)
    starts = resolve(spec, arguments, {})
    write_json(json, {"nodes": [asdict(start) for start in starts]})
    done = end_event()
    if warning := network_warning(network):
        console.print(f"[yellow]{warning}[/yellow]", highlight=False)
    with Processes(starts, environment) as processes:
        console.print(f"{spec.name}: {spec.about}. Ctrl-C stops it.")
        while not done.wait(0.2):
            if processes.ended():
                console.print(f"[red]ended by itself[/red]: {processes.ended()}; stopping the others")
                return 1
    return 0


def _texts(arguments: Iterable[str]) -> dict[str, str]:
    """Returns NAME:=VALUE as {NAME: VALUE}."""
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.ranges import shown

    texts: dict[str, str] = {}
    for argument in arguments:
        name, separator, value = argument.partition(":=")
        if not separator:
            raise ConfigError(f"argument {shown(argument)} is not NAME:=VALUE")
        if name in texts:
            raise ConfigError(f"argument {name} is given twice: {shown(texts[name])} and {shown(value)}")
        texts[name] = value
    return texts
