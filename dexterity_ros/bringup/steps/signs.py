"""Step signs: which motor moves which joint, and which way. One motor moves a little, and a person says what moved."""

from dataclasses import replace

from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.walk import CURRENT_A, Measured, Walk, unlimited
from dexterity_ros.bringup.wiring_belief import WiringBelief
from dexterity_ros.bringup.wiring_questions import TwinFolder, WiringQuestions
from dexterity_ros.contracts.robot import Wiring, Zeros


def signs(walk: Walk) -> Measured:
    """Moves one motor after another and asks what moved, until little is left to chance. Raises HandError."""
    twin = TwinFolder(walk.hand, lambda: walk.file.pictures) if walk.drawing else None
    with walk.moving(unlimited(walk.hand)) as manual:
        asking = WiringQuestions(manual, walk.person, CURRENT_A, twin)
        beliefs = asking.about_all()
    found = {walk.hand.joint_names[belief.best[0]]: (motor, belief) for motor, belief in beliefs.items()}
    wiring = Wiring(
        measured=walk.today(),
        residual_share=round(asking.contradicted / max(asking.asked, 1), 4),
        signs={name: found[name][1].best[1] for name in walk.hand.joint_names},
        motor_ids={name: walk.hand.motor_ids[found[name][0]] for name in walk.hand.joint_names},
    )
    answers = f"{asking.asked} motions, {asking.contradicted} answers contradicted"
    return Measured(
        robot=replace(walk.robot, wiring=wiring, zeros=_zeros_kept(walk, wiring)),
        said=f"{_said(walk, wiring)}; {answers}",
        tables=(_table(walk, beliefs),),
        pictures={} if twin is None else twin.files,
    )


def _zeros_kept(walk: Walk, wiring: Wiring) -> Zeros | None:
    """Returns the zeros if they still hold: they belong to these signs and these motors."""
    before = walk.robot.wiring
    same = before is not None and (before.signs, before.motor_ids) == (wiring.signs, wiring.motor_ids)
    return walk.robot.zeros if same else None


def _said(walk: Walk, wiring: Wiring) -> str:
    flipped = [name for name, sign in (wiring.signs or {}).items() if sign < 0]
    nominal = dict(zip(walk.hand.joint_names, walk.hand.motor_ids, strict=True))
    other = [f"{name} by motor {i}" for name, i in (wiring.motor_ids or {}).items() if i != nominal[name]]
    return f"flipped {', '.join(flipped) or 'none'}; exchanged {', '.join(other) or 'none'}"


def _table(walk: Walk, beliefs: dict[int, WiringBelief]) -> Table:
    rows = tuple(
        (
            str(walk.hand.motor_ids[motor]),
            walk.hand.joint_names[motor],
            walk.hand.joint_names[belief.best[0]],
            f"{belief.best[1]:+d}",
            str(len(belief.answers)),
            f"{belief.doubt:.0e}",
        )
        for motor, belief in beliefs.items()
    )
    header = ("motor", "by the hand's file", "moves", "sign", "motions", "chance of a mistake")
    return Table(title="What each motor moves", header=header, rows=rows)
