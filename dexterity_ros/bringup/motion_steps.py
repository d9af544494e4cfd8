"""Steps of an acceptance about what moves: limp, armed, home, joint by joint, inside its limits, warm."""

import numpy as np

from dexterity_ros.bringup.acceptance_rig import Rig, must, registers
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.wiring_belief import WiringBelief
from dexterity_ros.bringup.wiring_questions import WiringQuestions
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel.control_table import CURRENT_BASED_POSITION_MODE

_STILL_RAD = 0.02  # arming may let a joint settle by this much
_WARMING_C_PER_MIN = 3.0


def limp(rig: Rig) -> str:
    """Nothing is powered before somebody arms."""
    rig.manual.connect()
    sample = rig.manual.look()
    torque = registers(rig, "torque_enable")
    must(not any(torque), f"torque is on before anybody armed: {torque}")
    must(rig.ask("Move a finger by hand. Does it move freely, and is no motor powered?"), "the person said no")
    return f"no torque, joints between {sample.pos_rad.min():.2f} and {sample.pos_rad.max():.2f} rad"


def arming(rig: Rig) -> str:
    """Arming moves nothing."""
    before = rig.manual.look().pos_rad
    rig.manual.ease_to(before)
    rig.manual.hold(0.5)
    moved = float(np.abs(rig.manual.read().pos_rad - before).max())
    must(moved < _STILL_RAD, f"arming moved a joint by {moved:.3f} rad, allowed {_STILL_RAD}")
    rig.manual.let_go()
    return f"armed where it stood; moved {moved:.4f} rad"


def home(rig: Rig) -> str:
    """The hand eases to its home pose, and a person knows it as such."""
    home = np.array(rig.manual.spec.home_pos_rad)
    rig.manual.ease_to(home)
    rig.manual.hold(0.5)
    off = np.abs(rig.manual.read().pos_rad - home)
    worst = int(np.argmax(off))
    name = rig.manual.spec.joints[worst].name
    must(
        bool(off[worst] < 0.15),
        f"{name} is {off[worst]:.3f} rad from home: its zero (robot.yaml), or something is in the way",
    )
    question = "Is this its home pose, the first that `dexterity demo --policy none` eases to?"
    must(rig.ask(question), "the person said no: zeros (robot.yaml)")
    return f"home within {off[worst]:.3f} rad ({name})"


def signs(rig: Rig) -> str:
    """Moves one joint after another, before anything moves together: a person says which moved, and which way."""
    hand = rig.manual.spec
    asking = WiringQuestions(rig.manual, rig.person, hand.max_current_a, None)
    for motor in range(len(hand.joints)):
        belief = asking.about(motor)
        said = f"{_wrong(hand, motor, belief)}: `dexterity bringup signs` writes what is right into robot.yaml"
        must(belief.best == (motor, 1), said)
    return f"every joint moved by itself and the right way; {asking.asked} motions, {asking.contradicted} contradicted"


def _wrong(hand: RobotHand, motor: int, belief: WiringBelief) -> str:
    """Returns what a motor does in place of what the hand's files say."""
    joint, _ = belief.best
    said = f"motor {hand.motor_ids[motor]} moves {hand.joint_names[joint]}, the files say {hand.joint_names[motor]}"
    return said if joint != motor else f"{hand.joint_names[motor]} turns the other way, its sign in robot.yaml is wrong"


def limits(rig: Rig) -> str:
    """One joint is asked to go far beyond its limit: it makes one step, no more, towards it."""
    hand = rig.manual.spec
    far = np.array(hand.home_pos_rad)
    far[0] = 10.0
    before = rig.manual.tick(None).output
    after = rig.manual.tick(far).output
    assert before is not None and after is not None
    step = float(np.abs(after.pos_rad - before.pos_rad).max())
    must(step <= hand.max_step_rad + 1e-9, f"a wild target moved the output by {step:.3f} rad")
    inside = (after.pos_rad >= hand.lower_rad).all() and (after.pos_rad <= hand.upper_rad).all()
    must(bool(inside), "a wild target left the joint limits")
    rig.manual.let_go()
    modes = registers(rig, "operating_mode")
    must(set(modes) == {CURRENT_BASED_POSITION_MODE}, f"operating modes are {modes}")
    return f"a target of 10 rad moved the output {step:.3f} rad, inside limits; in mode 5 only the gate limits position"


def heat(rig: Rig) -> str:
    """Standing still does not warm the motors."""
    rig.manual.ease_to(np.array(rig.manual.spec.home_pos_rad))
    first = _temperature(rig)
    warned: list[Fault] = []
    rig.manual.hold(rig.hold_s, lambda tick: warned.extend(tick.faults))
    last = _temperature(rig)
    rig.manual.let_go()
    per_minute = float((last - first).max()) * 60.0 / rig.hold_s if rig.hold_s >= 30.0 else 0.0
    must(per_minute < _WARMING_C_PER_MIN, f"standing still warms a motor by {per_minute:.1f} C per minute")
    return f"held {rig.hold_s:.0f} s, warmest {last.max():.0f} C, rise {float((last - first).max()):.0f} C"


def _temperature(rig: Rig) -> Floats:
    """Returns the motors' temperatures, (n,) C, read anew. Raises HandError."""
    rig.manual.hold(0.01 * len(rig.manual.spec.joints) + 0.05)
    health = rig.manual.driver.health()
    if health is None or np.isnan(health.temperature_c).any():
        raise HandError("the motors' temperatures could not be read")
    return health.temperature_c
