"""Asks a person what each motor moves: one moves a little and lets go; the person says which joint, which way."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.bringup.person import (
    AS_PICTURED,
    NOTHING,
    OTHER_WAY,
    SEVERAL,
    WHICH_MOVED,
    WHICH_WAY,
    Person,
    Question,
)
from dexterity_ros.bringup.prober import Prober
from dexterity_ros.bringup.wiring_belief import ENOUGH, WiringBelief
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.drivers.dynamixel.motor_settings import motor_name
from dexterity_ros.sim.twin_picture import Twin

JOG_RAD = 0.25  # enough to be seen, too little to hurt
_PICTURED_RAD = 0.5
_SEEN_SHARE = 0.4  # of a jog: less, and something is in the way
_MOST_ANSWERS = 10  # about one motor
_ROUNDS = 3  # of asking again about motors that are said to move the same joint


class WiringQuestions:
    """Moves motors and asks about them. asked, contradicted: answers so far, and those that proved wrong.

    A motor goes by its joint in the hand's file. Signs are relative to those of the hand that is moved.
    """

    def __init__(self, manual: ManualHand, person: Person, current_a: float, twin: "TwinFolder | None") -> None:
        """current_a: ceiling of each motor. twin: where pictures of what should move are drawn; None: nowhere."""
        self._manual, self._person, self._current_a, self._twin = manual, person, current_a, twin
        self._hand = manual.spec
        self._n = len(self._hand.joints)
        self._way = np.ones(self._n)
        self.asked = self.contradicted = 0

    def about_all(self) -> dict[int, WiringBelief]:
        """Returns what is believed of every motor; each joint has one of them. Raises HandError."""
        beliefs = {motor: self.about(motor) for motor in range(self._n)}
        for _ in range(_ROUNDS):
            same = _named_twice(beliefs)
            if not same:
                return beliefs
            beliefs |= {motor: self.about(motor) for motor in same}
        ids = [self._hand.motor_ids[motor] for motor in _named_twice(beliefs)]
        raise HandError(f"motors {ids} are said to move the same joint, again and again: look again")

    def about(self, motor: int) -> WiringBelief:
        """Asks about one motor until it is clear what it moves. Raises HandError when it does not become clear."""
        belief = WiringBelief(self._n, motor)
        while belief.doubt > ENOUGH:
            if len(belief.answers) >= _MOST_ANSWERS:
                said = f"{_MOST_ANSWERS} answers about motor {self._hand.motor_ids[motor]} contradict each other"
                raise HandError(f"{said}: nothing was written; run the step again")
            belief.hear(*self._once(motor))
            self.asked += 1
        self.contradicted += belief.contradicted
        return belief

    def _once(self, motor: int) -> tuple[int | None, int]:
        """Moves a motor once. Returns the joint that moved (None: nothing, or several), and with which sign."""
        self._person.watch()
        way = self._jog(motor)
        expected = self._hand.joint_names[motor]
        text = f"Motor {self._hand.motor_ids[motor]} moved; the hand's file says {expected}. What moved?"
        choices = (*self._hand.joint_names, NOTHING, SEVERAL)
        which = self._ask(WHICH_MOVED, text, choices, expected, expected)
        if which in (NOTHING, SEVERAL):
            return None, 1
        ways = (AS_PICTURED, OTHER_WAY)
        seen = self._ask(WHICH_WAY, f"Which way did {which} move?", ways, which, ways[0 if way > 0.0 else 1])
        return self._hand.joint_names.index(which), round(way if seen == AS_PICTURED else -way)

    def _ask(self, about: str, text: str, choices: tuple[str, ...], joint: str, expected: str) -> str:
        picture = None if self._twin is None else self._twin.of(joint)
        return self._person.ask(
            Question(about=about, text=text, choices=choices, joint=joint, expected=expected, picture=picture)
        )

    def _jog(self, motor: int) -> float:
        """Moves one motor by a little, to and fro in turns, and lets go. Returns the direction, 1 or -1."""
        for _ in range(2):
            way = self._turned(motor)
            prober = Prober(self._manual, self._current_a)
            before = prober.rest()
            prober.to(before + way * JOG_RAD * (np.arange(self._n) == motor))
            moved = way * (prober.rest() - before)[motor]
            self._manual.let_go()
            if moved > _SEEN_SHARE * JOG_RAD:
                return way
        name = motor_name(self._hand, motor)
        raise HandError(f"{name} moved by {moved:.2f} of {JOG_RAD} rad, both ways: wiring, or something is in the way")

    def _turned(self, motor: int) -> float:
        """Returns the direction of the next motion of a motor: to and fro, where its joint has room."""
        joint, at = self._hand.joints[motor], self._manual.look().pos_rad[motor]
        way = self._way[motor]
        if not joint.lower_rad <= at + way * JOG_RAD <= joint.upper_rad:
            way = -way
        self._way[motor] = -way
        return float(way)


class TwinFolder:
    """Pictures of the twin, drawn when they are asked for. files: each with its caption."""

    def __init__(self, hand: HandSpec, folder: Callable[[], Path]) -> None:
        """folder: returns where they go."""
        self._twin, self._folder = Twin(hand), folder
        self.files: dict[str, str] = {}

    def of(self, joint: str) -> Path:
        """Returns the picture of a joint that moves its positive way."""
        file = self._folder() / f"{joint}.png"
        if str(file) not in self.files:
            self._twin.motion(joint, _PICTURED_RAD, file)
            self.files[str(file)] = f"{joint}: home, and {_PICTURED_RAD} rad further"
        return file


def _named_twice(beliefs: dict[int, WiringBelief]) -> list[int]:
    """Returns the motors that are believed to move a joint that another moves, too."""
    count = Counter(belief.best[0] for belief in beliefs.values())
    return [motor for motor, belief in beliefs.items() if count[belief.best[0]] > 1]
