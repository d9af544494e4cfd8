"""dexterity up"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from dexterity_ros.cli.options.up import UpOptions
from dexterity_ros.cli.output import console, write_json
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.runtime.ending import end_event
from dexterity_ros.systems.named_files import check_files
from dexterity_ros.systems.network import NETWORK, network_warning
from dexterity_ros.systems.processes import Processes, ros_environment
from dexterity_ros.systems.recorded import with_recorded
from dexterity_ros.systems.spec import BRINGS, SystemSpec, load_system, read_arguments, resolve
from dexterity_ros.systems.trained import object_warning

_LOOK_S = 0.02  # the others end, torque off, so soon after a node that ended by itself


def up(options: UpOptions) -> int:
    """Starts the nodes of a system and waits; status 1 when one ended by itself."""
    spec = load_system(options.system)
    arguments, network = read_typed(spec, options.arg)
    check_files(spec.values(arguments))
    starts = resolve(spec, arguments, {})
    environment = ros_environment(network=network)
    write_json(options.json, {"nodes": [asdict(start) for start in starts]})
    done = end_event()
    for warning in filter(None, (network_warning(network), object_warning(spec.values(arguments)))):
        console.print(f"[yellow]{warning}[/yellow]", highlight=False)
    with Processes(starts, environment) as processes:
        console.print(f"{spec.name}: {spec.about}. Ctrl-C stops it.")
        while not done.wait(_LOOK_S):
            if processes.ended():
                console.print(f"[red]ended by itself[/red]: {processes.ended()}; stopping the others")
                return 1
    return 0


def read_typed(spec: SystemSpec, groups: Sequence[Sequence[str]]) -> tuple[dict[str, Any], str]:
    """Returns the arguments of a system, and who may join. Raises ConfigError, BagError.

    groups: the words NAME:=VALUE behind each --arg.
    """
    if not all(groups):
        raise ConfigError("--arg has nothing behind it, expected NAME:=VALUE")
    texts = with_recorded(spec, _texts(chain(*groups)))
    arguments = read_arguments({"network": NETWORK, "brings": BRINGS} | spec.arguments, texts)
    network = str(arguments.pop("network", NETWORK.default))
    return arguments, network


def _texts(arguments: Iterable[str]) -> dict[str, str]:
    """Returns NAME:=VALUE as {NAME: VALUE}."""
    texts: dict[str, str] = {}
    for argument in arguments:
        name, separator, value = argument.partition(":=")
        if not separator:
            raise ConfigError(f"argument {shown(argument)} is not NAME:=VALUE")
        if name in texts:
            raise ConfigError(f"argument {name} is given twice: {shown(texts[name])} and {shown(value)}")
        texts[name] = value
    return texts
