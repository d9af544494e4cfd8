"""Single mistakes in a hand or its description, each as what it would do to measurements, commands and stiffness."""

import itertools
from dataclasses import dataclass

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandFile

OFFSET_RAD = np.deg2rad(5.0)
LATE_S = 0.1
WEAK = 0.5


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """kind: none, offset, zero, sign, swap, gain or delay. joints: indices. turn: +1 or -1 for offset and zero.

    offset: measured 5 degrees off, commands right. zero: measured and commanded 5 degrees off, as with a wrong zero in
    robot.yaml. sign: measured the wrong way round, about home. swap: two measurements exchanged. gain: half the
    stiffness. delay: commands come 0.1 s late.
    """

    kind: str
    joints: tuple[int, ...] = ()
    turn: int = 0

    @property
    def late_s(self) -> float:
        """How much later than nominal commands arrive."""
        return LATE_S if self.kind == "delay" else 0.0

    @property
    def weak_joint(self) -> int | None:
        """The joint with half its stiffness, if that is the mistake."""
        return self.joints[0] if self.kind == "gain" else None

    def true_joints(self, pos_rad: Floats, vel_rad_s: Floats, home_rad: Floats) -> tuple[Floats, Floats]:
        """Returns what the joints really do when this was measured; arrays (..., n)."""
        pos, vel, joints = pos_rad.copy(), vel_rad_s.copy(), list(self.joints)
        if self.kind in ("offset", "zero"):
            pos[..., joints] -= self.turn * OFFSET_RAD
        elif self.kind == "sign":
            pos[..., joints], vel[..., joints] = 2.0 * home_rad[joints] - pos[..., joints], -vel[..., joints]
        elif self.kind == "swap":
            pos[..., joints], vel[..., joints] = pos[..., joints[::-1]], vel[..., joints[::-1]]
        return pos, vel

    def true_command(self, command_rad: Floats) -> Floats:
        """Returns where the joints are really sent; arrays (..., n)."""
        if self.kind != "zero":
            return command_rad
        command = command_rad.copy()
        command[..., list(self.joints)] -= self.turn * OFFSET_RAD
        return command

    def says(self, hand: HandFile) -> str:
        """Returns the mistake in words, with where to look."""
        joints = " and ".join(f"{hand.joint_names[j]} (motor {hand.motor_ids[j]})" for j in self.joints)
        degrees = f"{self.turn * np.rad2deg(OFFSET_RAD):+.0f} degrees"
        late = f"{LATE_S * 1e3:.0f} ms"
        return {
            "none": "nothing",
            "offset": f"{joints} is measured {degrees} off, its commands are right: zero offset, slipped horn",
            "zero": f"{joints} is measured and commanded {degrees} off: zero in robot.yaml",
            "sign": f"{joints} is measured the wrong way round: sign in robot.yaml",
            "swap": f"{joints} are exchanged: motor ids, or joint order of the driver",
            "gain": f"{joints} is about half as stiff as it should be: position gain, current limit, loose gear",
            "delay": f"every joint follows its command about {late} later than it should: bus, driver, queue",
        }[self.kind]


NOTHING = Hypothesis(kind="none")


def hypotheses(joints: int) -> list[Hypothesis]:
    """Returns every single mistake for a hand with so many joints, and none, which comes first."""
    each = range(joints)
    turned = [Hypothesis(kind=kind, joints=(j,), turn=t) for kind in ("offset", "zero") for j in each for t in (1, -1)]
    single = [Hypothesis(kind=kind, joints=(j,)) for kind in ("sign", "gain") for j in each]
    swaps = [Hypothesis(kind="swap", joints=pair) for pair in itertools.combinations(each, 2)]
    return [NOTHING, Hypothesis(kind="delay"), *turned, *single, *swaps]
