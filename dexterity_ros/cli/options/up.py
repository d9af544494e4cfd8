"""The options of `dexterity up`."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class UpOptions:
    """Start the nodes of a system and keep them running until Ctrl-C, as ros2 launch would.

    The list is config/systems/NAME.yaml, the same that launch/*.launch.py starts. When a node ends by itself, all
    are stopped, torque off first; so they are when this command is ended or killed, or its terminal closes. Nothing
    moves before somebody arms: `dexterity arm` in another terminal, or
    ros2 service call /safety_node/prepare std_srvs/srv/Trigger, then /safety_node/arm.

    A system that plays a recording, such as replay, takes policy, hand and object from it where --arg names none.

    JSON keys:
    - nodes: a list of {executable, parameters}, as started

    Attributes:
        system: name in config/systems or path of a YAML file.
        arg: arguments of the system as NAME:=VALUE, for instance policy:=models/policies/leap_yaw; they are listed
            below, those of another system by `dexterity up SYSTEM --help`. Every system also has network:=localhost
            (only this machine may join) or lan, and brings:=TOPIC,TOPIC (what you publish).
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")] = "sim"
    arg: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, optional("NAME:=VALUE ...")] = ()
    json: JsonFile = None
