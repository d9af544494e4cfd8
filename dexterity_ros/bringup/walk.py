"""A walk through bring-up: what its steps work with, and how they are run, one after another or alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dexterity_ros.bringup.board import BoardPlace
from dexterity_ros.bringup.manual import Clock, HandError, ManualHand
from dexterity_ros.bringup.person import Person
from dexterity_ros.bringup.robot_file import RobotFile, StepRecord, Table
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile, JointSpec
from dexterity_ros.contracts.ports import EyePort
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.contracts.robot_hand import NOMINAL_ZERO_RAD, RobotHand, as_robot
from dexterity_ros.drivers.dynamixel.bus import DynamixelBus

CURRENT_A = 0.35  # ceiling of the walk, that of the shipped policies: a weak motor lifts its finger with it
SPEED_RAD_S = 1.0  # nothing is asked to move faster: a person can take the hand away
_SWITCH_OFF_S = 30.0  # so long it is tried to switch off the torque of a hand whose cable was pulled
_AGAIN_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What comes of a step: the robot with what it measured, and what the page shows of it.

    said: one line. pictures: file to caption.
    """

    robot: RobotSpec
    said: str
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What every step works with.

    hand: as its file has it. file: the robot.yaml so far, `file.robot`. open_bus: opens the motors' port; it raises
    BusLostError. today: returns the time for `measured`. say: tells the person something. drawing: whether to draw
    pictures for the person and the page. eye: the camera, where there is one.
    board: where a printed board lies, in place of the hand for the camera to look at.
    """

    hand: HandFile
    file: RobotFile
    open_bus: Callable[[], DynamixelBus]
    clock: Clock
    person: Person
    today: Callable[[], str]
    say: Callable[[str], None]
    drawing: bool = True
    eye: EyePort | None = None
    board: BoardPlace | None = None
    asked_to_end: Callable[[], bool] = lambda: False

    @property
    def robot(self) -> RobotSpec:
        """What was measured so far."""
        return self.file.robot

    @property
    def individual(self) -> RobotHand:
        """The hand with all that was measured so far."""
        return as_robot(self.hand, self.robot)

    @contextmanager
    def moving(self, hand: RobotHand, *, current_a: float = CURRENT_A) -> Iterator[ManualHand]:
        """Yields the hand behind the gate, connected, with the walk's own current ceiling and speed.

        Torque is off afterwards, however it ends. Raises HandError; also when a motor may still have torque.
        """
        manual = ManualHand(
            hand,
            self.open_bus,
            self.clock,
            current_limit_a=min(current_a, hand.max_current_a),
            max_velocity_rad_s=min(SPEED_RAD_S, hand.max_velocity_rad_s),
            asked_to_end=self.asked_to_end,
        )
        try:
            manual.connect()
            yield manual
            manual.let_go()
        finally:
            self._take_torque(manual)

    def _take_torque(self, manual: ManualHand) -> None:
        """Switches the torque off, again and again while the cable is out. Raises HandError when it stays on."""
        end_ns = self.clock.now_ns() + round(_SWITCH_OFF_S * 1e9)
        said = False
        while not manual.take_torque():
            if self.clock.now_ns() > end_ns:
                manual.close()
                raise HandError("motors may still have torque: cut the power")
            if not said:
                self.say("the motors do not answer: plug the cable in again, or cut the power")
            said = True
            self.clock.sleep(_AGAIN_S)
        manual.close()


Step = Callable[[Walk], Measured]


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """A row of the table of steps. about: its line in a list. needs: the steps before it, by name.

    with_camera: a walk without a camera leaves it out, unless it is asked for by name. confirmed: keys of the hand's
    file without which it is not run while nobody has confirmed them.
    """

    about: str
    work: Step
    needs: tuple[str, ...] = ()
    with_camera: bool = False
    confirmed: tuple[str, ...] = ()


def run(walk: Walk, table: dict[str, StepRow], name: str = "", *, again: bool = False) -> list[str]:
    """Runs a step, or with no name all that are not finished. Returns the names of those that were run.

    Each is written as soon as it is finished. again: also those that are finished. Raises DexterityError from where a
    step ends it; what was finished before is kept.
    """
    if name and name not in table:
        raise ConfigError(f"bringup has no step {name!r}; it has {list(table)}")
    ran = []
    for step in [name] if name else table:
        if step in walk.file.records and not (again or name):
            walk.say(f"{step}: finished {walk.file.records[step].measured}; {walk.file.records[step].said}")
            continue
        if not name and table[step].with_camera and walk.eye is None:
            walk.say(f"{step}: left out, no camera was named")
            continue
        missing = [needed for needed in table[step].needs if needed not in walk.file.records]
        if missing:
            raise ConfigError(f"the step {step} needs {missing} first")
        _check_confirmed(walk.hand, step, table[step])
        measured = table[step].work(walk)
        walk.file.finish(step, measured.robot, _record(measured, walk.today()))
        walk.say(f"{step}: {measured.said}")
        ran.append(step)
    return ran


def _check_confirmed(hand: HandFile, step: str, row: StepRow) -> None:
    unknown = [key for key in row.confirmed if key in hand.unverified]
    if unknown:
        raise ConfigError(
            f"the step {step} needs somebody who has confirmed {unknown} of {hand.name}: check them, then take them "
            "off `unverified` in the hand's file"
        )


def _record(measured: Measured, today: str) -> StepRecord:
    return StepRecord(
        measured=today,
        said=measured.said,
        warnings=measured.warnings,
        tables=measured.tables,
        pictures=measured.pictures,
    )


def unlimited(hand: HandFile, robot: RobotSpec | None = None) -> RobotHand:
    """Returns a hand whose joints may turn as far as their motors do, for what must be found before limits hold.

    robot: where it is known which motor moves which joint, and which way; its zeros are not used.
    """
    turn = NOMINAL_ZERO_RAD
    joints = tuple(JointSpec(name=joint.name, lower_rad=-turn, upper_rad=turn) for joint in hand.joints)
    wide = replace(hand, joints=joints)
    if robot is None or robot.wiring is None:
        return as_robot(wide, None)
    wired = RobotSpec(name=robot.name, hand=wide.name, hand_digest=wide.digest, wiring=robot.wiring)
    return as_robot(wide, wired)
