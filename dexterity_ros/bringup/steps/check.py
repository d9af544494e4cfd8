"""Step check: the hand moves as its robot.yaml says, seen once more as a whole; and what was not measured is named."""

import numpy as np

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.person import IS_IT_SO, NO, YES, Question
from dexterity_ros.bringup.prober import Prober
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.walk import CURRENT_A, Measured, Walk
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.sim.twin_picture import Twin

_OFF_RAD = 0.2  # a soft motor with the walk's current may stand so far from its goal
_SAME_ANSWERS = 2  # one more than can come of one slip
_GROUPS = {
    "wiring": "signs and ids",
    "zeros": "zeros",
    "dynamics": "identified parameters",
    "camera": "the camera's place",
    "latency": "latency",
    "supply": "the supply",
}


def check(walk: Walk) -> Measured:
    """Eases all joints home, all limits in force, and asks whether that is the home pose. Raises HandError."""
    home = np.array(walk.hand.home_pos_rad)
    picture = Twin(walk.hand).pose(home, walk.file.pictures / "home.png") if walk.drawing else None
    with walk.moving(walk.individual) as manual:
        prober = Prober(manual, CURRENT_A)
        prober.to(home)
        off = np.abs(prober.rest() - home)
    worst = int(np.argmax(off))
    name = walk.hand.joint_names[worst]
    if off[worst] > _OFF_RAD:
        raise HandError(
            f"{name} stands {off[worst]:.2f} rad from home: its zero, a weak motor, or something in the way"
        )
    text = "Does the hand stand as pictured, every finger?"
    question = Question(
        about=IS_IT_SO, text=text, choices=(YES, NO), expected=YES, picture=picture, pose_rad=walk.hand.home_pos_rad
    )
    if _answer(walk, question) == NO:
        raise HandError("the hand does not stand as pictured: run `dexterity bringup signs`, then zeros, again")
    missing = [words for group, words in _GROUPS.items() if getattr(walk.robot, group) is None]
    return Measured(
        robot=walk.robot,
        said=f"home within {off[worst]:.3f} rad ({name})"
        + (f"; not measured: {', '.join(missing)}" if missing else ""),
        warnings=tuple(f"{words} not measured: nominal" for words in missing),
        tables=(_table(walk, off),),
        pictures={} if picture is None else {str(picture): "home pose, as it should look"},
    )


def _answer(walk: Walk, question: Question) -> str:
    """Asks until an answer has been given twice."""
    answers = [walk.person.ask(question)]
    while answers.count(answers[-1]) < _SAME_ANSWERS:
        answers.append(walk.person.ask(question))
    return answers[-1]


def _table(walk: Walk, off: Floats) -> Table:
    rows = tuple((name, f"{value:.3f}") for name, value in zip(walk.hand.joint_names, off, strict=True))
    return Table(title="Distance from home", header=("joint", "rad"), rows=rows)
