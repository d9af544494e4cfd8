"""dexterity up"""

import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro
import yaml


def up(
    system: Annotated[str, tyro.conf.Positional] = "sim", /, arg: tuple[str, ...] = (), json: Path | None = None
) -> int:
    """Start the nodes of a system and keep them running until Ctrl-C, as ros2 launch would.

    The list is config/systems/NAME.yaml, the same that launch/*.launch.py starts. When a node ends by itself, all
    are stopped, torque off first. Nothing moves before somebody arms: `dexterity arm` in another terminal, or
    ros2 service call /safety_node/prepare std_srvs/srv/Trigger, then /safety_node/arm.

    JSON keys: nodes, a list of {executable, parameters} as started.

    Args:
        system: name in config/systems or path of a YAML file.
        arg: arguments of the system as NAME:=VALUE, for instance policy:=models/policies/leap_so3.
        json: write what was started to this file.
    """
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.systems.processes import Processes, ros_environment
    from dexterity_ros.systems.spec import load_system, resolve

    spec = load_system(system)
    starts = resolve(spec, dict(_argument(text) for text in arg), {})
    write_json(json, {"nodes": [asdict(start) for start in starts]})
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    console.print(f"{spec.name}: {spec.about}. Ctrl-C stops it.")
    with Processes(starts, ros_environment()) as processes:
        while not done.wait(0.2):
            if processes.ended():
                console.print(f"[red]ended by itself[/red]: {processes.ended()}; stopping the others")
                return 1
    return 0


def _argument(text: str) -> tuple[str, object]:
    from dexterity_ros.contracts.errors import ConfigError

    name, separator, value = text.partition(":=")
    if not separator:
        raise ConfigError(f"argument {text!r} is not NAME:=VALUE")
    return name, yaml.safe_load(value)
