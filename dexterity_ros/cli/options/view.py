"""The options of `dexterity view`."""

from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.cli.options.kinds import HandName, optional


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """Show the system that runs on this machine on a web page, until Ctrl-C.

    The hand as measured, its target as a ghost, the object and its goal, the cloud and the camera's image, joints
    against their limits, currents, temperatures, states, faults. It is a process of its own that looks ten times a
    second; `dexterity demo` starts one by itself. Its button E-STOP is for every browser that can open the page.

    Attributes:
        object: name in models/objects, or folder of your own.
        control: buttons to prepare, arm and disarm, for the one browser where the token that is printed is entered.
        host: address to listen on; 0.0.0.0 is every one. The page is not encrypted: `ssh -L` is the safer way.
        port: of the page.
        names: beside localhost, names or addresses under which other machines may ask for the page.
    """

    hand: HandName = "leap"
    object: str = "cube70"
    control: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    names: Annotated[tuple[str, ...], optional("NAME ...")] = ()
