"""dexterity hand setup"""

from collections.abc import Sequence

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.motor_setup import mend_whole_hand, set_up_motor
from dexterity_ros.cli.hand_port import hand_spec, joint_index, port_path
from dexterity_ros.cli.options.hand import HandSetupOptions
from dexterity_ros.cli.output import console
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.discovery import scan
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.drivers.open import bus_on_port
from dexterity_ros.runtime.ending import interrupt_once


def set_up(options: HandSetupOptions) -> int:
    """Stores what the hand needs: in all motors at once where they answer, else in one after another."""
    interrupt_once()
    spec = hand_spec(options)
    if options.joint:
        joint_index(spec, options.joint)
    path = port_path(options.port)
    done = None if options.joint else mend_whole_hand(spec, bus_on_port(spec, path))
    if done is None:
        _one_by_one(spec, path, (options.joint,) if options.joint else spec.joint_names)
    else:
        console.print("\n".join(done) or "every motor has stored what the hand needs", highlight=False)
    return 0


def _one_by_one(spec: RobotHand, path: str, joints: Sequence[str]) -> None:
    for name in joints:
        try:
            input(f"Connect only the motor of {name}, with power, then press Enter (Ctrl-C ends): ")
        except EOFError as error:
            raise HandError("nobody can connect motors: the input is closed; run it in a terminal") from error
        i = joint_index(spec, name)
        console.print(set_up_motor(spec, i, lambda: scan(path), lambda baud: open_native(path, baud)))
